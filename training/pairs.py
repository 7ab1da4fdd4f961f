"""Pairs of texts: a source, and the target that answers it.

A file of pairs is UTF-8 with one pair a line, `source<TAB>target`, tokens separated by spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .errors import CorpusError


class Pair(NamedTuple):
    """The tokens of a source and of its target."""

    source: tuple[str, ...]
    target: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """Texts of a corpus.

    Attributes:
        targets: The tokens of each poem, or of each pair's target.
        sources: The tokens of each pair's source; None where the texts are no pairs.
    """

    targets: list[list[str]]
    sources: list[list[str]] | None = None

    def all(self) -> list[list[str]]:
        """Returns targets and sources."""
        return [*self.targets, *(self.sources or ())]


def parse_pairs(lines: Iterable[str], path: Path) -> Iterator[Pair]:
    """Yields the pairs of a file, without those of empty lines.

    Args:
        lines: Of the file.
        path: The file, for messages.

    Raises:
        CorpusError: A line is no pair; the message has its number.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        sides = [tuple(side.split()) for side in line.split("\t")]
        if len(sides) != 2:
            raise CorpusError(
                f"{path}, line {number}, has {len(sides) - 1} tabs: write source, one tab, target."
            )
        if not all(sides):
            raise CorpusError(
                f"{path}, line {number}, has an empty side: write source, one tab, target."
            )
        yield Pair(*sides)
