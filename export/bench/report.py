"""What the bench reports: rows with a figure, a target and a verdict, as a table or as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click

NAME, FIGURE, TARGET = 46, 9, 11  # columns
MARKS = {True: "✓", False: "✗", None: " "}


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        value: what was measured, in `unit`; None if it could not be.
        unit: `ms`, `s`, `MB`, `%` or `×`.
        target: what `value` is to be, if anything.
        bound: whether `value` may be at most or at least that.
        note: what else there is to know: what a ratio compares, or why nothing was measured.
        depth: how far the name is indented: a row tells more of the one above it.
    """

    name: str
    value: float | None
    unit: str
    target: float | None = None
    bound: Literal["at most", "at least"] = "at most"
    note: str = ""
    depth: int = 0

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or no figure."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.bound == "at most" else self.value >= self.target

    def as_json(self) -> dict[str, Any]:
        """The row with its verdict."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "bound": None if self.target is None else self.bound,
            "met": self.met,
            "note": self.note,
        }

    def __str__(self) -> str:
        figure = "–" if self.value is None else _number(self.value, self.unit)
        sign = "≤" if self.bound == "at most" else "≥"
        target = "" if self.target is None else f"{sign} {self.target:.4g}{_unit(self.unit)}"
        name = _padded("  " * (self.depth + 1) + self.name, NAME)
        line = f"{name}{figure:>{FIGURE}}{target:>{TARGET}} {MARKS[self.met]}  "
        return (line + click.style(self.note, dim=True)).rstrip()


def skipped(name: str, unit: str, hint: str, depth: int = 0) -> Row:
    """A row without a figure, and how to get one."""
    return Row(name, None, unit, note=hint, depth=depth)


@dataclass(frozen=True)
class Section:
    """Rows under a title."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Report:
    """All that was measured, and on what.

    Attributes:
        facts: machine, bundle and options by name.
    """

    facts: dict[str, Any]
    sections: Sequence[Section]

    def as_json(self) -> dict[str, Any]:
        """The whole report; rows have the titles of their sections."""
        rows = [
            {"section": section.title, **row.as_json()}
            for section in self.sections
            for row in section.rows
        ]
        return {**self.facts, "rows": rows}

    def __str__(self) -> str:
        facts = self.facts
        threads = f"threads: {facts['threads'] or 'every core'}"
        head = (
            f"{facts['bundle']['name']} {facts['bundle']['version']}, {facts['precision']} on "
            f"{facts['provider']} · {facts['cores']} cores, {threads} · "
            f"onnxruntime {facts['onnxruntime']} · medians of {facts['repeat']}"
        )
        lines = [click.style(head, bold=True)]
        for section in self.sections:
            lines += ["", click.style(section.title, bold=True), *map(str, section.rows)]
        verdicts = [row.met for section in self.sections for row in section.rows]
        verdicts = [met for met in verdicts if met is not None]
        return "\n".join((*lines, "", f"{sum(verdicts)} of {len(verdicts)} targets met"))


def _number(value: float, unit: str) -> str:
    digits = {"%": 2, "MB": 0}.get(unit, 2 if value < 10 else 1)
    # Rounding must not lift 99.996 % to the 100.00 % that a row then seems to have.
    rounded = min(value, 99.99) if unit == "%" and value < 100 else value
    return f"{rounded:.{digits}f}{_unit(unit)}"


def _unit(unit: str) -> str:
    return unit if unit == "×" else f" {unit}"


def _padded(text: str, columns: int) -> str:
    """Text with spaces behind it; a Chinese character takes two columns."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return text + " " * max(1, columns - len(text) - wide)
