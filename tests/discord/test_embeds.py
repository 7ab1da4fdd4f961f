import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.ui.embeds import answer_embed
from lianju.bot.ui.markdown import literal
from lianju.bot.verse.composer import COUNT, LENGTH, MAX_CHARACTERS, Answer, Candidate

from .limits import fault


def answer(line="黄河远上白云间", candidates=(("一片孤城万仞山", -12.345),), name="tang-lstm"):
    found = tuple(Candidate(text, log_prob) for text, log_prob in candidates)
    return Answer(line, found, 5, 7, False, 12.0, name, "1.0.0")


def test_embed_shows_line_ranks_and_scores():
    embed = answer_embed(answer(candidates=[("一片孤城万仞山", -12.25), ("万里长江一线天", -13)]))
    assert embed.title == "黄河远上白云间"
    assert embed.description == "1. 一片孤城万仞山 `-12.25`\n2. 万里长江一线天 `-13.00`"
    assert embed.footer.text.startswith("tang-lstm 1.0.0 · beam width 5 · ")


@pytest.mark.parametrize("character", ["黄", "*", "𠀀"])
def test_longest_legal_answer_is_shown_whole(character):
    line = "，".join(character * (MAX_CHARACTERS // 4) for _ in range(4))
    candidates = [(character * LENGTH.high, -1234.5)] * COUNT.high
    embed = answer_embed(answer(line, candidates))
    assert fault({"embeds": [embed.to_dict()]}) is None
    assert "…" not in embed.title + embed.description
    assert embed.description.count("\n") == COUNT.high - 1


def test_overlong_words_end_in_an_ellipsis_and_keep_their_scores():
    candidates = [("word*" * 1000, -1.0)] * COUNT.high
    embed = answer_embed(answer("word*" * 1000, candidates, name="n" * 5000))
    assert fault({"embeds": [embed.to_dict()]}) is None
    assert embed.title.endswith("…")
    assert all(line.endswith("… `-1.00`") for line in embed.description.splitlines())


def test_lines_of_the_prompt_stand_in_one_title():
    assert answer_embed(answer("to be\nor not")).title == "to be · or not"


@given(st.text(), st.integers(1, 40))
def test_literal_keeps_the_text_or_its_beginning(text, limit):
    shown = literal(text, limit)
    assert len(shown) <= limit
    plain = re.sub(r"\\(.)", r"\1", shown, flags=re.DOTALL)
    if plain != text:
        assert plain.endswith("…")
        assert text.startswith(plain[:-1])
        assert len(literal(text, len(text) * 2)) > limit


@given(st.text(alphabet="\\*_~`|<>[]#@/a:h"))
def test_literal_leaves_no_markdown(text):
    assert not re.search(r"(?<!\\)(\\\\)*[*_~`|<>\[\]#@/]", literal(text, 1000))
