"""The card as a text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .card import GROUPS, Card, Row

_MARKS = {True: "✓", False: "✗", None: ""}

# Okabe & Ito's colours, which the colour-blind tell apart.
_COLOURS = {True: "#009E73", False: "#D55E00", None: "#7A8B99"}
_POETS, _TARGET, _INK, _TRACK = "#E69F00", "#1B1B1B", "#2B2B2B", "#EEF1F3"
_ROW = 0.34  # inches
_HEADLINE = 1.25  # rows


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
                "" if row.ceiling is None else row.shown(row.ceiling),
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
    height = sum(_HEADLINE + len(rows) for _, rows in grouped)
    figure = Figure(figsize=(11, _ROW * height + 1.35), layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.set_xlim(-1.18, 1.62)
    axes.set_ylim(height + 0.1, -0.2)
    axes.axis("off")
    place = 0.0
    for title, rows in grouped:
        axes.text(-1.18, place + 0.7, title, fontsize=11.5, fontweight="bold", color=_INK)
        axes.plot((-1.18, 1.62), (place + 0.88,) * 2, color="#C9D1D6", linewidth=0.8)
        place += _HEADLINE
        for row in rows:
            _draw_row(axes, row, place + 0.35)
            place += 1
    figure.suptitle(_title(card), fontsize=15, fontweight="bold", x=0.02, ha="left", color=_INK)
    axes.set_title(_conditions(card), fontsize=9, loc="left", color="#5A6670", pad=8)
    figure.legend(
        handles=[
            Patch(color=_COLOURS[True], label="measured, target met"),
            Patch(color=_COLOURS[False], label="measured, target missed"),
            Patch(color=_COLOURS[None], label="measured, no target"),
            Line2D([], [], color=_POETS, marker="D", linestyle="", label="poets, by the same code"),
            Line2D([], [], color=_TARGET, linewidth=2, label="target"),
        ],
        loc="outside lower center",
        ncols=5,
        frameon=False,
        fontsize=9,
    )
    temporary = path.with_name(f".{path.name}")
    figure.savefig(temporary, format="png", dpi=150)
    temporary.replace(path)


def _draw_row(axes: Axes, row: Row, place: float) -> None:
    """Draws one row: its name left of 0, its bar from 0 to 1, its figures right of that."""
    figures = [abs(value) for value in (row.measured, row.ceiling, row.target) if value is not None]
    scale = 1 / (max(figures, default=0) * 1.04 or 1)
    axes.text(-0.03, place, row.label, ha="right", va="center", fontsize=9.5, color=_INK)
    axes.barh(place, 1, height=0.62, color=_TRACK)
    if row.measured is not None:
        axes.barh(place, abs(row.measured) * scale, height=0.62, color=_COLOURS[row.met])
    if row.target is not None:
        at = abs(row.target) * scale
        axes.plot((at, at), (place - 0.42, place + 0.42), color=_TARGET, linewidth=2)
    if row.ceiling is not None:
        axes.plot(
            abs(row.ceiling) * scale,
            place,
            marker="D",
            markersize=6,
            color=_POETS,
            markeredgecolor="white",
            markeredgewidth=0.8,
        )
    shown = row.shown(row.measured)
    axes.text(1.03, place, shown, va="center", fontsize=9.5, fontweight="bold", color=_INK)
    axes.text(1.24, place, row.aim, va="center", fontsize=9, color=_INK)
    if row.ceiling is not None:
        poets = f"poets {row.shown(row.ceiling)}"
        axes.text(1.62, place, poets, va="center", ha="right", fontsize=9, color="#8A5A00")


def _grouped(card: Card) -> Sequence[tuple[str, list[Row]]]:
    groups = (
        (title, [row for row in card.rows if row.group == group]) for group, title in GROUPS.items()
    )
    return [(title, rows) for title, rows in groups if rows]


def _title(card: Card) -> str:
    return f"Report card of {card.bundle['name']} {card.bundle['version']}"


def _conditions(card: Card) -> str:
    given = card.conditions
    judge = given["judge"]["name"] if given["judge"] else "none"
    return (
        f"{given['couplets']} held-out first lines, {given['quatrains']} quatrains, "
        f"seed {given['seed']}; judge: {judge}"
    )
