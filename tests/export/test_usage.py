"""Which readings poets use, by poems that are made of known readings."""

from collections import Counter

import numpy as np
import pytest
from lianju.bot.verse.prosody.forms import all_schemes
from lianju.export.usage import Unused, Usage, count_usage, readings_in_use

LEVEL = ("东", "冬", "江")
CHARACTERS = [chr(0x4E00 + number) for number in range(160)]
EAST, WINTER, OBLIQUE = CHARACTERS[:40], CHARACTERS[40:80], CHARACTERS[80:]
POOLS = {"level": EAST + WINTER, "oblique": OBLIQUE, None: CHARACTERS}
GROUPS = {
    **dict.fromkeys(EAST, ("东",)),
    **dict.fromkeys(WINTER, ("冬",)),
    **dict.fromkeys(OBLIQUE, ("送",)),
}

# A quatrain of characters that are all different, and the places whose tone a scheme fixes: not
# the second last of lines that do not rhyme, nor the end of the first, which may rhyme or not.
TONES = ("仄仄平平仄", "平平仄仄平", "平平平仄仄", "仄仄仄平平")
QUATRAIN = ["".join(CHARACTERS[5 * line : 5 * line + 5]) for line in range(4)]
FIXED = {(0, 1), (1, 1), (1, 3), (1, 4), (2, 1), (2, 4), (3, 1), (3, 3), (3, 4)}


def groups_of_quatrain(*wrong):
    """The groups that give the quatrain its tones, but for some characters the other one."""
    tones = zip("".join(QUATRAIN), "".join(TONES), strict=True)
    return {c: ("东",) if (tone == "平") != (c in wrong) else ("送",) for c, tone in tones}


def wanted_of(poem, groups):
    usage = count_usage([poem], groups, LEVEL)
    return {c: usage.tones(c) for c in "".join(QUATRAIN) if usage.tones(c)}


def test_every_tone_that_a_regular_poem_fixes_is_counted_once():
    groups = groups_of_quatrain()
    assert wanted_of(QUATRAIN, groups) == {
        QUATRAIN[line][place]: Counter(level=1) if TONES[line][place] == "平" else {"oblique": 1}
        for line, place in FIXED
    }
    usage = count_usage([QUATRAIN], groups, LEVEL)
    assert {c for c, own in usage.ends.items() if own} == {line[-1] for line in QUATRAIN[1:]}


@pytest.mark.parametrize("place", sorted(FIXED))
def test_where_one_tone_is_wrong_the_tone_that_is_wanted_there_is_known(place):
    line, index = place
    wrong = QUATRAIN[line][index]
    wanted = "level" if TONES[line][index] == "平" else "oblique"
    assert wanted_of(QUATRAIN, groups_of_quatrain(wrong)) == {wrong: {wanted: 1}}
    other = QUATRAIN[1 if line == 3 else 3][1]
    assert wanted_of(QUATRAIN, groups_of_quatrain(wrong, other)) == {}


def test_poems_of_other_forms_tell_nothing():
    for poem in (QUATRAIN[:3], [*QUATRAIN[:3], QUATRAIN[3][:4]]):
        assert wanted_of(poem, groups_of_quatrain()) == {}


def write_poem(generator, mistakes=0.002):
    """A poem of eight lines by a random scheme, whose rhymes are all of one group."""
    length = generator.choice((5, 7))
    schemes = [scheme for scheme in all_schemes(length) if scheme.rhyme_tone == "level"]
    scheme = schemes[generator.integers(len(schemes))]
    rhymes = (EAST, WINTER)[generator.integers(2)]
    lines = []
    for number in range(8):
        form = scheme.line(number)
        tones = [None] * length
        tones[1], tones[-1] = form.second, form.last
        for place in range(3, length - 1, 2):
            tones[place] = "level" if tones[place - 2] == "oblique" else "oblique"
        pools = [POOLS[tone] for tone in tones]
        if form.rhymes:
            pools[-1] = rhymes
        pools = [CHARACTERS if generator.random() < mistakes else pool for pool in pools]
        lines.append("".join(pool[generator.integers(len(pool))] for pool in pools))
    return lines


def test_rhymes_are_counted_where_the_others_share_one_group():
    poem = write_poem(np.random.default_rng(4), mistakes=0.0)
    first, *others = (line[-1] for line in poem[1::2])
    assert len({first, *others}) == 4
    group = GROUPS[first][0]
    unclear = GROUPS | {first: LEVEL}
    assert count_usage([poem], GROUPS, LEVEL).rhymes[first] == {group: 1}
    usage = count_usage([poem], unclear, LEVEL)
    assert usage.rhymes[first] == {group: 1}
    assert all(usage.rhymes[c] == {group: 1} for c in others)
    usage = count_usage([poem], unclear | {others[0]: LEVEL, others[1]: LEVEL}, LEVEL)
    assert usage.rhymes[first] == {group: 1}
    assert usage.rhymes[others[2]] == {}  # the three others share all groups


# What a table has of five characters, each with whether it is doubtful, and what poets write.
EVER, OFTEN, DOUBTED, ENDING, SELDOM = EAST[0], EAST[1], EAST[2], OBLIQUE[0], "罕"
COMMON = str.maketrans(
    dict.fromkeys(EAST[3:9], EVER)
    | dict.fromkeys(EAST[9:15], DOUBTED)
    | dict.fromkeys(OBLIQUE[3:12], ENDING)
)
READINGS = {c: dict.fromkeys(own, False) for c, own in GROUPS.items()} | {
    EVER: {"东": False, "江": True, "送": False},  # as everything says but the table
    OFTEN: {"东": False, "送": False},  # also where a poet wants 送
    DOUBTED: {"东": False, "送": True},
    ENDING: {"冬": False, "送": False},  # rhymes with 冬, and is oblique everywhere else
    SELDOM: {"东": True, "送": False},
}


@pytest.fixture(scope="module")
def poems():
    generator = np.random.default_rng(1)
    written = []
    for _ in range(4500):
        poem = write_poem(generator)
        for number, line in enumerate(poem):
            end = ENDING if line[-1] in WINTER[:4] else line[-1]
            poem[number] = (line[:-1].replace(OBLIQUE[1], OFTEN) + end).translate(COMMON)
        written.append(poem)
    written[0][0] = SELDOM * len(written[0][0])
    return written


def test_what_poets_do_not_use_is_left_out_and_the_rest_stays(poems):
    used = readings_in_use(READINGS, count_usage(poems, READINGS, LEVEL), LEVEL)
    expected = {c: [*own] for c, own in READINGS.items()}
    expected |= {EVER: ["东"], DOUBTED: ["东"]}
    assert used.groups == expected
    assert used.at_ends == {ENDING: ["冬"]}
    assert {(each.character, each.groups, each.inside) for each in used.unused} == {
        (EVER, ("送",), False),
        (EVER, ("江",), False),
        (DOUBTED, ("送",), False),
        (ENDING, ("冬",), True),
    }
    assert all(each.times <= 0.01 * each.of for each in used.unused)


@pytest.mark.parametrize(
    ("times", "of", "stays_agreed", "stays_doubtful"),
    [
        *((0, 0, 1, 1), (0, 100, 1, 1), (0, 200, 1, 0), (0, 1000, 1, 0), (0, 2000, 0, 0)),
        *((9, 2000, 1, 0), (20, 1000, 1, 1), (100, 200, 1, 1)),
    ],
)
def test_a_reading_that_a_table_lacks_goes_sooner(times, of, stays_agreed, stays_doubtful):
    # Of 80 characters of one tone 76 have 2 mistakes in 1,000, and 4 have 20.
    inside = {
        c: Counter(level=1000 - wrong, oblique=wrong)
        for c, wrong in zip(EAST + WINTER, [2] * 76 + [20] * 4, strict=True)
    }
    inside["两"] = Counter(level=of - times, oblique=times)
    usage = Usage(inside, {}, {})
    for doubtful, stays in ((False, stays_agreed), (True, stays_doubtful)):
        readings = {c: {"东": False} for c in inside} | {"两": {"东": False, "送": doubtful}}
        used = readings_in_use(readings, usage, LEVEL)
        assert ("送" in used.groups["两"]) == stays
        assert len(used.unused) == (not stays)


def test_too_few_poems_tell_nothing(poems):
    for some in (poems[:100], []):
        assert readings_in_use(READINGS, count_usage(some, READINGS, LEVEL), LEVEL) is None


def test_what_is_left_out_is_told_with_its_figures():
    assert Unused("龙", ("缉",), 6, 3854).told() == "龙 缉: 6 of 3,854"
    assert Unused("不", ("尤",), 20, 10137, True).told() == "不 尤 within lines: 20 of 10,137"
