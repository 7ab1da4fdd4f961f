"""Couplets over HTTP: as JSON, and on the page."""

import re
from urllib.parse import urlencode

import aiohttp
import pytest
from lianju.bot.engine import LocalEngine
from lianju.bot.settings import Settings
from lianju.bot.verse import Couplet, Request, Rerank, open_composer
from lianju.bot.web.server import configure

from ..verse.couplets import couplet_composer
from .served import serving

LINE = "春花夜月"


@pytest.fixture
async def client(bundle):
    engine = LocalEngine(
        open_composer(bundle, "cpu", 1),
        open_again=None,
        open_couplets=lambda poems: couplet_composer(),
    )
    async with (
        serving(configure(engine, Settings(web_rate=0))) as address,
        aiohttp.ClientSession(address) as session,
    ):
        yield session
    await engine.close()


@pytest.fixture
def found():
    def find(line=LINE, *, upper=False, **options):
        composer = couplet_composer()
        request = Request(line, Couplet(upper), Rerank(), **options)
        answer = composer.compose_now(request)
        composer.close()
        return [each.text for each in answer.candidates]

    return find


@pytest.mark.parametrize("upper", [False, True])
async def test_service_answers_couplets(upper, client, found):
    body = {"line": LINE, "form": "couplet", "upper": upper, "count": 3}
    async with client.post("/v1/compose", json=body) as response:
        assert response.status == 200
        content = await response.json()
    assert [each["text"] for each in content["candidates"]] == found(upper=upper, count=3)
    assert content["bundle"]["name"] == "table"
    assert content["form"]["upper"] is upper
    async with client.post("/v1/compose", json=content["request"]) as response:
        again = await response.json()
    assert again["candidates"] == content["candidates"]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"line": "spring wind", "form": "couplet"}, "prompt-not-chinese"),
        ({"line": "春花月", "form": "couplet"}, "prompt-couplet-size"),
        ({"line": "春花三，月水", "form": "couplet"}, "prompt-couplet-uneven"),
        ({"line": LINE, "upper": True}, "request-upper-alone"),
        ({"line": LINE, "form": "couplet", "rhyme": "东"}, "request-couplet-rhyme"),
        ({"line": LINE, "form": "couplet", "mode": "plain"}, "request-plain"),
        ({"heads": "春夏", "form": "couplet"}, "request-heads-couplet"),
        ({"line": LINE, "form": "couplet", "upper": "yes"}, "api-field"),
    ],
)
async def test_service_refuses_with_a_sentence(body, key, client):
    async with client.post("/v1/compose", json=body) as response:
        assert response.status == 422
        error = (await response.json())["error"]
    assert error["key"] == key
    assert error["message"]


async def verses(client, **query):
    """The verses of a page, without its markup."""
    async with client.get(f"/?{urlencode(query)}") as response:
        assert response.status == 200
        page = await response.text()
    texts = re.findall(r'<p class="verse"[^>]*>(.*?)</p>', page, re.DOTALL)
    return [re.sub(r"<[^>]*>|\s", "", text) for text in texts]


async def test_page_sets_both_lines_in_their_order(client, found):
    lower = await verses(client, line=LINE, form="couplet")
    assert lower == [f"{LINE}，{answer}。" for answer in found()]
    upper = await verses(client, line=LINE, form="couplet", upper="true")
    assert upper == [f"{answer}，{LINE}。" for answer in found(upper=True)]
    halves = await verses(client, line="天天，夜夜", form="couplet")
    assert halves == [f"天天，夜夜；{answer}。" for answer in found("天天，夜夜")]


async def test_page_marks_the_given_line(client):
    async with client.get(
        f"/?{urlencode({'line': LINE, 'form': 'couplet', 'upper': 'true'})}"
    ) as r:
        page = await r.text()
    given = re.findall(r'<span class="line given">([^<]*)<', page)
    assert given == [LINE] * 5


async def test_form_offers_couplets(client):
    async with client.get("/") as response:
        page = await response.text()
    for value in ("couplet", "couplet-upper"):
        assert f'<option value="{value}">' in page
    fields = {"line": LINE, "form": "couplet-upper"}
    async with client.post("/", data=fields, allow_redirects=False) as response:
        assert response.status == 303
        assert "form=couplet&upper=true" in response.headers["Location"]
