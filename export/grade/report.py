"""The report card and its one presentation: Markdown, which rich formats on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import click

Unit = Literal["share", "perplexity", "nats", "number", "characters", "ms"]

GROUPS = {
    "model": "The model",
    "choosing": "The best next line: guards",
    "candidates": "Five candidates",
    "form": "Form",
    "variety": "Variety of quatrains",
    "novelty": "Novelty",
    "truth": "The poet's own line",
    "readers": "Readers",
    "two-sample": "Told from poets' lines",
    "time": "Time",
}


class Table(NamedTuple):
    """Text in rows and columns; the first column is aligned left, the others right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Returns the table in Markdown."""
        rule = ("---", *("---:" for _ in self.columns[1:]))
        lines = (self.columns, rule, *self.rows)
        return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def show(markdown: str) -> None:
    """Prints Markdown: formatted on a terminal, as it stands elsewhere."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(markdown))
    else:
        click.echo(markdown, nl=False)


@dataclass(frozen=True)
class Figure:
    """One figure of the card.

    Attributes:
        key: Its name in JSON.
        group: A key of `GROUPS`.
        label: Its name on the card.
        measured: Its value for the bundle.
        human_reference: Its value for lines of poets, by the same code, if they have one.
        target: The value to reach, if there is one.
        at_most: Whether the target is an upper limit.
        note: What a reader should know.
    """

    key: str
    group: str
    label: str
    unit: Unit
    measured: float
    human_reference: float | None = None
    target: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.target is None:
            return None
        return self.measured <= self.target if self.at_most else self.measured >= self.target

    def cells(self) -> tuple[str, str, str, str]:
        """Returns the texts for measured value, human reference, target and verdict."""
        reference = "" if self.human_reference is None else self._text(self.human_reference)
        sign = "≤" if self.at_most else "≥"
        target = "" if self.target is None else f"{sign} {self._text(self.target)}"
        mark = {True: "✓", False: "✗", None: ""}[self.met]
        return self._text(self.measured), reference, target, mark

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for JSON, numbers rounded to five decimals."""
        values = asdict(self) | {"met": self.met}
        return {k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()}

    def _text(self, value: float) -> str:
        if self.unit == "share":
            return f"{100 * value:.1f} %"
        if self.unit == "number":
            return f"{value:.2f}".replace("-", "−")
        if self.unit == "ms":
            return f"{value:.0f} ms"
        return f"{value:.1f}".replace("-", "−")


@dataclass(frozen=True)
class ReportCard:
    """A bundle's report card.

    Attributes:
        bundle: Its name, version, and the SHA-256 of its files.
        conditions: Corpus, number of couplets and quatrains, seed.
    """

    bundle: dict[str, Any]
    conditions: dict[str, Any]
    figures: tuple[Figure, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for JSON."""
        rows = [figure.as_dict() for figure in self.figures]
        return {"bundle": self.bundle, "conditions": self.conditions, "rows": rows}

    def markdown(self) -> str:
        """Returns the card in Markdown: a table for each group, then numbered notes."""
        given = self.conditions
        notes = list(dict.fromkeys(figure.note for figure in self.figures if figure.note))

        def row(figure: Figure) -> tuple[str, ...]:
            number = f" ({notes.index(figure.note) + 1})" if figure.note else ""
            return (f"{figure.label}{number}", *figure.cells())

        parts = [
            f"# Report card of {self.bundle['name']} {self.bundle['version']}\n",
            f"{given['couplets']} held-out first lines, {given['quatrains']} quatrains, "
            f"seed {given['seed']}\n",
        ]
        for group, title in GROUPS.items():
            rows = [row(figure) for figure in self.figures if figure.group == group]
            if rows:
                columns = (title, "measured", "human reference", "target", "")
                parts.append(Table(columns, rows).markdown())
        if notes:
            parts.append("".join(f"{n}. {note}\n" for n, note in enumerate(notes, start=1)))
        return "\n".join(parts)
