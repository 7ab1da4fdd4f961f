"""Couplets: the antithetical lines in the middle of regulated poems, as pairs.

The third and fourth line of a 律诗, and its fifth and sixth, answer each other place by place. Such
a pair is learned in both directions; the first token of a source says which line is wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Set
from itertools import chain

from lianju.bot.verse.text.vocabulary import LOWER, UPPER

from .pairs import Pair

COMMA = "，"

_LINES = 8
_MIDDLE = ((2, 3), (4, 5))  # the upper and the lower line of the two couplets

Line = tuple[str, ...]
Couplet = tuple[Line, Line]

# A line of seven is read as 2 + 2 + 3 characters, a line of five as 2 + 3. Both lines of a couplet
# are cut at the same places, so what is cut out of them is antithetical too.
_WHOLE, _HEAD, _TAIL, _END = slice(None), slice(4), slice(2, None), slice(-3, None)
_PIECES: dict[int, tuple[tuple[slice, ...], ...]] = {
    5: ((_WHOLE, _WHOLE), (_WHOLE, _WHOLE), (_WHOLE, _WHOLE), (_END, _END)),
    7: (
        (_HEAD,),
        (_HEAD,),
        (_HEAD,),
        (_HEAD, _HEAD),
        (_HEAD, _HEAD),
        (_TAIL, _TAIL),
        (_HEAD, _TAIL),
        (_TAIL, _HEAD),
        (_HEAD, _WHOLE),
        (_WHOLE, _HEAD),
        (_TAIL, _WHOLE),
        (_WHOLE, _TAIL),
        (_END, _END),
    ),
}
_WITHOUT_COMMA = 3  # one of so many joined pieces


def couplets_of(lines: tuple[Line, ...]) -> list[Couplet]:
    """Returns the two middle couplets of a regulated poem of eight lines; none of another text."""
    if (
        len(lines) != _LINES
        or len({len(line) for line in lines}) > 1
        or len(lines[0]) not in (5, 7)
    ):
        return []
    return [(lines[upper], lines[lower]) for upper, lower in _MIDDLE]


def piece_of(couplets: list[Couplet], held_out: Set[Line]) -> Couplet | None:
    """Returns a couplet of another length, cut out of the two of a poem.

    It is a part of the first couplet, or parts of both, joined by a comma at the same place of both
    lines, or without one. Which parts depends on the poem alone.

    Args:
        couplets: Of a regulated poem.
        held_out: Lines that no part may be; there is no piece where one is.
    """
    text = "".join(chain.from_iterable(chain.from_iterable(couplets)))
    number = int(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), 16)
    kinds = _PIECES[len(couplets[0][0])]
    number, kind = divmod(number, len(kinds))
    parts = [
        (upper[part], lower[part])
        for (upper, lower), part in zip(couplets, kinds[kind], strict=False)
    ]
    if not held_out.isdisjoint(chain.from_iterable(parts)):
        return None
    joint = () if number % _WITHOUT_COMMA == 0 else (COMMA,)
    (upper, lower), *rest = parts
    for more_upper, more_lower in rest:
        upper, lower = (*upper, *joint, *more_upper), (*lower, *joint, *more_lower)
    return upper, lower


def both_directions(couplets: Iterable[Couplet]) -> Iterator[Pair]:
    """Yields the two pairs of each couplet."""
    for upper, lower in couplets:
        yield Pair((LOWER, *upper), lower)
        yield Pair((UPPER, *lower), upper)
