"""Kinds of characters, found in couplets that were made up from them."""

import numpy as np
from lianju.export.word_kinds import answer_counts, find_word_kinds, share_of

NUMBERS, COLORS = "一二三四五六七八", "红白青黄绿紫"
OTHERS = "天地山水风云花月春秋江河草木鸟鱼来去行坐东西南北"


def made_up(count=3000, seed=3):
    """Couplets of four characters: a number, a color, and two others, which answer any other."""
    rng = np.random.default_rng(seed)

    def line():
        picked = [rng.choice([*letters]) for letters in (NUMBERS, COLORS, OTHERS, OTHERS)]
        return tuple(map(str, picked))

    return [(line(), line()) for _ in range(count)]


def test_characters_that_answer_each_other_are_a_kind():
    kinds = find_word_kinds(made_up())
    found = [set(kind) for kind in kinds]
    assert set(NUMBERS) in found
    assert set(COLORS) in found
    assert all(kind <= set(NUMBERS) or kind <= set(COLORS) or kind <= set(OTHERS) for kind in found)


def test_the_same_couplets_give_the_same_table():
    assert find_word_kinds(made_up()) == find_word_kinds(made_up())


def test_what_answers_anything_is_no_kind():
    rng = np.random.default_rng(1)
    letters = [chr(0x4E00 + n) for n in range(300)]
    couplets = [
        (tuple(map(str, rng.choice(letters, 5))), tuple(map(str, rng.choice(letters, 5))))
        for _ in range(3000)
    ]
    assert find_word_kinds(couplets) == []


def test_counts_are_those_of_one_place_in_either_order():
    names, counts = answer_counts([("一山", "二水"), ("二山", "一山")])
    one, two, hill, water = map(names.index, "一二山水")
    assert counts[one, two] == counts[two, one] == 2
    assert counts[hill, water] == 1
    assert counts[hill, hill] == counts[one, hill] == 0
    assert share_of(counts, np.array([one, two])) == 1.0
    assert share_of(counts, np.array([one, hill])) == 0.0


def test_no_couplets_have_no_kinds():
    assert find_word_kinds([]) == []
