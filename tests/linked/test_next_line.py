"""What a message says of the next line is enough to write one, and nothing else is needed."""

from itertools import product

import pytest
from lianju.bot.linked.next_line import next_line
from lianju.bot.linked.reading import LineError, read_line
from lianju.bot.verse.prosody.readings import CharacterReadings

# Two rhymes of level tones, and oblique ones; 看 can be read in both tones.
READINGS = CharacterReadings(
    [
        ("东", "平", "东风红空中翁"),
        ("阳", "平", "阳光长香"),
        ("寒", "平", "看"),
        ("董", "上", "水月落日雨看"),
    ]
)
LEVEL, OBLIQUE = "风", "水"
QUATRAIN = ("月落风空雨", "风长日落空", "香光看落日", "水月雨阳中")


def said(lines, most=24, rules="strict", length=5):
    return next_line(lines, length, most, rules, READINGS)


def shows(rules, tones):
    """Whether a line of these tones has one of the patterns that are shown."""
    return any(
        all(wanted in ("中", tone) for wanted, tone in zip(pattern, tones, strict=True))
        for pattern in rules.patterns
    )


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("length", [5, 7])
def test_every_line_with_a_pattern_that_is_shown_is_accepted(place, length):
    lines = ["".join(LEVEL if t == "平" else OBLIQUE for t in p) for p in regular(place, length)]
    rules = said(lines, length=length)
    accepted = 0
    for tones in product("平仄", repeat=length):
        line = "".join(LEVEL if tone == "平" else OBLIQUE for tone in tones)
        checked = rules.check(line, READINGS)
        if shows(rules, tones):
            assert not checked.faults, line
        elif not checked.faults:
            assert checked.licences  # a departure that is accepted and not shown
        accepted += not checked.faults
    assert 0 < accepted < 2**length  # the rules do refuse some


def regular(count, length):
    """The first lines of a poem that is wholly regular."""
    five = ["仄仄平平仄", "平平仄仄平", "平平平仄仄", "仄仄仄平平"]
    seven = ["平平仄仄平平仄", "仄仄平平仄仄平", "仄仄平平平仄仄", "平平仄仄仄平平"]
    return (five if length == 5 else seven)[:count]


def test_the_rhyme_is_chosen_once_and_then_kept():
    assert not said([]).is_rhyming
    second = said(QUATRAIN[:1])
    assert (second.is_rhyming, second.rhymes) == (True, ())
    fourth = said(QUATRAIN[:3])
    assert (fourth.is_rhyming, fourth.rhymes) == (True, ("东",))
    assert not fourth.check("水月雨阳中", READINGS).faults
    (fault,) = fourth.check("水月雨空香", READINGS).faults
    assert (fault.kind, fault.place, fault.character) == ("rhyme", 4, "香")


def test_characters_come_once_in_short_poems_alone():
    line = "水月雨阳空"
    for most, kinds in ((4, {"repeated"}), (8, {"repeated"}), (24, set())):
        checked = said(QUATRAIN[:3], most).check(line, READINGS)
        assert {fault.kind for fault in checked.faults} == kinds


def test_inner_couplets_are_parallel():
    lines = [LEVEL * 5] * 23
    for most, answering in ((4, []), (8, [3, 5]), (24, list(range(3, 23, 2)))):
        assert [n for n in range(most) if said(lines[:n], most).answers] == answering


def test_free_rules_know_the_length_alone():
    rules = said(QUATRAIN[:1], rules="free")
    assert (rules.patterns, rules.rhymes, rules.answers) == ((), (), False)
    assert not rules.check("水水水水水", READINGS).faults
    assert [fault.kind for fault in rules.check("水", READINGS).faults] == ["length"]


def test_a_line_that_was_kept_against_the_rules_does_not_confuse_the_next():
    odd = [QUATRAIN[0], LEVEL * 5, QUATRAIN[2]]
    assert said(odd).patterns == said(QUATRAIN[:3]).patterns


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("春眠不觉晓", "春眠不觉晓"),
        (" 春眠，不觉晓。\n", "春眠不觉晓"),
        ("「春眠」不覺曉！", "春眠不覺曉"),
        ("春\u200b眠不\ufe00觉晓", "春眠不觉晓"),
    ],
)
def test_a_line_is_read_without_what_is_around_it(text, line):
    assert read_line(text, 5) == line


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "linked-line-empty"),
        ("，。", "linked-line-empty"),
        ("春眠不觉", "linked-line-length"),
        ("春眠不觉晓处处闻啼鸟", "linked-line-length"),
        ("春" * 4000, "linked-line-length"),
        ("春眠不觉x", "linked-line-characters"),
        ("春眠不觉😀", "linked-line-characters"),
        ("@everyone", "linked-line-characters"),
        ("春ひらがな", "linked-line-characters"),
        ("\ud800春眠不觉", "linked-line-characters"),
        ("鸡巴春眠不", "linked-line-blocked"),
        ("雞巴春眠不", "linked-line-blocked"),
    ],
)
def test_what_is_no_line_is_refused(text, key):
    with pytest.raises(LineError) as caught:
        read_line(text, 5)
    assert caught.value.key == key
