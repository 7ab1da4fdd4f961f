import math

import numpy as np
from lianju.bot.verse.search.constraints import ConstraintFactory, mask_at
from lianju.bot.verse.text.vocabulary import Vocabulary

# Special tokens may stand anywhere.
VOCABULARY = Vocabulary(("山", "</l>", "<unk>", "水", "<e>", "<s>"), (5, -1, -1, 4, -1, -1))
SEED_LIKE = Vocabulary(("<unk>", "<e>", "a"), (-1, -1, 3))


def allowed(vocabulary, rules, position):
    mask = mask_at(rules, position, len(vocabulary))
    assert set(mask.tolist()) <= {0.0, -math.inf}
    return [token for token, value in zip(vocabulary.tokens, mask, strict=True) if value == 0]


def test_plain_forbids_unknown_alone():
    rules = ConstraintFactory(VOCABULARY).plain()
    assert allowed(VOCABULARY, rules, 0) == ["山", "</l>", "水", "<e>", "<s>"]


def test_exact_length_has_no_special_token_within_the_line():
    rules = ConstraintFactory(VOCABULARY).exact_length(2)
    assert [allowed(VOCABULARY, rules, n) for n in (0, 1)] == [["山", "水"]] * 2


def test_exact_length_closes_the_line_after_it():
    rules = ConstraintFactory(VOCABULARY).exact_length(2)
    assert allowed(VOCABULARY, rules, 2) == ["</l>", "<e>"]


def test_exact_length_without_line_token():
    assert allowed(SEED_LIKE, ConstraintFactory(SEED_LIKE).exact_length(2), 1) == ["a"]


def test_searches_under_the_same_rules_share_one_read_only_mask():
    book = ConstraintFactory(VOCABULARY)
    first = mask_at(book.exact_length(5), 4, len(VOCABULARY))
    second = mask_at(book.exact_length(7), 0, len(VOCABULARY))
    assert first is second
    assert not first.flags.writeable
    assert first.dtype == np.float32
