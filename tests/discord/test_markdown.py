import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.markdown import escape, literal, remove_markdown, unescape

MARKED = st.text(alphabet="\\*_~`|<>[]#@/a:h一🎋")


@given(st.text() | MARKED)
def test_escaped_text_is_read_back(text):
    assert unescape(escape(text)) == text


@given(MARKED)
def test_escaped_text_has_no_markdown(text):
    assert not re.search(r"(?<!\\)(\\\\)*[*_~`|<>\[\]#@/]", escape(text))


@given(st.text() | MARKED, st.integers(1, 40))
def test_literal_is_the_escaped_text_or_a_beginning_of_it(text, limit):
    shown = literal(text, limit)
    assert len(shown) <= limit
    if shown != escape(text):
        assert len(escape(text)) > limit
        assert shown.endswith("…")
        assert text.startswith(unescape(shown.removesuffix("…")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**黄河**__远上__~~白~~||云||`间`", "黄河远上白云间"),
        ("> 黄河\n>>> 远上\n# 白\n### 云\n-# 间\n- 一\n  * 片", "黄河\n远上\n白\n云\n间\n一\n片"),
        ("[黄河](https://example.com/a?b=c)远上", "黄河远上"),
        (r"\*黄\*", "黄"),
        ("[黄河](远上", "[黄河](远上"),
        ("", ""),
    ],
)
def test_markdown_is_removed(text, shown):
    assert remove_markdown(text) == shown


@given(MARKED)
def test_nothing_but_markdown_is_removed(text):
    assert set(remove_markdown(text)) <= set(text)
    assert not set(remove_markdown(text)) & set("\\*_~`|")


@pytest.mark.parametrize(
    "part", ["[", "](", "[](", "[a](b", "\n", " ", ">", "#", "- ", "<a:", "\\"]
)
def test_markdown_is_removed_in_linear_time(part):
    """A pattern that reads the rest of the text again and again would take hours here."""
    assert len(remove_markdown("[" + part * 200_000)) <= 200_000 * len(part) + 1
