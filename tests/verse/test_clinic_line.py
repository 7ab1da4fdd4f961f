from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.verse.clinic.line import Fault, WantedLine, check_line, wanted_after
from lianju.bot.verse.prosody.forms import LineForm, Scheme, all_schemes

from .clinic_readings import TOY, shipped_readings

NAMES = {"level": "平", "oblique": "仄"}
READINGS = shipped_readings()


def every_line(length):
    return map("".join, product("平仄", repeat=length))


def check(tones, second, last, **wanted):
    form = LineForm(second, last, wanted.pop("rhymes", last == "level"))
    return check_line(tones, WantedLine(len(tones), form, **wanted), TOY)


def treatise(tones, second, last, may_be_bold):
    """What the treatises call the fault of a line, or the licences by which it has none."""
    even = [second, {"level": "oblique", "oblique": "level"}[second], second]
    end, key = tones[-5:], tones[1:-1:2]
    wanted = "".join(NAMES[tone] for tone in even)[: len(key)]
    if tones[-1] != NAMES[last]:
        return "tone"
    if end[1:] == "平仄平仄" and key[:-1] == wanted[:-1] and wanted[-1] == "仄":
        return "swap"
    if key[:-1] == wanted[:-1] and last == "oblique" and wanted[-2:] == "仄平" and key[-1] == "仄":
        return "bold" if may_be_bold else "tone"
    if key != wanted:
        return "tone"
    if end[1:] in ("平仄仄平", "平平仄平") and end[0] == "仄":
        return "lonely" if end[2] == "仄" else "self"
    if end[2:] == "平平平":
        return "level-end"
    if end[2:] == "仄仄仄":
        return "triple"
    return "half" if end[1:] == "仄仄平仄" else "none"


@pytest.mark.parametrize("length", [5, 7])
@pytest.mark.parametrize("second", ["level", "oblique"])
@pytest.mark.parametrize("last", ["level", "oblique"])
@pytest.mark.parametrize("may_be_bold", [True, False])
def test_every_line_is_told_as_the_treatises_do(length, second, last, may_be_bold):
    for tones in every_line(length):
        found = check(tones, second, last, may_be_bold=may_be_bold)
        kinds = {fault.kind for fault in found.faults} or {*found.licences} or {"none"}
        assert ("loose" in kinds) == ("swap" in kinds and tones[-5] == "仄"), tones
        kinds -= {"loose"}  # with which poets accept it
        assert kinds == {treatise(tones, second, last, may_be_bold)}, tones
        # A wrong tone elsewhere than in the places that count is told beside one there.
        wrong = {fault.place for fault in found.faults if fault.kind == "tone"}
        others = wrong - {1, 3, 5, length - 1} if length == 7 else wrong - {1, 3, 4}
        assert others <= {length - 5, length - 3}
        assert others != wrong or not wrong, tones


@pytest.mark.parametrize(
    ("tones", "licences"),
    [
        *(("平平仄两仄", ("swap",)), ("平平仄谜仄", ("swap",)), ("仄平仄仄仄", ("triple",))),
        *(("仄平仄两仄", ("swap", "loose")), ("仄平仄平仄", ("swap", "loose"))),
        *(("平平平两仄", ()), ("平平两两仄", ())),
    ],
)
def test_a_line_that_can_be_read_as_swapped_is_called_so(tones, licences):
    for front in ("", "仄仄"):
        second = "oblique" if front else "level"
        found = check(front + tones, second, "oblique")
        assert (found.faults, found.licences) == ((), licences)


@pytest.mark.parametrize("length", [5, 7])
@pytest.mark.parametrize("form", [LineForm(*tones, False) for tones in product(NAMES, NAMES)])
def test_to_change_a_character_as_told_leaves_fewer_faults(length, form):
    wanted = WantedLine(length, form)
    for tones in every_line(length):
        faults = check_line(tones, wanted, TOY).faults
        for fault in faults:
            assert tones[fault.place] == fault.character != NAMES[fault.tone]
            mended = tones[: fault.place] + NAMES[fault.tone] + tones[fault.place + 1 :]
            assert len(check_line(mended, wanted, TOY).faults) < len(faults), tones


@given(st.text("平仄两谜", min_size=7, max_size=7), st.sampled_from(list(product(NAMES, NAMES))))
def test_a_character_of_both_tones_or_none_has_whichever_serves(text, tones):
    """The line is as good as the best of those that its readings make."""
    faults = len(check(text, *tones, rhymes=False).faults)
    choices = [("平仄" if character in "两谜" else character) for character in text]
    own = [len(check("".join(each), *tones, rhymes=False).faults) for each in product(*choices)]
    assert faults == min(own)


def test_a_line_that_rescues_the_one_before_has_its_third_last_level():
    form = LineForm("level", "level", True, compensates=True)
    told = {
        tones: check_line(tones, WantedLine(5, form), TOY) for tones in ("平平平仄平", "仄平平仄平")
    }
    assert [each.licences for each in told.values()] == [("rescue",), ("rescue", "self")]
    (fault,) = check_line("平平仄仄平", WantedLine(5, form), TOY).faults
    assert (fault.kind, fault.place, fault.tone) == ("tone", 2, "level")


def test_another_length_is_all_that_is_told():
    for line in ("", "平", "平平仄仄平平"):
        wanted = WantedLine(5, LineForm("level", "level", True), frozenset({0}), frozenset("平"))
        assert check_line(line, wanted, TOY).faults == (Fault("length"),)


def test_an_end_rhymes_by_any_of_its_readings():
    groups = frozenset({1})
    for end, rhymes in {"冬": True, "钟": True, "东": False, "仄": False, "谜": True}.items():
        line = f"平平仄仄{end}"
        wanted = WantedLine(5, LineForm("level", "level", True), groups)
        faults = check_line(line, wanted, TOY).faults
        assert faults == (() if rhymes else (Fault("rhyme", 4, end, "level", groups),)), end
        assert check_line(line, WantedLine(5, None, groups), TOY).faults == faults


def test_characters_that_are_used_are_told_once_each():
    wanted = WantedLine(5, LineForm("level", "level", True), None, frozenset("仄"))
    told = [(fault.kind, fault.place) for fault in check_line("平仄仄仄平", wanted, TOY).faults]
    assert told == [("tone", 1), ("repeated", 2), ("repeated", 3)]


def test_the_next_line_of_a_real_poem_and_what_is_wrong_with_others():
    scheme = Scheme(5, "oblique", False)
    third = wanted_after(["白日依山尽", "黄河入海流"], scheme, READINGS)
    assert check_line("欲穷千里目", third, READINGS).faults == ()
    last = wanted_after(
        ["白日依山尽", "黄河入海流", "欲穷千里目"], scheme, READINGS, used=frozenset("白日依山尽")
    )
    assert check_line("更上一层楼", last, READINGS).faults == ()
    (group,) = last.groups
    assert READINGS.groups[group] == "尤"
    assert [
        (fault.kind, fault.place, fault.character, fault.tone)
        for fault in check_line("更上一层山", last, READINGS).faults
    ] == [("rhyme", 4, "山", "level")]
    told = check_line("更登白日楼", last, READINGS).faults
    assert [(fault.kind, fault.place) for fault in told] == [
        ("tone", 1),
        ("repeated", 2),
        ("tone", 3),
    ]


def test_a_bold_line_wants_its_rescue_of_the_next():
    scheme = Scheme(5, "oblique", False)
    first = check_line("人事有代谢", wanted_after([], scheme, READINGS), READINGS)
    assert first.licences == ("bold",)
    wanted = wanted_after(["人事有代谢"], scheme, READINGS)
    assert check_line("往来成古今", wanted, READINGS).licences == ("rescue", "self")
    (fault,) = check_line("往来自古今", wanted, READINGS).faults
    assert (fault.place, fault.character, fault.tone) == (2, "自", "level")


def test_the_first_rhyme_is_free():
    for scheme in (*all_schemes(5), *all_schemes(7)):
        assert wanted_after([], scheme, READINGS).groups is None
