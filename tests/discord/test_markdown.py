import re

from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.markdown import escape, literal, unescape

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
