import re
from pathlib import Path

from . import screens
from .render import page

README = Path(__file__).parents[2] / "README.md"


async def test_pictures_show_the_answers_of_the_shipped_bundle(tmp_path, fake):
    pages = await screens.take(tmp_path)
    printed = re.findall(r"^ +\d +-\d+\.\d{3}  (\S+)$", README.read_text("utf-8"), re.MULTILINE)
    assert len(printed) == 5
    assert re.findall(r"黄河远上白云间，(\S+)</p>", pages["answer"]) == printed
    assert "归鸟下汀洲" in pages["poem"]
    assert "@anna" in pages["leaderboard"]
    assert "<h3>Line 3</h3>" in pages["linked-form"]
    assert all(line in pages["linked-finished"] for line in screens.VERSE)


def test_markdown_becomes_html_and_nothing_else_does():
    text = "### <b>\n**1.** a\\*b ||secret|| <@7>\n-# ♥ <t:0:D>"
    shown = page({"components": [{"type": 10, "content": text}]}, 7, "poem", {7: "li & co"})
    assert "<h3>&lt;b&gt;</h3>" in shown
    assert '<b>1.</b> a*b <span class="spoiler">secret</span>' in shown
    assert '<span class="mention">@li &amp; co</span>' in shown
    assert "1 January 1970</small>" in shown
