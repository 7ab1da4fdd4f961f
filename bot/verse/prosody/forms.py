"""The forms of regulated verse: which tones and rhymes the next line of a poem must have.

A regulated poem has lines of five or of seven characters. Its even lines end on one rhyme, nearly
always a level one, and the first line may rhyme too; the other lines end on the opposite tone.
Within a line the second, fourth and sixth characters alternate between level and oblique tones;
within a couplet they are opposed (对), and from one couplet to the next they agree (粘). All of it
follows from the tone of the poem's second character, from whether the first line rhymes, and on
which tone.

The rules and the licensed departures follow Wang Li (王力, 诗词格律), but for one more departure
in lines of five, which is as common in Tang poems.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

from .readings import Readings, Token, Tone

__all__ = [
    "LENGTHS",
    "TONES_BY_NAME",
    "TONE_NAMES",
    "Licence",
    "LineForm",
    "Lines",
    "Pattern",
    "Scheme",
    "Tone",
    "all_schemes",
    "departure_key",
    "fits",
    "fitting_lines",
    "form_after",
    "line_kind",
    "on_template",
    "opposite",
    "patterns",
    "rhyme_groups",
    "rhymes_level",
    "schemes",
    "tones_right",
]

LENGTHS = (5, 7)

Lines = Sequence[Sequence[Token]]
"""The lines of a poem, as token ids without endings, or as characters."""

Licence = Literal["half", "self", "swap", "triple", "rescue"]
"""An accepted departure (拗救): `half`: a mild one that needs no rescue (半拗); `self`: 孤平 that
its own line rescues (本句自救); `swap`: 平平仄平仄 for 平平平仄仄 (特拗); `triple`: three oblique
tones at the end (三仄尾); `rescue`: what rescues the line before (对句相救)."""

TONE_NAMES: dict[Tone | None, str] = {"level": "平", "oblique": "仄", None: "中"}
"""The names of tones; None is either."""

TONES_BY_NAME = {name: tone for tone, name in TONE_NAMES.items()}
"""The tone of each name."""

_OPPOSITE: dict[Tone, Tone] = {"level": "oblique", "oblique": "level"}

_Licensed = tuple[tuple[str, Licence], ...]

# The last five characters of a line by the tones of the second and the last of them; a dot stands
# for either. A line of seven has two more characters in front, the second of the opposite tone.
# The shares are of lines of regulated Tang poems whose 2nd, 4th, 6th and last tones are right.
_REGULAR = {
    "仄仄": ".仄平平仄",  # 87 to 91 %
    "平平": "平平.仄平",  # 93 to 97 %; an oblique first would isolate one level tone (孤平): .3 %
    "平仄": ".平平仄仄",  # 77 to 91 %
    "仄平": ".仄仄平平",  # 99 %; a level third: three final level tones (三平尾): .1 to .8 %
}
_LICENSED: dict[str, _Licensed] = {
    "仄仄": ((".仄仄平仄", "half"),),  # 7 to 13 %
    "平平": (("仄平平仄平", "self"),),  # 3 to 6 %
    "平仄": (("平平仄平仄", "swap"),),  # common in the second last line: 9 to 15 %
    "仄平": (),
}
# 9 % of such lines of five, 1 % of those of seven
_LICENSED_OF_FIVE: dict[str, _Licensed] = {"平仄": (("平平仄仄仄", "triple"),)}
_COMPENSATION = ".平平仄平"

# Tone of the second character, and whether the first line rhymes; the most common opening first.
_OPENINGS: dict[int, tuple[tuple[Tone, bool], ...]] = {
    5: (("oblique", False), ("level", False), ("oblique", True), ("level", True)),
    7: (("oblique", True), ("level", True), ("level", False), ("oblique", False)),
}


@dataclass(frozen=True)
class LineForm:
    """What a scheme requires of one line.

    Attributes:
        second: Tone of the line's second character.
        last: Tone of its last one.
        rhymes: Whether the last one rhymes.
        compensates: Whether the third last character must be level, to compensate for an oblique
            second last character in the line before (对句相救).
    """

    second: Tone
    last: Tone
    rhymes: bool
    compensates: bool = False


@dataclass(frozen=True)
class Scheme:
    """The tonal plan of a regulated poem.

    Attributes:
        length: Characters of a line, 5 or 7.
        opening: Tone of the second character of the first line.
        first_rhymes: Whether the first line ends on the rhyme as well.
        rhyme_tone: Tone of the rhyme; nearly always level.
    """

    length: int
    opening: Tone
    first_rhymes: bool
    rhyme_tone: Tone = "level"

    def line(self, index: int) -> LineForm:
        """Returns the form of the line at an index, from 0, if those before it are regular."""
        second = self.opening if index % 4 in (0, 3) else _OPPOSITE[self.opening]
        rhymes = index % 2 == 1 or (index == 0 and self.first_rhymes)
        return LineForm(second, self.rhyme_tone if rhymes else _OPPOSITE[self.rhyme_tone], rhymes)


@dataclass(frozen=True)
class Pattern:
    """The tones of one line.

    Attributes:
        tones: The tone of each character, or None for either.
        licence: Which accepted departure from the rule (拗救) this is, if it is one.
    """

    tones: tuple[Tone | None, ...]
    licence: Licence | None = None

    @property
    def text(self) -> str:
        """The tones by their names, such as 中仄平平仄."""
        return "".join(TONE_NAMES[tone] for tone in self.tones)

    @property
    def licensed(self) -> bool:
        """Whether this is an accepted departure from the rule (拗救)."""
        return self.licence is not None

    def without(self, kept: Sequence[object | None]) -> "Pattern":
        """Returns the pattern with any tone where a token is kept, at the places without None."""
        own = zip(self.tones, kept, strict=True)
        return replace(self, tones=tuple(tone if each is None else None for tone, each in own))

    def fits(self, line: Sequence[Token], prosody: Readings[Token]) -> bool:
        """Returns whether a line can have these tones."""
        return len(line) == len(self.tones) and not self.wrong_places(line, prosody)

    def wrong_places(self, line: Sequence[Token], prosody: Readings[Token]) -> tuple[int, ...]:
        """Returns the places where a line of the same length cannot have these tones."""
        last = len(line) - 1
        return tuple(
            place
            for place, (token, tone) in enumerate(zip(line, self.tones, strict=True))
            if tone is not None and not prosody.may_be(token, tone, at_end=place == last)
        )


def opposite(tone: Tone) -> Tone:
    """Returns the other tone."""
    return _OPPOSITE[tone]


@cache
def all_schemes(length: int) -> tuple[Scheme, ...]:
    """Returns the schemes for lines of that length, the most common in Tang verse first.

    Raises:
        ValueError: The length is neither 5 nor 7.
    """
    _check(length)
    return tuple(
        Scheme(length, opening, first_rhymes, rhyme_tone)
        for rhyme_tone, (opening, first_rhymes) in product(_OPPOSITE, _OPENINGS[length])
    )


@cache
def patterns(length: int, form: LineForm) -> tuple[Pattern, ...]:
    """Returns the patterns of a line of that form, the regular one first, then licensed ones.

    Raises:
        ValueError: The length is neither 5 nor 7.
    """
    _check(length)
    kind = line_kind(length, form)
    front = (None, form.second) if length == 7 else ()
    licensed = _LICENSED[kind]
    if length == 5:
        licensed += _LICENSED_OF_FIVE.get(kind, ())
    texts: list[tuple[str, Licence | None]] = [(_COMPENSATION, "rescue")]
    if not form.compensates:
        texts = [(_REGULAR[kind], None), *licensed]
    return tuple(
        Pattern((*front, *map(TONES_BY_NAME.get, text)), licence) for text, licence in texts
    )


def fits(line: Sequence[Token], form: LineForm, prosody: Readings[Token]) -> bool:
    """Returns whether a line fits a form in its second, fourth, sixth and last characters.

    A line that fits a licensed pattern fits too. Characters that the table lacks have any tone.

    Raises:
        ValueError: The line has neither 5 nor 7 characters.
    """
    licensed = (pattern for pattern in patterns(len(line), form) if pattern.licensed)
    return any(pattern.fits(line, prosody) for pattern in licensed) or (
        not form.compensates and all(_right(line, form, prosody))
    )


def form_after(lines: Lines[Token], scheme: Scheme, prosody: Readings[Token]) -> LineForm:
    """Returns the form of the line that follows the first lines of a poem."""
    form = scheme.line(len(lines))
    compensates = bool(lines) and _needs_compensation(
        lines[-1], scheme.line(len(lines) - 1), prosody
    )
    return replace(form, compensates=compensates)


def schemes(lines: Lines[Token], prosody: Readings[Token]) -> tuple[Scheme, ...]:
    """Returns all schemes that the first lines of a poem fit, the most regular first.

    Besides the licensed lines, the first line of a couplet may have an oblique second last
    character instead of a level one (大拗), if the second line compensates or is still to come.

    Schemes are ordered by: a level rhyme; rhyming lines that share a group; the number of
    departures from regular patterns; the frequency in Tang verse.

    Args:
        lines: The lines of the poem so far, from its first.
        prosody: Tones and rhymes.

    Returns:
        No scheme if the lines fit none, as in old verse (古体), or are not all of 5 or all of 7
        characters.
    """
    length = len(lines[0]) if lines else 0
    if length not in LENGTHS or any(len(line) != length for line in lines):
        return ()
    choice = all_schemes(length)
    fitting = [scheme for scheme in choice if all(fitting_lines(lines, scheme, prosody))]
    return tuple(sorted(fitting, key=lambda scheme: departure_key(lines, scheme, prosody)))


def rhyme_groups(
    lines: Lines[Token], scheme: Scheme, prosody: Readings[Token]
) -> frozenset[int] | None:
    """Returns the groups in which all rhyming lines so far have a reading.

    The first line may rhyme with a neighboring group (邻韵): once the second line rhymes, the first
    can only narrow its groups, not exclude all of them. Characters that the table lacks are
    ignored.

    Returns:
        The groups, none if the lines share none; None if there is no rhyme yet.
    """
    shared: frozenset[int] | None = None
    for line in lines[1::2]:
        if own := prosody.groups_of(line[-1], scheme.rhyme_tone):
            shared = own if shared is None else shared & own
    if scheme.first_rhymes and lines:
        own = prosody.groups_of(lines[0][-1], scheme.rhyme_tone)
        shared = (own or None) if shared is None else (shared & own or shared)
    return shared


def rhymes_level(lines: Lines[Token], prosody: Readings[Token]) -> bool:
    """Returns whether the even lines of a poem share a level rhyme group, by any readings."""
    groups = [prosody.groups_of(line[-1], "level") for line in lines[1::2] if line]
    return len(groups) == len(lines) // 2 > 0 and bool(frozenset.intersection(*groups))


def tones_right(lines: Lines[Token], prosody: Readings[Token]) -> tuple[int, int]:
    """Returns how many tones of a poem are right by the scheme that it fits best.

    The second, fourth, in lines of seven the sixth, and the last character of every line are
    checked, against schemes with a level rhyme.

    Returns:
        The numbers of tones that are right and that were checked; both are 0 for a poem whose
        lines are not all of 5 or all of 7 characters.
    """
    length = len(lines[0]) if lines else 0
    if length not in LENGTHS or any(len(line) != length for line in lines):
        return 0, 0
    places = (length + 1) // 2
    best = max(
        sum(
            places if kept else sum(_right(line, scheme.line(index), prosody))
            for index, (line, kept) in enumerate(
                zip(lines, fitting_lines(lines, scheme, prosody), strict=True)
            )
        )
        for scheme in all_schemes(length)
        if scheme.rhyme_tone == "level"
    )
    return best, len(lines) * places


def on_template(lines: Lines[Token], prosody: Readings[Token]) -> bool:
    """Returns whether a poem fits a scheme with a level rhyme; licensed departures are accepted."""
    return any(scheme.rhyme_tone == "level" for scheme in schemes(lines, prosody))


def fitting_lines(lines: Lines[Token], scheme: Scheme, prosody: Readings[Token]) -> list[bool]:
    """Returns which lines of a poem fit a scheme; licensed departures are accepted."""
    return [
        fits(line, scheme.line(index), prosody)
        or (
            _needs_compensation(line, scheme.line(index), prosody)
            and all(prosody.may_be(after[-3], "level") for after in lines[index + 1 : index + 2])
        )
        for index, line in enumerate(lines)
    ]


def departure_key(
    lines: Lines[Token], scheme: Scheme, prosody: Readings[Token]
) -> tuple[bool, bool, int]:
    """Returns a sort key: how far lines that fit a scheme depart from its regular patterns."""
    forms = [scheme.line(index) for index in range(len(lines))]
    rhymes = [
        groups
        for line, form in zip(lines, forms, strict=True)
        if form.rhymes and (groups := prosody.groups_of(line[-1], scheme.rhyme_tone))
    ]
    departures = [  # 0 for a regular line, 1 for a licensed one
        min(
            (p.licensed for p in patterns(scheme.length, form) if p.fits(line, prosody)),
            default=2,
        )
        for line, form in zip(lines, forms, strict=True)
    ]
    return (
        scheme.rhyme_tone != "level",
        bool(rhymes) and not frozenset.intersection(*rhymes),
        sum(departures),
    )


def _check(length: int) -> None:
    if length not in LENGTHS:
        raise ValueError(f"regulated verse has lines of 5 or 7 characters, not of {length}")


def line_kind(length: int, form: LineForm) -> str:
    """Returns the kind of a line: its tones at the second and the last of its last five characters.

    Returns:
        平平, 平仄, 仄平 or 仄仄.
    """
    second = _OPPOSITE[form.second] if length == 7 else form.second
    return TONE_NAMES[second] + TONE_NAMES[form.last]


def _needs_compensation(line: Sequence[Token], form: LineForm, prosody: Readings[Token]) -> bool:
    """Returns whether a line fits its form except for an oblique second last character (大拗)."""
    *others, place, last = _right(line, form, prosody)
    return not form.rhymes and line_kind(len(line), form) == "仄仄" and all(others) and last > place


def _right(line: Sequence[Token], form: LineForm, prosody: Readings[Token]) -> list[bool]:
    """Returns which of the second, fourth, sixth and last characters can have a form's tone."""
    tones = [form.second, _OPPOSITE[form.second], form.second][: len(line) // 2]
    before = [prosody.may_be(token, tone) for token, tone in zip(line[1::2], tones, strict=True)]
    return [*before, prosody.may_be(line[-1], form.last, at_end=True)]
