"""The schemes that a poem comes nearest to, where some of its lines may leave all of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .forms import Lines, Scheme, departure_key, fitting_lines, rhyme_groups
from .readings import Readings, Token

__all__ = ["Departure", "find_departures", "most_shared_groups", "nearest_schemes"]


@dataclass(frozen=True)
class Departure:
    """A rule that a line leaves.

    Attributes:
        line: The index of the line.
        rule: The rule.
    """

    line: int
    rule: Literal["tones", "rhyme"]


def nearest_schemes(
    lines: Lines[Token], choice: Sequence[Scheme], prosody: Readings[Token]
) -> tuple[Scheme, ...]:
    """Returns those of several schemes that most lines of a poem fit, the most regular first.

    All of them fit the same lines, and have a rhyme of the same tone.

    Args:
        lines: The lines of the poem, of the length of the schemes. A token that the table lacks
            stands for any.
        choice: The schemes, at least one.
        prosody: Tones and rhymes.
    """
    fitting = {scheme: fitting_lines(lines, scheme, prosody) for scheme in choice}
    ordered = sorted(
        choice,
        key=lambda scheme: (-sum(fitting[scheme]), departure_key(lines, scheme, prosody)),
    )
    best = ordered[0]
    return tuple(
        scheme
        for scheme in ordered
        if fitting[scheme] == fitting[best] and scheme.rhyme_tone == best.rhyme_tone
    )


def most_shared_groups(
    lines: Lines[Token], scheme: Scheme, prosody: Readings[Token]
) -> frozenset[int] | None:
    """Returns the groups in which most of the even lines have a reading; None without any rhyme.

    As `rhyme_groups`, but for lines that need not all rhyme. Of groups of equally many lines, those
    of the earliest line.
    """
    if shared := rhyme_groups(lines, scheme, prosody):
        return shared
    ends = [prosody.groups_of(line[-1], scheme.rhyme_tone) for line in lines[1::2]]
    counts = Counter(group for groups in ends for group in groups)
    if not counts:
        return None
    most = {group for group, count in counts.items() if count == max(counts.values())}
    return next(groups & most for groups in ends if groups & most)


def find_departures(
    lines: Lines[Token],
    scheme: Scheme,
    groups: frozenset[int] | None,
    prosody: Readings[Token],
) -> tuple[Departure, ...]:
    """Returns what the lines of a poem leave of the rules, by line.

    Args:
        lines: The lines of the poem.
        scheme: The scheme that they are compared with.
        groups: The rhyme groups of which one is wanted at the ends of even lines; None for any.
        prosody: Tones and rhymes.
    """
    found = []
    fits = fitting_lines(lines, scheme, prosody)
    for index, (line, is_fitting) in enumerate(zip(lines, fits, strict=True)):
        if not is_fitting:
            found.append(Departure(index, "tones"))
        own = prosody.groups_of(line[-1], scheme.rhyme_tone)
        if index % 2 and groups and own and not own & groups:
            found.append(Departure(index, "rhyme"))
    return tuple(found)
