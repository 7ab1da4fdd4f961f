"""The forms of regulated verse: which tones and rhymes a poem's lines ask of the next one.

A regulated poem has lines of five or of seven characters. Its even lines end on one rhyme, nearly
always a level one, and the first line may join them; the other lines end on the opposite tone.
Within a line the second, fourth and sixth characters alternate between level and oblique tones;
within a couplet they are opposed (对), and from one couplet to the next they agree (粘). All of it
follows from the tone of the poem's second character, from whether the first line rhymes, and on
which tone.

The rules and the licences are those that Wang Li (王力, 诗词格律) lists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from .prosody import Prosody, Tone

__all__ = [
    "LENGTHS",
    "LineForm",
    "Pattern",
    "Scheme",
    "Tone",
    "all_schemes",
    "fits",
    "on_template",
    "patterns",
    "rhyme_groups",
    "rhymes_level",
    "schemes",
    "tones_right",
]

LENGTHS = (5, 7)

Lines = Sequence[Sequence[int]]
"""The token ids of a poem's lines, without the tokens that end them."""

_TONES: dict[str, Tone] = {"平": "level", "仄": "oblique"}
_OPPOSITE: dict[Tone, Tone] = {"level": "oblique", "oblique": "level"}

# The last five characters of a line by the tones of the second and the last of them; a dot stands
# for either. A line of seven has two characters more in front, the second of the opposite tone.
_REGULAR = {
    "仄仄": ".仄平平仄",
    "平平": "平平.仄平",  # an oblique first would leave one level among obliques (孤平)
    "平仄": ".平平仄仄",
    "仄平": ".仄仄平平",  # an oblique third keeps three levels from the end (三平尾)
}
_LICENSED = {
    "仄仄": (".仄仄平仄",),  # the mild departure (半拗), which needs no rescue
    "平平": ("仄平平仄平",),  # 孤平, rescued by the level third
    "平仄": ("平平仄平仄",),  # the special form, as common as the regular one in seventh lines
    "仄平": (),
}


@dataclass(frozen=True)
class LineForm:
    """What a scheme asks of one line.

    Attributes:
        second: Tone of the line's second character.
        last: Tone of its last one.
        rhymes: Whether the last one rhymes.
    """

    second: Tone
    last: Tone
    rhymes: bool


@dataclass(frozen=True)
class Scheme:
    """The tonal plan of a regulated poem.

    Attributes:
        length: Characters of a line, 5 or 7.
        opening: Tone of the second character of the first line.
        first_rhymes: Whether the first line ends on the rhyme as well.
        rhyme_tone: Tone of the rhyme; level nearly always.
    """

    length: int
    opening: Tone
    first_rhymes: bool
    rhyme_tone: Tone = "level"

    def line(self, index: int) -> LineForm:
        """The form of the line of that index, from 0."""
        second = self.opening if index % 4 in (0, 3) else _OPPOSITE[self.opening]
        rhymes = index % 2 == 1 or (index == 0 and self.first_rhymes)
        return LineForm(second, self.rhyme_tone if rhymes else _OPPOSITE[self.rhyme_tone], rhymes)


@dataclass(frozen=True)
class Pattern:
    """What the tones of one line must be.

    Attributes:
        tones: For each character its tone, or None where either will do.
        licensed: Whether this is a departure from the rule that poets accept (拗救).
    """

    tones: tuple[Tone | None, ...]
    licensed: bool

    def fits(self, line: Sequence[int], prosody: Prosody) -> bool:
        """Whether a line can be read so."""
        return len(line) == len(self.tones) and all(
            tone is None or prosody.may_be(token, tone)
            for token, tone in zip(line, self.tones, strict=True)
        )


@cache
def all_schemes(length: int) -> tuple[Scheme, ...]:
    """The schemes for lines of that length, the most common in Tang verse first.

    Raises:
        ValueError: The length is neither 5 nor 7.
    """
    if length not in LENGTHS:
        raise ValueError(f"regulated verse has lines of 5 or 7 characters, not of {length}")
    first_rhymes = (True, False) if length == 7 else (False, True)
    openings: tuple[Tone, ...] = ("level", "oblique") if length == 7 else ("oblique", "level")
    tones: tuple[Tone, ...] = ("level", "oblique")
    return tuple(
        Scheme(length, opening, rhymes, tone)
        for tone, rhymes, opening in product(tones, first_rhymes, openings)
    )


@cache
def patterns(length: int, form: LineForm) -> tuple[Pattern, ...]:
    """The patterns of a line of that form, the regular one first, then the licensed ones."""
    if length not in LENGTHS:
        raise ValueError(f"regulated verse has lines of 5 or 7 characters, not of {length}")
    front = (None, form.second) if length == 7 else ()
    second = _OPPOSITE[form.second] if length == 7 else form.second
    names = {tone: name for name, tone in _TONES.items()}
    kind = names[second] + names[form.last]

    def pattern(text: str, licensed: bool) -> Pattern:
        return Pattern((*front, *map(_TONES.get, text)), licensed)

    return (pattern(_REGULAR[kind], False), *(pattern(text, True) for text in _LICENSED[kind]))


def fits(line: Sequence[int], form: LineForm, prosody: Prosody) -> bool:
    """Whether the second, fourth, sixth and last characters can have the tones that a form asks.

    A licensed pattern will do as well. Characters that the table lacks fit anywhere.
    """
    return all(_right(line, form, prosody)) or any(
        pattern.licensed and pattern.fits(line, prosody) for pattern in patterns(len(line), form)
    )


def schemes(lines: Lines, prosody: Prosody) -> tuple[Scheme, ...]:
    """All schemes that the first lines of a poem fit, the most natural first.

    Natural is, in this order: rhyming lines that share a group, lines that keep to a pattern as a
    whole, and to a regular one, and what is common in Tang verse; a level rhyme before all.

    Args:
        lines: The poem's lines so far, from its first.
        prosody: Tones and rhymes.

    Returns:
        No scheme if the lines fit none, as those of old verse (古体), or are not all of 5 or all
        of 7 characters.
    """
    length = len(lines[0]) if lines else 0
    if length not in LENGTHS or any(len(line) != length for line in lines):
        return ()
    fitting = [
        scheme
        for scheme in all_schemes(length)
        if all(fits(line, scheme.line(index), prosody) for index, line in enumerate(lines))
    ]
    return tuple(sorted(fitting, key=lambda scheme: _strain(lines, scheme, prosody)))


def rhyme_groups(lines: Lines, scheme: Scheme, prosody: Prosody) -> frozenset[int] | None:
    """The groups in which all rhyming lines so far have a reading.

    A first line may rhyme with a neighbouring group (邻韵): once the second line rhymes, the first
    only chooses among its groups and never rules out all of them. Characters that the table lacks
    have no say.

    Returns:
        The groups, none if the lines share none; None if no rhyme has been heard yet.
    """
    shared: frozenset[int] | None = None
    for line in lines[1::2]:
        if own := prosody.groups_of(line[-1], scheme.rhyme_tone):
            shared = own if shared is None else shared & own
    if scheme.first_rhymes and lines:
        own = prosody.groups_of(lines[0][-1], scheme.rhyme_tone)
        shared = (own or None) if shared is None else (shared & own or shared)
    return shared


def rhymes_level(lines: Lines, prosody: Prosody) -> bool:
    """Whether the even lines of a poem end in one level rhyme group, by any of their readings."""
    groups = [prosody.groups_of(line[-1], "level") for line in lines[1::2] if line]
    return len(groups) == len(lines) // 2 > 0 and bool(frozenset.intersection(*groups))


def tones_right(lines: Lines, prosody: Prosody) -> tuple[int, int]:
    """How many tones of a poem are right by the scheme that it fits best.

    The second, the fourth, in lines of seven the sixth, and the last character of every line are
    asked. Schemes with an oblique rhyme do not compete.

    Returns:
        The tones that are right and those that were asked; nothing is asked of a poem whose lines
        are not all of 5 or all of 7 characters.
    """
    length = len(lines[0]) if lines else 0
    if length not in LENGTHS or any(len(line) != length for line in lines):
        return 0, 0
    best = max(
        sum(sum(_right(line, scheme.line(i), prosody)) for i, line in enumerate(lines))
        for scheme in _level(all_schemes(length))
    )
    return best, len(lines) * (length + 1) // 2


def on_template(lines: Lines, prosody: Prosody) -> bool:
    """Whether a whole poem keeps to one scheme with a level rhyme; licences are accepted."""
    return any(True for _ in _level(schemes(lines, prosody)))


def _level(candidates: Iterable[Scheme]) -> Iterable[Scheme]:
    return (scheme for scheme in candidates if scheme.rhyme_tone == "level")


def _right(line: Sequence[int], form: LineForm, prosody: Prosody) -> list[bool]:
    """Which of the second, fourth, sixth and last characters can have the tone of a form."""
    tones = [form.second, _OPPOSITE[form.second], form.second][: len(line) // 2]
    asked = [*zip(line[1::2], tones, strict=True), (line[-1], form.last)]
    return [prosody.may_be(token, tone) for token, tone in asked]


def _strain(lines: Lines, scheme: Scheme, prosody: Prosody) -> tuple[bool, bool, int, int]:
    """How far lines that fit a scheme are from its ideal."""
    fitting = [
        [pattern for pattern in patterns(len(line), scheme.line(i)) if pattern.fits(line, prosody)]
        for i, line in enumerate(lines)
    ]
    groups = rhyme_groups(lines, scheme, prosody)
    return (
        scheme.rhyme_tone != "level",
        groups is not None and not groups,
        sum(not found for found in fitting),
        sum(all(pattern.licensed for pattern in found) for found in fitting),
    )
