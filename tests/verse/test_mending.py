"""What mends a faulty place, against a search of all characters, and over the wire."""

from functools import cache

import pytest
from lianju.bot.verse import Blank, Mended, RequestError, open_composer, xinyun_readings
from lianju.bot.verse.clinic.line import WantedLine, check_line
from lianju.bot.verse.clinic.mending import blank_for
from lianju.bot.verse.planning.mending import CHOICES, MARGIN
from lianju.bot.verse.prosody.forms import LineForm

from ..discord.bundle_with_prosody import GROUPS, LETTERS, READINGS, write_bundle_with_prosody
from .clinic_readings import TOY
from .toy import CHINESE, Toy

LINES = ["".join(LETTERS[start : start + 5]) for start in (0, 5, 9)]
LINE_END, START = CHINESE.index("</l>"), CHINESE.index("<s>")


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bundles") / "toy"
    composer = open_composer(write_bundle_with_prosody(directory, lines=LINES[1:2]), "cpu", 1)
    yield composer
    composer.close()


@cache
def by_search(blank):
    """The best characters of all that the rules allow, by the toy's own formula."""
    toy = Toy()

    def log_prob(character):
        line = LINES[blank.line]
        changed = line[: blank.place] + character + line[blank.place + 1 :]
        ids = [START]
        for each in LINES[: blank.line]:
            ids += [*map(CHINESE.index, each), LINE_END]
        ids += map(CHINESE.index, changed[: blank.place])
        total = 0.0
        for token in (*map(CHINESE.index, changed[blank.place :]), LINE_END):
            total += toy.log_prob(ids)[token]
            ids.append(token)
        return total

    tones = {None: GROUPS, "level": ("东", "阳"), "oblique": ("董", "屋")}[blank.tone]
    scores = {
        character: log_prob(character)
        for character in LETTERS
        if character not in "".join(LINES)
        and READINGS[character] in tones
        and (not blank.rhymes or READINGS[character] in blank.rhymes)
    }
    ranked = sorted(scores, key=lambda character: -scores[character])
    near = [each for each in ranked if scores[each] > scores[ranked[0]] - MARGIN]
    return "".join(near[:CHOICES])


BLANKS = [
    Blank(0, 0),
    Blank(0, 4, "oblique"),
    Blank(1, 2, "level"),
    Blank(2, 4, "level", ("阳",)),
    Blank(2, 0, "oblique", ("董", "屋")),
]


@pytest.fixture(autouse=True)
def whole_pool(monkeypatch):
    """Draws every character, as the search of all of them does."""
    monkeypatch.setattr("lianju.bot.verse.planning.mending.POOL", len(CHINESE))


def test_choices_are_the_best_of_all_characters_that_the_rules_allow(composer):
    mended = composer.mend_now(LINES, BLANKS)
    assert mended.choices == tuple(map(by_search, BLANKS))
    assert all(mended.choices)
    assert mended.known == (False, True, False)


def test_a_place_that_nothing_fits_has_no_choice(composer):
    mended = composer.mend_now(LINES, [Blank(0, 0, "oblique", ("东",)), BLANKS[0]])
    assert mended.choices == ("", by_search(BLANKS[0]))
    assert composer.mend_now(LINES, []) == Mended((), (False, True, False))


def test_characters_that_the_model_lacks_are_read_around(composer):
    lines = [LINES[0], "𠀀" + LINES[1][1:]]
    mended = composer.mend_now(lines, [Blank(1, 0), Blank(1, 2)])
    assert all(mended.choices)
    assert mended.known == (False, False)


@pytest.mark.parametrize(
    ("lines", "blanks", "key"),
    [
        ([], [], "request-range"),
        (["白"] * 25, [], "request-range"),
        (["", "白"], [], "request-range"),
        (["白" * 65], [], "request-range"),
        (["白日"], [Blank(1, 0)], "request-range"),
        (["白日"], [Blank(0, 2)], "request-range"),
        (["白日"], [Blank(0, -1)], "request-range"),
        (["白日"], [Blank(0, 0)] * 25, "request-range"),
        (["白日"], [Blank(0, 0, "level", ("x",))], "request-rhyme"),
    ],
)
def test_what_is_no_place_of_a_poem_is_refused(lines, blanks, key, composer):
    with pytest.raises(RequestError) as caught:
        composer.mend_now(lines, blanks)
    assert caught.value.key == key


def test_a_bundle_without_tones_cannot_mend(tmp_path):
    composer = open_composer(Toy().write(tmp_path / "toy"), "cpu", 1)
    with pytest.raises(RequestError) as caught:
        composer.mend_now(LINES, [])
    composer.close()
    assert caught.value.key == "request-no-tones"


def test_no_choice_makes_an_offensive_combination(composer, monkeypatch):
    (first, second) = by_search(BLANKS[0])
    module = "lianju.bot.verse.planning.mending"
    monkeypatch.setattr(f"{module}.offensive_words", lambda: (first + LINES[0][1],))
    assert first not in composer.mend_now(LINES, BLANKS[:1]).choices[0]
    monkeypatch.setattr(f"{module}.offensive_words", lambda: (LINES[0][1:3],))  # the user's own
    assert composer.mend_now(LINES, BLANKS[:1]).choices == (first + second,)


def test_blanks_of_faults():
    wanted = WantedLine(5, LineForm("level", "level", True), frozenset({1}), frozenset("谜"))
    line = check_line("平平谜平东", wanted, TOY)
    assert [(fault.kind, blank_for(3, line, fault, TOY)) for fault in line.faults] == [
        ("repeated", Blank(3, 2, None)),
        ("tone", Blank(3, 3, "oblique")),
        ("rhyme", Blank(3, 4, "level", ("冬",))),
    ]
    (length,) = check_line("平", wanted, TOY).faults
    assert blank_for(0, line, length, TOY) is None


def test_rhymes_of_today_are_wanted_of_any_bundle(tmp_path):
    composer = open_composer(Toy().write(tmp_path / "toy"), "cpu", 1)
    blanks = [Blank(0, 0, "level", ("寒",)), Blank(0, 0, "oblique", ("寒仄",)), Blank(0, 0)]
    level, oblique, either = composer.mend_now(LINES, blanks, "xinyun").choices
    with pytest.raises(RequestError):
        composer.mend_now(LINES, [Blank(0, 0, "level", ("删",))], "xinyun")
    composer.close()
    readings = xinyun_readings()
    assert all("寒" in _names(readings, each, "level") for each in level)
    assert all("寒仄" in _names(readings, each, "oblique") for each in oblique)
    assert either


def _names(readings, character, tone):
    return {readings.groups[group] for group in readings.groups_of(character, tone)}
