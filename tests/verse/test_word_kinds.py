"""The table of word kinds."""

import numpy as np
import pytest
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.bot.verse.text.word_kinds import WordKinds

VOCABULARY = Vocabulary(("<unk>", "<e>", *"一二红白山"), (-1, -1, 1, 1, 1, 1, 1))


def test_a_character_is_answered_by_those_of_its_row():
    kinds = WordKinds.parse("一二\t一二\n红\t白\n", VOCABULARY)
    for letter, others in {"一": "一二", "二": "一二", "红": "白"}.items():
        allowed = kinds.answers(VOCABULARY.encode(letter)[0])
        assert "".join(VOCABULARY.tokens[i] for i in np.flatnonzero(allowed)) == others
    for token in (0, 1, *VOCABULARY.encode("白山")):
        assert kinds.answers(token) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("一二\n", "no two groups of characters with a tab in line 1"),
        ("一\t二\n红\t\n", "no two groups of characters with a tab in line 2"),
        ("一\t二\t红\n", "no two groups of characters"),
        ("", "no two groups of characters"),
        ("一龘\t二\n", "has the character 龘 in line 1, which the vocabulary lacks"),
        ("一\t二龘\n", "has the character 龘 in line 1"),
        ("一\t二\n一红\t白\n", "has a character of line 2 in two kinds"),
        ("一一\t二\n", "has a character of line 1 in two kinds"),
    ],
)
def test_other_tables_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        WordKinds.parse(text, VOCABULARY)
