"""The page in a real browser: from a line to its answers, and how they are set."""

import re
from itertools import pairwise

import pytest
from lianju.bot.i18n import Localizer
from lianju.bot.verse import Acrostic, Poem, Request, Rerank

from .browser import CHROMIUM, ask, direction, query, shown

expect = pytest.importorskip("playwright.sync_api", reason="needs Playwright").expect
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

LINE, ORIGINAL = "黄河远上白云间", "羌笛何须怨杨柳"
FIVE = "床前明月光"
HEADS = "黄河远上"

with_and_without_script = pytest.mark.parametrize("script", [True, False], ids=["script", "none"])


# --- from a line to its answers ---


@with_and_without_script
def test_a_line_gets_five_answers_and_an_address(visit, lines, script):
    page = visit(java_script_enabled=script).page
    ask(page, LINE)
    expected = lines(Request(LINE, search=Rerank(0)))
    assert shown(page) == expected
    assert len(expected) == 5
    assert shown(page, given=True) == [[LINE]] * 5
    assert query(page) == {"line": LINE}


@with_and_without_script
def test_options_are_under_more(visit, lines, script):
    page = visit(java_script_enabled=script).page
    page.get_by_text("More options").click()
    page.get_by_label("Form", exact=True).select_option("jueju")
    page.get_by_label("Tones and rhyme").select_option("loose")
    page.get_by_label("Characters", exact=True).select_option("traditional")
    page.get_by_label("Rhyme", exact=True).fill("东")
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Lines that poets wrote may be answers").check()
    ask(page, FIVE)
    options = {"script": "traditional", "rhyme": "东", "rules": "loose", "known": "allow"}
    assert shown(page) == lines(Request(FIVE, Poem("jueju"), Rerank(7), **options))
    assert query(page) == {"line": FIVE, "form": "jueju", "seed": "7", **options}
    chosen = (
        "quatrain (绝句) · rhyme 东 · loose rules · traditional · lines from the corpus are allowed"
    )
    expect(page.locator(".more summary")).to_have_text(f"More options · {chosen}")
    assert page.get_by_label("Seed").input_value() == "7"
    assert page.locator(".answers .verse").first.get_attribute("lang") == "zh-Hant"


@with_and_without_script
def test_an_acrostic_takes_its_first_characters_in_the_same_field(visit, lines, script):
    page = visit(java_script_enabled=script).page
    page.get_by_text("More options").click()
    page.get_by_label("Form", exact=True).select_option("acrostic-5")
    page.get_by_label("The first characters of the lines").fill(HEADS)
    page.keyboard.press("Enter")
    expect(page.locator(".answers")).to_be_visible()
    assert shown(page) == lines(Request(HEADS, Acrostic(5), Rerank(0)))
    assert query(page) == {"heads": HEADS, "chars": "5"}
    assert page.locator(".answers b").all_text_contents() == list(HEADS) * 5


@with_and_without_script
def test_another_batch(visit, lines, script):
    page = visit(f"?line={LINE}", java_script_enabled=script).page
    first = shown(page)
    page.get_by_text("Another batch").click()
    expect(page).to_have_url(re.compile("seed="))
    expect(page.locator(".method summary")).to_contain_text(f"seed {query(page)['seed']}")
    assert shown(page) == lines(Request(LINE, search=Rerank(int(query(page)["seed"])))) != first


@with_and_without_script
def test_what_is_wrong_is_said_and_what_was_written_is_kept(visit, script):
    page = visit(java_script_enabled=script).page
    page.get_by_label("A line of classical verse").fill("to be or not to be")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#heading")).to_have_text(Localizer("en").format("prompt-not-chinese"))
    field = page.get_by_label("A line of classical verse")
    assert field.input_value() == "to be or not to be"
    assert field.get_attribute("aria-invalid") == "true"
    expect(field).to_have_accessible_description(re.compile("write the line in Chinese"))
    ask(page, LINE)
    assert len(shown(page)) == 5


def test_an_option_that_is_wrong_is_shown(visit):
    page = visit(f"?line={LINE}&seed=x").page
    expect(page.locator("#seed")).to_be_visible()
    assert page.locator("#line").get_attribute("aria-invalid") is None


def test_the_page_is_not_loaded_again(visit):
    tab = visit()
    page = tab.page
    page.evaluate("window.mark = 1")
    ask(page, LINE)
    ask(page, ORIGINAL)
    page.go_back()
    expect(page.locator("#heading")).to_contain_text(LINE)
    assert page.get_by_label("A line of classical verse").input_value() == LINE
    page.go_back()
    expect(page.locator(".examples")).to_be_visible()
    page.go_forward()
    expect(page.locator("#heading")).to_contain_text(LINE)
    assert page.evaluate("window.mark") == 1
    assert len([url for url in tab.requests if url.endswith((".css", ".js"))]) == 2


def test_a_server_that_is_away_is_reported_and_may_come_back(visit):
    tab = visit()
    tab.context.set_offline(True)
    tab.page.get_by_label("A line of classical verse").fill(LINE)
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#status")).to_have_text(Localizer("en").format("web-offline"))
    tab.faults.clear()  # the browser's own line about the failed request
    tab.context.set_offline(False)
    ask(tab.page, LINE)


# --- answers ---


def test_how_the_poem_goes_on_is_behind_a_click(visit):
    page = visit(f"?line={LINE}").page
    original = page.locator(".original .verse")
    expect(original).to_be_hidden()
    page.get_by_text("How the original goes on").click()
    expect(original).to_be_visible()
    assert original.text_content() == ORIGINAL
    assert ORIGINAL not in page.locator(".answers").text_content()


def test_lines_of_the_corpus_are_marked(visit, known_line):
    page = visit(f"?line={LINE}&known=allow").page
    marks = {
        "".join(verse): item.locator(".mark").first.text_content()
        for verse, item in zip(shown(page), page.locator(".answers > li").all(), strict=True)
    }
    assert marks.pop(known_line) == Localizer("en").format("answer-known-line")
    assert set(marks.values()) == {Localizer("en").format("web-new")}


def test_the_bars_are_those_of_the_confidence(visit):
    page = visit(f"?line={LINE}").page
    assert page.locator(".bars").count() == 5
    for bars in page.locator(".bars").all():
        said = re.fullmatch(
            r"Readers found (\d+)% of such lines sound", bars.get_attribute("aria-label")
        )
        assert abs(bars.locator(".on").count() / 5 - int(said[1]) / 100) < 0.11  # both are rounded


def test_an_answer_and_the_link_are_copied(visit, page_address):
    tab = visit(f"?line={LINE}&lang=en", permissions=["clipboard-read", "clipboard-write"])
    page = tab.page
    page.get_by_role("button", name="Copy answer 2").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    read = "navigator.clipboard.readText()"
    assert page.evaluate(read) == f"{LINE}，{shown(page)[1][0]}。"
    page.get_by_text("Link to these answers").click()
    expect(page.locator("#status")).to_contain_text("Link copied")
    link = page.evaluate(read)
    other = visit(link.removeprefix(page_address), locale="zh-TW")
    assert other.page.locator("html").get_attribute("lang") == "zh-Hant"
    assert shown(other.page) == shown(page)


def test_without_script_nothing_is_offered_that_needs_it(visit):
    page = visit(f"?line={LINE}", java_script_enabled=False).page
    assert page.locator(".copy").count() == 5
    assert not any(button.is_visible() for button in page.locator(".copy").all())
    expect(page.get_by_text("Link to these answers")).to_be_visible()


def test_rhymes_are_suggested(visit, lines):
    page = visit().page
    field = page.locator("#rhyme")
    assert field.evaluate("field => field.list.options.length") == 4
    label = field.evaluate("field => field.list.options[1].label")
    assert label.startswith("阳 · 平 · ")
    page = visit("?lang=zh-TW").page
    value = page.locator("#rhyme").evaluate("field => field.list.options[0].value")
    assert value == "東"
    page.locator(".more summary").click()
    page.locator("#rhyme").fill(value)
    page.locator("#line").fill(LINE)
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text(LINE)
    assert shown(page) == lines(Request(LINE, search=Rerank(0), rhyme="东"))


# --- how it is set ---


@with_and_without_script
def test_verse_is_set_in_both_directions(visit, script):
    tab = visit(f"?line={LINE}", java_script_enabled=script)
    page = tab.page
    answers = shown(page)

    def asked():
        return [url for url in tab.requests if "/static/" not in url]

    asked_before = asked()
    assert direction(page) == "horizontal-tb"
    page.get_by_role("link", name="vertical").click()
    expect(page).to_have_url(re.compile("layout=vertical"))
    assert direction(page) == "vertical-rl"
    assert shown(page) == answers
    if script:
        assert asked() == asked_before  # the answers are there already
    expect(page.get_by_role("link", name="vertical")).to_have_attribute("aria-current", "true")
    page.get_by_text("Another batch").click()
    expect(page).to_have_url(re.compile("seed="))
    assert direction(page) == "vertical-rl"
    ask(page, FIVE)
    assert direction(page) == "vertical-rl"
    page.get_by_role("link", name="horizontal").click()
    expect(page).not_to_have_url(re.compile("layout="))
    assert direction(page) == "horizontal-tb"


def test_vertical_lines_are_columns_from_the_right(visit):
    page = visit(f"?line={FIVE}&form=jueju&rules=free&layout=vertical").page
    boxes = [
        line.bounding_box() for line in page.locator(".answers li").first.locator(".line").all()
    ]
    assert len(boxes) == 4
    for before, after in pairwise(boxes):
        assert after["x"] + after["width"] <= before["x"] + 1
        assert after["y"] == before["y"]
        assert after["height"] > 4 * after["width"] / 2


@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_jumps_while_the_page_loads(visit, width):
    page = visit(f"?line={LINE}", viewport={"width": width, "height": 900}).page
    shift = page.evaluate(
        """() => new Promise(resolve => {
            let shift = 0;
            new PerformanceObserver(list => {
                for (const entry of list.getEntries()) shift += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(shift)));
        })"""
    )
    # A tenth of what Web Vitals calls good. Chromium may paint a page that it has parsed in part,
    # and then counts parts of a pixel.
    assert shift < 0.01
