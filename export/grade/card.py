"""The card: rows of measured figures, each beside what poets reach and what is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["share", "perplexity", "nats", "characters", "ms"]

GROUPS: Mapping[str, str] = {
    "model": "The model",
    "choosing": "Choosing the next line",
    "candidates": "Five candidates",
    "form": "Form",
    "variety": "Variety of quatrains",
    "novelty": "Novelty",
    "truth": "The poet's own line",
    "time": "Time",
}


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        key: its name in JSON.
        group: which of `GROUPS` it stands in.
        label: what it is, in Latin letters alone, since not every machine has Chinese fonts.
        measured: of the bundle; None where that could not be measured.
        ceiling: of poets' own lines, by the same code, where they have such a figure.
        target: what is aimed at, if anything is.
        at_most: the target is to be stayed under, rather than reached.
        note: what a reader should know.
    """

    key: str
    group: str
    label: str
    unit: Unit
    measured: float | None
    ceiling: float | None = None
    target: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.target is None or self.measured is None:
            return None
        return self.measured <= self.target if self.at_most else self.measured >= self.target

    def shown(self, value: float | None) -> str:
        """A figure of this row as its reader is to see it."""
        if value is None:
            return "–"
        if self.unit == "share":
            return f"{100 * value:.1f} %"
        if self.unit == "ms":
            return f"{value:.0f} ms"
        return f"{value:.1f}".replace("-", "−")

    @property
    def poets(self) -> str:
        """The ceiling as its reader is to see it."""
        return "" if self.ceiling is None else self.shown(self.ceiling)

    @property
    def aim(self) -> str:
        """The target as its reader is to see it."""
        if self.target is None:
            return ""
        return f"{'≤' if self.at_most else '≥'} {self.shown(self.target)}"


@dataclass(frozen=True)
class Card:
    """A bundle's report card.

    Attributes:
        bundle: its name, version, and the SHA-256 of its files.
        conditions: what was graded on: corpus, judge, numbers, seed, threads.
    """

    bundle: dict[str, Any]
    conditions: dict[str, Any]
    rows: tuple[Row, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for JSON."""
        return {
            "bundle": self.bundle,
            "conditions": self.conditions,
            "rows": [_plain(row) for row in self.rows],
        }


def _plain(row: Row) -> dict[str, Any]:
    values = asdict(row) | {"met": row.met}
    return {
        key: round(value, 5) if isinstance(value, float) else value for key, value in values.items()
    }
