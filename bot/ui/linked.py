"""The message of a table of linked verse (联句): the poem, and what the next line must be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import discord

from ..i18n import Localizer
from ..linked import Line, Table
from ..linked.next_line import NextLineRules
from ..markdown import escape, literal, small
from ..revising import is_revisable
from .layout import Layout
from .revise import TABLE_REVISE

__all__ = [
    "LINE_BUTTON",
    "POEM_BUTTON",
    "TABLE_BUTTON",
    "TableAction",
    "TableView",
    "action_id",
    "table_layout",
]

TableAction = Literal[
    "write", "lianju", "help", "skip", "undo", "join", "finish", "end", "heart", "picture"
]

LINE_BUTTON = r"lianju:linked:1:(?P<action>write|lianju|help):(?P<table>\d{1,18})"
TABLE_BUTTON = r"lianju:linked:1:(?P<action>skip|undo|join|finish|end):(?P<table>\d{1,18})"
POEM_BUTTON = r"lianju:linked:1:(?P<action>heart|picture):(?P<table>\d{1,18})"
MAX_SOURCE = 60  # characters of a poet's name and a title


@dataclass(frozen=True)
class TableView:
    """What the message of a table shows.

    Attributes:
        table: The table.
        rules: What the next line must be; None if the table is closed.
        rhyming: Common characters that would rhyme.
        hearts: How many keep the finished poem.
    """

    table: Table
    rules: NextLineRules | None = None
    rhyming: str = ""
    hearts: int = 0


def action_id(action: TableAction, table_id: int) -> str:
    """Returns the custom id of a button of a table."""
    return f"lianju:linked:1:{action}:{table_id}"


def table_layout(view: TableView, localizer: Localizer) -> Layout:
    """Returns the message of a table.

    Args:
        view: What it shows.
        localizer: The language of the table.
    """
    table = view.table
    heading = localizer.format("linked-heading", form=table.form)
    parts: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(f"### {heading}\n{_conditions(table, localizer)}"),
        discord.ui.TextDisplay(_poem(table.lines, localizer)),
    ]
    if view.rules is None:
        state = localizer.format("linked-state", state=table.state, lines=len(table.lines))
        parts.append(discord.ui.TextDisplay(small(state)))
        if table.verse is not None:
            label = f"♥ {view.hearts}" if view.hearts else "♥"
            picture = localizer.format("answer-picture")
            row = [_button(label, "heart", table), _button(picture, "picture", table)]
            if is_revisable(table.texts):
                custom_id = f"{TABLE_REVISE}:{table.id}"
                row.append(discord.ui.Button(label=localizer.format("revise"), custom_id=custom_id))
            parts.append(discord.ui.ActionRow(*row))
        return Layout(*parts)
    parts.append(discord.ui.TextDisplay(_next(view, view.rules, localizer)))
    return Layout(*parts, *_buttons(table, localizer))


def _conditions(table: Table, localizer: Localizer) -> str:
    """Returns the rules, who may write, and in which order."""
    texts = [
        localizer.format("linked-rules", rules=table.rules),
        localizer.format("linked-who", named=int(table.named)),
        localizer.format("linked-order", order=table.order, minutes=table.minutes),
    ]
    rows = [" · ".join(texts)]
    if table.named or table.order == "turns":
        players = " ".join(f"<@{player}>" for player in table.players)
        rows.append(localizer.format("linked-players", players=players))
    return "\n".join(map(small, rows))


def _poem(lines: Sequence[Line], localizer: Localizer) -> str:
    if not lines:
        return localizer.format("linked-empty")
    return "\n".join(
        f"**{number}.** {escape(line.text)}{_writer(line, localizer)}"
        for number, line in enumerate(lines, 1)
    )


def _writer(line: Line, localizer: Localizer) -> str:
    if line.by == "lianju":
        return f" · {localizer.format('linked-by-lianju')}"
    if line.by == "poet":
        return f" · {literal(line.source or '', MAX_SOURCE)}"
    return "" if line.user_id is None else f" · <@{line.user_id}>"


def _next(view: TableView, rules: NextLineRules, localizer: Localizer) -> str:
    """Returns whose turn it is, and what the next line must be."""
    table, number = view.table, len(view.table.lines) + 1
    place = localizer.format("linked-next", line=number, most=table.most_lines)
    rows = [f"**{place}** · {_turn(table, localizer)}", *_wanted(view, rules, localizer)]
    if rules.patterns:
        rows.append(small(localizer.format("linked-legend")))
    return "\n".join(rows)


def _turn(table: Table, localizer: Localizer) -> str:
    if table.is_round_missed:
        return localizer.format("linked-turn-missed")
    if table.player is None:
        return localizer.format("linked-turn-anybody", named=int(table.named))
    member = str(table.player)
    if table.turn_ends_at is None:
        return localizer.format("linked-turn-of", member=member)
    ends_at = str(int(table.turn_ends_at))
    return localizer.format("linked-turn-until", member=member, ends_at=ends_at)


def _wanted(view: TableView, rules: NextLineRules, localizer: Localizer) -> list[str]:
    number = len(view.table.lines) + 1
    texts = [localizer.format("linked-wants-length", length=rules.length)]
    if rules.patterns:
        either = localizer.format("linked-or")
        regular = either.join(rules.patterns[: rules.regular])
        licensed = either.join(rules.patterns[rules.regular :])
        texts.append(localizer.format("linked-wants-tones", tones=regular))
        if licensed and rules.regular == 1:  # a first line has enough to choose from
            texts.append(localizer.format("linked-wants-licensed", tones=licensed))
    if rules.rhymes:
        texts.append(
            localizer.format(
                "linked-wants-rhyme",
                characters=" ".join(view.rhyming),
                groups="、".join(rules.rhymes),
            )
        )
    elif rules.is_rhyming:
        texts.append(localizer.format("linked-wants-first-rhyme"))
    elif rules.patterns and rules.regular == 1:
        texts.append(localizer.format("linked-wants-no-rhyme"))
    if rules.answers:
        texts.append(localizer.format("linked-wants-answer", line=number - 1))
    if any(each.used for each in rules.wanted):
        texts.append(localizer.format("linked-wants-once"))
    return [f"- {text}" for text in texts]


def _buttons(table: Table, localizer: Localizer) -> list[discord.ui.ActionRow[Any]]:
    first: list[TableAction] = ["write", "lianju", "help"]
    second: list[TableAction] = ["undo", "finish"]
    if table.order == "turns":
        second.insert(0, "skip")
        if not table.named:
            first.append("join")
    return [
        discord.ui.ActionRow(
            *(
                _button(
                    localizer.format(f"linked-button-{action}"),
                    action,
                    table,
                    discord.ButtonStyle.primary
                    if action == "write"
                    else discord.ButtonStyle.secondary,
                )
                for action in row
            )
        )
        for row in (first, second)
    ]


def _button(
    label: str,
    action: TableAction,
    table: Table,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> discord.ui.Button[Any]:
    return discord.ui.Button(label=label, style=style, custom_id=action_id(action, table.id))
