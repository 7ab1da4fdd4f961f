"""The card as a text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .card import GROUPS, Card, Row

_MARKS = {True: "✓", False: "✗", None: ""}

# Okabe & Ito's colours, which the colour-blind tell apart.
_COLOURS = {True: "#009E73", False: "#D55E00", None: "#7A8B99"}
_LEGEND = {True: "target met", False: "target missed", None: "no target"}
_INK, _FAINT = "#2B2B2B", "#5A6670"
_DIAMOND: dict[str, Any] = {
    "marker": "D",
    "markersize": 6,
    "color": "#E69F00",
    "markeredgecolor": "white",
    "markeredgewidth": 0.8,
}

# Where things stand from left to right, in lengths of a full bar.
_LEFT, _MEASURED, _MARKED, _TARGETS, _POETS, _RIGHT = -1.12, 1.25, 1.33, 1.6, 1.85, 1.87
_ROW = 0.31  # inches
_HEAD, _HEADLINE = 2.1, 1.5  # rows that the title and each group's name take


def markdown(card: Card) -> str:
    """Returns the card as Markdown, a table for each group of rows."""
    notes = {
        note: number
        for number, note in enumerate(
            dict.fromkeys(row.note for row in card.rows if row.note), start=1
        )
    }
    lines = [f"# {_title(card)}", "", _conditions(card), ""]
    for title, rows in _grouped(card):
        lines += [
            f"| {title} | measured | poets | target | |",
            "| --- | ---: | ---: | ---: | --- |",
        ]
        for row in rows:
            note = f" ({notes[row.note]})" if row.note else ""
            cells = (
                f"{row.label}{note}",
                row.shown(row.measured),
                row.poets,
                row.aim,
                _MARKS[row.met],
            )
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += [f"{number}. {note}" for note, number in notes.items()]
    return "\n".join(lines).rstrip() + "\n"


def draw(card: Card, path: Path) -> None:
    """Draws the card as a PNG: each figure a bar on a scale of its own."""
    grouped = _grouped(card)
    height = _HEAD + sum(_HEADLINE + len(rows) for _, rows in grouped)
    figure = Figure(figsize=(11, _ROW * height + 0.5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.set_xlim(_LEFT, _RIGHT)
    axes.set_ylim(height, 0)
    axes.axis("off")
    axes.text(_LEFT, 0.75, _title(card), fontsize=15, fontweight="bold", color=_INK)
    axes.text(_LEFT, 1.6, _conditions(card), fontsize=9, color=_FAINT)
    for x, name in ((_MEASURED, "measured"), (_TARGETS, "target"), (_POETS, "poets")):
        axes.text(x, _HEAD + 0.55, name, ha="right", fontsize=9, color=_FAINT)
    place = _HEAD
    for title, rows in grouped:
        axes.text(_LEFT, place + 0.6, title, fontsize=11.5, fontweight="bold", color=_INK)
        axes.plot((_LEFT, _RIGHT), (place + 0.78,) * 2, color="#C9D1D6", linewidth=0.8)
        for number, row in enumerate(rows):
            _draw_row(axes, row, place + _HEADLINE + number + 0.2)
        place += _HEADLINE + len(rows)
    figure.legend(
        handles=[
            *(Patch(color=_COLOURS[met], label=_LEGEND[met]) for met in _COLOURS),
            Line2D([], [], label="poets, by the same code", linestyle="", **_DIAMOND),
            Line2D([], [], color=_INK, linewidth=2, label="target"),
        ],
        loc="outside lower center",
        ncols=5,
        frameon=False,
        fontsize=9,
    )
    temporary = path.with_name(f".{path.name}")
    figure.savefig(temporary, format="png", dpi=130)
    temporary.replace(path)


def _draw_row(axes: Axes, row: Row, place: float) -> None:
    """Draws one row: its name left of 0, its bar from 0 to 1, its figures right of that."""
    axes.text(-0.03, place, row.label, ha="right", va="center", fontsize=9.5, color=_INK)
    scale = _scale(row)
    if scale and row.measured is not None:
        axes.barh(place, 1, height=0.62, color="#EEF1F3")
        axes.barh(place, abs(row.measured) * scale, height=0.62, color=_COLOURS[row.met])
        if row.target is not None:
            at = abs(row.target) * scale
            axes.plot((at, at), (place - 0.42, place + 0.42), color=_INK, linewidth=2)
        if row.ceiling is not None:
            axes.plot(abs(row.ceiling) * scale, place, **_DIAMOND)
    for x, text, weight, colour in (
        (_MEASURED, row.shown(row.measured), "bold", _INK),
        (_MARKED, _MARKS[row.met], "bold", _COLOURS[row.met]),
        (_TARGETS, row.aim, "normal", _INK),
        (_POETS, row.poets, "normal", _FAINT),
    ):
        axes.text(
            *(x, place, text),
            ha="right",
            va="center",
            fontsize=9.5,
            fontweight=weight,
            color=colour,
        )


def _scale(row: Row) -> float | None:
    """What a row's figures are multiplied by for a length; None where a bar would say nothing."""
    others = [abs(value) for value in (row.ceiling, row.target) if value is not None]
    if not others:
        return 1.0 if row.unit == "share" else None
    return 1 / (1.03 * max(abs(row.measured or 0), *others) or 1)


def _grouped(card: Card) -> Sequence[tuple[str, list[Row]]]:
    groups = (
        (title, [row for row in card.rows if row.group == group]) for group, title in GROUPS.items()
    )
    return [(title, rows) for title, rows in groups if rows]


def _title(card: Card) -> str:
    return f"Report card of {card.bundle['name']} {card.bundle['version']}"


def _conditions(card: Card) -> str:
    given = card.conditions
    return (
        f"{given['couplets']} held-out first lines, {given['quatrains']} quatrains, "
        f"seed {given['seed']}; judge: {given['judge'] or 'none'}"
    )
