"""The page over HTTP, without a browser."""

import asyncio
import re
from dataclasses import fields
from html.parser import HTMLParser
from urllib.parse import urlencode

import aiohttp
import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.settings import Settings
from lianju.bot.verse import Request, Rerank
from lianju.bot.web.query import Query
from lianju.bot.web.server import configure

from .served import Watched, serving

LINE = "黄河远上白云间"
TAGS = {"en": "en", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant"}


@pytest.fixture
async def engine(page_bundle):
    engine = open_local_engine(page_bundle, "cpu", 1)
    yield Watched(engine)
    await engine.close()


@pytest.fixture
def settings():
    """The operator's settings that are not the default."""
    return {"web_rate": 0}


@pytest.fixture
async def client(engine, settings):
    config = configure(engine, Settings(**settings))
    async with serving(config) as address, aiohttp.ClientSession(address) as session:
        yield session


class Document(HTMLParser):
    """What a test wants to know of a page.

    Attributes:
        language: The language of the document.
        verses: The text of each answer.
        values: What each field of the form holds, by its name.
        links: The address of each link, by its text.
        error: What is wrong, if anything.
        title: The title.
    """

    def __init__(self, source):
        super().__init__()
        self.language, self.title, self.error = None, "", ""
        self.verses, self.values, self.links = [], {}, {}
        self._path, self._select = [], None
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        match tag:
            case "html":
                self.language = given["lang"]
            case "form":
                self._is_ask = given.get("id") == "ask"  # and not one for a picture
            case "input" if self._is_ask and (given["type"] != "checkbox" or "checked" in given):
                self.values[given["name"]] = given.get("value", "on")
            case "select":
                self._select = given["name"]
            case "option" if "selected" in given:
                self.values[self._select] = given["value"]
        if "data-copy" in given:
            self.verses.append(given["data-copy"])
        if tag not in ("meta", "link", "input"):
            self._path.append((tag, given))

    def handle_endtag(self, tag):
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, text):
        for tag, given in self._path:
            if tag == "a":
                self.links[text.strip()] = given["href"]
            if tag == "title":
                self.title += text
            if given.get("class") == "error":
                self.error += text


async def get(client, status=200, headers=None, **query):
    async with client.get("/", params=query, headers=headers) as response:
        text = await response.text()
        assert response.status == status, text
        return Document(text)


async def candidates(engine, request):
    answer = await engine.compose(request, 60)
    return [candidate.text for candidate in answer.candidates]


async def test_an_address_shows_five_answers(client, engine):
    document = await get(client, line=LINE)
    expected = await candidates(engine, Request(LINE, search=Rerank(0)))
    assert document.verses == [f"{LINE}，{line}。" for line in expected]
    assert len(document.verses) == 5
    assert document.values["line"] == LINE


async def test_each_answer_has_its_score(client, engine):
    answer = await engine.compose(Request(LINE, search=Rerank(0)), 60)
    async with client.get("/", params={"line": LINE}) as response:
        page = await response.text()
    for each in answer.candidates:
        score, log_prob = f"{each.score:.4f}", f"{each.log_prob:.4f}"
        assert score != log_prob
        assert f"score {score} · log-probability {log_prob} · " in page


async def test_another_batch_is_another_address_with_other_answers(client, engine):
    document = await get(client, line=LINE, rules="loose")
    another = document.links["Another batch"]
    seed = re.fullmatch(r"\?line=.*&rules=loose&seed=(\d+)", another)[1]
    again = await get(client, line=LINE, rules="loose", seed=seed)
    assert again.verses != document.verses
    assert again.values["seed"] == seed
    assert (await get(client, line=LINE, rules="loose", seed=seed)).verses == again.verses


async def test_the_form_leads_to_the_address_that_shows_the_same(client):
    values = {"line": LINE, "form": "jueju", "rhyme": "", "rules": "strict", "script": "auto"}
    values |= {"seed": "7", "layout": "vertical", "lang": "zh-TW"}
    async with client.post("/", data=values, allow_redirects=False) as response:
        assert response.status == 303
        query = {"line": LINE, "form": "jueju", "seed": "7", "layout": "vertical", "lang": "zh-TW"}
        assert response.headers["Location"] == f"?{urlencode(query)}"
    async with client.post("/", data=values) as response:
        assert response.status == 200
        shown = Document(await response.text())
    assert {name: value for name, value in shown.values.items() if value} == {
        name: value for name, value in values.items() if value
    }


async def test_a_poem_is_copied_with_a_couplet_a_line(client):
    (verse, *_) = (await get(client, line="床前明月光", form="jueju", rules="free")).verses
    assert re.fullmatch(r"床前明月光，\w{5}。\n\w{5}，\w{5}。", verse)


async def test_an_acrostic(client):
    document = await get(client, heads="黄河远上", chars="5")
    assert len(document.verses) == 5
    for verse in document.verses:
        assert [line[0] for line in re.split(r"[，。\n]+", verse) if line] == list("黄河远上")
    assert document.values["line"] == "黄河远上"
    assert document.values["form"] == "acrostic-5"


# --- what is refused ---


@pytest.mark.parametrize(
    ("query", "key", "facts"),
    [
        ({"line": ""}, "prompt-empty", {}),
        ({"line": "to be or not to be"}, "prompt-not-chinese", {}),
        ({"line": "河" * 65}, "prompt-characters", {"size": 65, "most": 64}),
        ({"line": "河，" * 8}, "prompt-lines", {"lines": 8, "most": 7}),
        (
            {"line": LINE, "seed": "-1"},
            "request-range",
            {"name": "seed", "value": "-1", "low": 0, "high": 2**32 - 1},
        ),
        ({"heads": "黄"}, "request-heads", {"low": 2, "high": 8, "heads": 1}),
        (
            {"line": LINE, "form": "sonnet"},
            "unknown-choice",
            {"value": "sonnet", "choices": "next, jueju, lushi, couplet"},
        ),
        ({"lang": "de"}, "unknown-choice", {"value": "de", "choices": "en, zh-CN, zh-TW"}),
    ],
)
async def test_an_error_is_in_the_page_beside_what_was_written(client, query, key, facts):
    document = await get(client, 422, **query)
    assert document.error == Localizer("en").format(key, **facts)
    assert document.error in document.title
    assert document.verses == []
    assert document.values["line"] == (query.get("line") or query.get("heads") or "")


async def test_what_is_too_long_for_an_address_is_answered_at_once(client):
    line = "河" * 1500
    async with client.post("/", data={"line": line}, allow_redirects=False) as response:
        assert response.status == 422
        assert Document(await response.text()).values["line"] == line


async def test_a_form_that_is_far_too_long_is_not_read(client):
    async with client.post("/", data={"line": "a" * 17_000}) as response:
        assert response.status == 413
        document = Document(await response.text())
    assert document.error
    assert document.values["line"] == ""


async def test_only_forms_can_be_posted(client):
    async with client.post("/", json={"line": LINE}) as response:
        assert response.status == 415
        assert Document(await response.text()).error


@pytest.mark.parametrize("settings", [{"web_rate": 2}])
async def test_an_address_that_asks_too_often_has_to_wait(client):
    for seed in "12":
        await get(client, line=LINE, seed=seed)
    forwarded = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    for headers in ({}, forwarded):  # which anybody can send
        async with client.get("/", params={"line": LINE}, headers=headers) as response:
            assert response.status == 429
            assert 0 < int(response.headers["Retry-After"]) <= 60
            document = Document(await response.text())
    assert document.values["line"] == LINE
    assert document.error
    await get(client)  # what asks for nothing is not counted


@pytest.mark.parametrize("settings", [{"web_rate": 1, "web_proxies": "127.0.0.1, 10.0.0.0/8"}])
async def test_behind_a_proxy_each_visitor_has_a_limit(client):
    for visitor in ("198.51.100.7", "198.51.100.8"):
        # What a visitor claims comes before what the proxies found.
        headers = {"X-Forwarded-For": f"203.0.113.1, {visitor}, 10.1.2.3"}
        await get(client, 200, headers, line=LINE)
        headers = {"X-Forwarded-For": f"203.0.113.2, {visitor}, 10.1.2.3"}
        await get(client, 429, headers, line=LINE)


@pytest.mark.parametrize("settings", [{"web_rate": 1}])
async def test_what_the_page_itself_refuses_is_not_counted(client):
    await get(client, 422, line=LINE, seed="-1")
    await get(client, line=LINE)


async def test_a_failure_is_in_the_page_and_its_text_is_not_in_the_log(client, monkeypatch, caplog):
    async def fail(*_):
        raise RuntimeError(LINE)

    monkeypatch.setattr(Watched, "compose", fail)
    caplog.set_level("INFO")
    document = await get(client, 500, line=LINE)
    incident = re.search(r"[0-9a-f]{8}", document.error)[0]
    assert incident in caplog.text
    assert LINE not in caplog.text


async def test_what_is_written_is_not_logged(client, caplog):
    caplog.set_level("INFO")
    await get(client, line=LINE)
    assert "route=/ status=200" in caplog.text
    assert LINE not in caplog.text


async def test_a_visitor_who_leaves_cancels_the_search(client, engine, held):
    asking = asyncio.create_task(client.get("/", params={"line": LINE}))
    await held.begun.wait()
    asking.cancel()
    await engine.cancelled.wait()


# --- languages ---


@pytest.mark.parametrize(
    ("lang", "header", "language"),
    [
        (None, "zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        (None, "zh-Hans-SG", "zh-CN"),
        (None, "de, fr;q=0.5", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("en", "zh-TW", "en"),
    ],
)
async def test_the_language_is_the_chosen_one_or_the_browsers(client, lang, header, language):
    query = {"line": LINE} | ({"lang": lang} if lang else {})
    async with client.get("/", params=query, headers={"Accept-Language": header}) as response:
        assert response.headers["Content-Language"] == language
        assert "Accept-Language" in response.headers["Vary"]
        document = Document(await response.text())
    assert document.language == TAGS[language]
    for other, name in LANGUAGES.items():
        chosen = {"line": LINE, "lang": other}
        assert document.links[name] == f"?{urlencode(chosen)}"
    # Whoever is given the link reads the page in another language.
    assert document.links[Localizer(language).format("web-link")] == f"?{urlencode({'line': LINE})}"


# --- headers ---


async def test_nothing_but_the_pages_own_files_may_run(client):
    async with client.get("/", params={"line": LINE}) as response:
        headers, text = response.headers, await response.text()
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers
    assert not re.search(r"""\sstyle=|\son\w+=|<style|<script(?! src=)|https?://""", text)


async def test_pages_with_answers_are_kept_from_search_engines(client):
    async with client.get("/", params={"line": LINE}) as response:
        assert "noindex" in response.headers["X-Robots-Tag"]
    async with client.get("/") as response:
        assert "X-Robots-Tag" not in response.headers
    async with client.get("/robots.txt") as response:
        assert "Disallow: /*?" in await response.text()


async def test_files_are_kept_for_as_long_as_they_are_the_same(client):
    async with client.get("/") as response:
        paths = re.findall(r'(?:href|src)="(static/[^"]+)"', await response.text())
    assert {path.rsplit(".", 1)[1] for path in paths} == {"css", "js", "svg"}
    for path in paths:
        async with client.get(f"/{path}") as response:
            assert response.status == 200
            assert "immutable" in response.headers["Cache-Control"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        renamed = re.sub(r"\.[0-9a-f]{12}\.", ".0123456789ab.", path)
        async with client.get(f"/{renamed}") as response:
            assert response.status == 404
            assert "Cache-Control" not in response.headers
    async with client.get("/static/..%2Fpage.py") as response:
        assert response.status == 404


async def test_a_page_is_not_kept(client):
    async with client.get("/", params={"line": LINE}) as response:
        assert response.headers["Cache-Control"] == "private, no-cache"


async def test_the_host_that_a_client_names_is_nowhere_in_the_page(client):
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    async with client.get("/", params={"line": LINE}, headers=headers) as response:
        assert "evil.example" not in await response.text()
    posting = client.post("/", data={"line": LINE}, headers=headers, allow_redirects=False)
    async with posting as response:
        assert "evil.example" not in response.headers["Location"]


ATTACK = """"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7777777}}"""


@pytest.mark.parametrize("name", [field.name for field in fields(Query)])
async def test_markup_in_a_parameter_is_text(client, name):
    query = {"line": LINE} | {name: ATTACK}
    async with client.get("/", params=query) as response:
        text = await response.text()
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "54444439" not in text
