"""The page in a real browser: for everybody, whatever they use, and against attacks."""

import re

import pytest
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.verse import Poem, Request, Rerank

from .browser import CHROMIUM, ask, direction, query, shown
from .site import site

expect = pytest.importorskip("playwright.sync_api", reason="needs Playwright").expect
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

LINE = "黄河远上白云间"
FIVE = "床前明月光"
HEADS = "黄河远上"
PHONE = {"width": 360, "height": 740}
STATES = {
    "first visit": "",
    "next line": f"?line={LINE}&known=allow",
    "vertical": f"?line={LINE}&layout=vertical",
    "quatrain": f"?line={FIVE}&form=jueju&rules=free",
    "eight lines": f"?line={FIVE}&form=lushi&rules=free",
    "eight vertical lines": f"?line={FIVE}&form=lushi&rules=free&layout=vertical",
    "acrostic": f"?heads={HEADS}&layout=vertical",
    "long": f"?line={LINE * 9}",
    "long and vertical": f"?line={LINE * 9}&layout=vertical",
    "refused": f"?line={LINE}&rhyme={'<>' * 100}",
}

with_and_without_script = pytest.mark.parametrize("script", [True, False], ids=["script", "none"])


# --- for everybody ---


@pytest.mark.parametrize("path", STATES.values(), ids=STATES)
def test_a_phone_need_not_scroll_sideways_and_axe_finds_nothing_serious(visit, path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # axe is put into the page as an inline script.
    page = visit(path, bypass_csp=True, viewport=PHONE).page
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    ends = "all => all.map(each => each.getBoundingClientRect().right)"
    shown_parts = page.locator(".answers > li, input:visible, select, button:visible")
    assert max(shown_parts.evaluate_all(ends)) <= PHONE["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert [
            (rule["id"], [node["html"] for node in rule["nodes"]])
            for rule in axe.run(page).response["violations"]
            if rule["impact"] in ("serious", "critical")
        ] == []


def test_everything_can_be_done_from_the_keyboard(visit, lines):
    page = visit().page
    press = page.keyboard.press

    def focused(attribute="id"):
        return page.evaluate(f"document.activeElement.getAttribute('{attribute}')")

    def tab_to(text):
        for _ in range(40):
            press("Tab")
            if text in page.evaluate("document.activeElement.textContent"):
                return
        raise AssertionError(f"no way to {text}")

    press("Tab")
    assert focused("class") == "skip"
    expect(page.locator(".skip")).to_be_in_viewport()
    while focused() != "line":
        press("Tab")
    page.keyboard.type(FIVE)
    tab_to("More options")
    press("Enter")
    press("Tab")
    assert focused() == "form"
    page.keyboard.type("quatrain")
    while focused() != "rules":
        press("Tab")
    page.keyboard.type("neither")
    press("Shift+Tab")
    press("Enter")
    expect(page.locator(".answers")).to_be_visible()
    assert focused() == "heading"
    expected = {"form": Poem("jueju"), "rules": "free"}
    assert shown(page) == lines(Request(FIVE, search=Rerank(0), **expected))
    tab_to("vertical")
    press("Enter")
    assert direction(page) == "vertical-rl"
    tab_to("Another batch")
    press("Enter")
    expect(page).to_have_url(re.compile("seed="))
    assert focused() == "heading"
    seed = int(query(page)["seed"])
    assert shown(page) == lines(Request(FIVE, search=Rerank(seed), **expected))


@pytest.mark.parametrize("path", [STATES["first visit"], STATES["next line"]])
def test_what_has_the_focus_shows_it(visit, path):
    page = visit(path).page
    count = page.locator("a, button:visible, input:visible, select:visible, summary").count()
    for _ in range(count):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return [style.outlineStyle, parseFloat(style.outlineWidth)];
            }"""
        )
        assert style[0] != "none"
        assert style[1] >= 2


def test_screen_readers_hear_of_answers(visit):
    page = visit().page
    ask(page, LINE)
    assert page.evaluate("document.activeElement.id") == "heading"
    heading = page.get_by_role("heading", level=2)
    expect(heading).to_have_accessible_name(re.compile(f"^5 answers.*{LINE}$"))
    items = page.get_by_role("list").filter(has=page.locator(".verse")).get_by_role("listitem")
    assert items.count() == 5


@pytest.mark.parametrize(("language", "script"), [("en", True), ("zh-CN", True), ("zh-TW", False)])
def test_the_language_is_the_browsers_until_another_is_chosen(visit, language, script):
    page = visit(f"?line={LINE}", locale=language, java_script_enabled=script).page
    text = Localizer(language).format
    assert (
        page.locator("html").get_attribute("lang")
        == {
            "en": "en",
            "zh-CN": "zh-Hans",
            "zh-TW": "zh-Hant",
        }[language]
    )
    expect(page.get_by_role("link", name=text("answer-again"))).to_be_visible()
    answers = shown(page)
    for other, name in LANGUAGES.items():
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(f"lang={other}"))
        button = page.get_by_role("button", name=Localizer(other).format("web-ask"), exact=True)
        expect(button).to_be_visible()
        assert shown(page) == answers
    button.click()
    expect(page).to_have_url(re.compile(f"lang={other}"))


# --- against attacks ---

MARKUP = (
    "\"'></title></option></select><script>alert(1)</script><img src=x onerror=alert(1)>"
    "<svg onload=alert(1)>{{ 7 * 7 }}"
)


@pytest.mark.parametrize("name", ["line", "rhyme", "seed"])
def test_markup_is_shown_as_text(visit, name):
    page = visit().page
    page.locator(".more summary").click()
    page.locator("#line").fill(LINE)
    page.locator(f"#{name}").fill(MARKUP)
    page.locator("#line").press("Enter")
    expect(page.locator(".error")).to_be_visible()
    page.goto(page.url)  # as whoever is sent the link
    assert query(page)[name] == MARKUP
    assert page.locator(f"#{name}").input_value() == MARKUP
    assert page.locator("img, svg, script:not([src])").count() == 0


def test_scripts_in_the_page_would_not_run(visit):
    tab = visit()
    tab.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<a id=x onclick='window.ran = 1'>x</a>");
            document.querySelector("#x").click();
        }"""
    )
    assert tab.page.evaluate("window.ran") is None
    assert all("Content Security Policy" in fault for fault in tab.faults)
    tab.faults.clear()


# --- behind a proxy ---


@with_and_without_script
def test_it_works_below_a_path(page_bundle, visit, script):
    with site(page_bundle, below="/verse") as address:
        tab = visit(at=address, java_script_enabled=script)
        ask(tab.page, LINE)
        assert len(shown(tab.page)) == 5
        tab.page.get_by_role("link", name="繁體中文").click()
        expect(tab.page.locator("html" if not script else "main")).to_be_visible()
        expect(tab.page).to_have_url(re.compile("/verse/.*lang=zh-TW"))
        body = tab.page.locator("body").evaluate("b => getComputedStyle(b).maxWidth")
        assert body != "none"  # the style is there
