"""What a player of linked verse alone sees: the form for a line, what breaks in it, suggestions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import discord

from ..fault_text import fault_text, groups_text
from ..i18n import Localizer
from ..linked import Table
from ..linked.next_line import NextLineRules
from ..markdown import escape, small
from ..verse import CharacterReadings, CheckedLine, to_traditional
from .layout import Layout
from .linked import action_id
from .typed import field_value

__all__ = [
    "LINE_MODAL",
    "TEXT_BUTTON",
    "faults",
    "finish_layout",
    "line_modal",
    "note_layout",
    "offers_layout",
    "question_layout",
    "refused_layout",
    "typed_line",
]

NO_CHOICES: Mapping[int, str] = MappingProxyType({})
TextAction = Literal["again", "keep", "pick", "use"]

TEXT_BUTTON = (
    r"lianju:linked:1:(?P<action>again|keep|pick|use):(?P<table>\d{1,18})"
    r":(?P<place>\d{1,2}):(?P<text>[\s\S]*)"
)
LINE_MODAL = r"lianju:linked-line:1:(?P<table>\d{1,18}):(?P<place>\d{1,2})"
LINE_INPUT = "line"
MAX_TYPED = 100  # characters in the form; a line has seven, and punctuation
MAX_KEPT = 40  # characters of what was written, in the custom id of a button
MAX_LABEL = 45  # characters of the title and label of a form


def line_modal(
    table: Table, rules: NextLineRules, localizer: Localizer, text: str = ""
) -> discord.ui.Modal:
    """Returns the form for the next line.

    It is stopped at once, like a `Layout`: what is sent is handled by its custom id, so that a form
    that was open while the bot was restarted works as well.

    Args:
        table: The table.
        rules: What the line must be.
        localizer: The language.
        text: What stands in it.
    """
    place = len(table.lines)
    wanted = [localizer.format("linked-wants-length", length=rules.length)]
    wanted += rules.patterns[:1] if rules.regular == 1 else ()
    wanted += rules.rhymes[:1]
    modal = discord.ui.Modal(
        title=localizer.format("linked-modal", line=place + 1)[:MAX_LABEL],
        timeout=None,
        custom_id=f"lianju:linked-line:1:{table.id}:{place}",
    )
    field = discord.ui.TextInput[discord.ui.Modal](
        custom_id=LINE_INPUT,
        max_length=MAX_TYPED,
        default=text or None,
        placeholder=localizer.format("linked-modal-hint"),
    )
    modal.add_item(discord.ui.Label(text=" · ".join(wanted)[:MAX_LABEL], component=field))
    modal.stop()
    return modal


def typed_line(data: Any) -> str:
    """Returns what a form for a line was sent with."""
    return field_value(data, LINE_INPUT) or ""


def refused_layout(
    localizer: Localizer, sentence: str, table_id: int, place: int, text: str
) -> Layout:
    """Returns why a line was not written, with a button that opens the form with it again.

    Args:
        localizer: The language.
        sentence: Why, in markdown.
        table_id: The table.
        place: The index of the next line.
        text: What was written.
    """
    again = _text_button(localizer.format("linked-again"), "again", table_id, place, text)
    return Layout(discord.ui.TextDisplay(sentence), discord.ui.ActionRow(again))


def question_layout(
    localizer: Localizer,
    table: Table,
    text: str,
    checked: CheckedLine,
    readings: CharacterReadings,
    choices: Mapping[int, str],
) -> Layout:
    """Returns what breaks in a line, and under loose rules whether to keep it all the same.

    Args:
        localizer: The language.
        table: The table.
        text: The line.
        checked: The line beside its pattern.
        readings: Tones and rhymes.
        choices: Characters that would do, by place.
    """
    place = len(table.lines)
    rows = [f"- {each}" for each in faults(localizer, text, checked, readings, choices)]
    if checked.pattern is not None:
        nearest = localizer.format("linked-pattern", tones=checked.pattern.text)
        rows.append(small(nearest))
    strict = table.rules == "strict"
    head = localizer.format("linked-refused" if strict else "linked-keep-question")
    buttons = [_text_button(localizer.format("linked-change"), "again", table.id, place, text)]
    if not strict:
        keep = localizer.format("linked-keep")
        buttons.insert(0, _text_button(keep, "keep", table.id, place, text))
    return Layout(
        discord.ui.TextDisplay(f"**{escape(text)}**\n{head}"),
        discord.ui.TextDisplay("\n".join(rows)),
        discord.ui.ActionRow(*buttons),
    )


def offers_layout(
    localizer: Localizer, table: Table, offers: Sequence[str], *, takes: bool
) -> Layout:
    """Returns lines of Lianju's to choose from.

    Args:
        localizer: The language.
        table: The table.
        offers: The lines.
        takes: Whether a press writes the line as Lianju's; else it opens the form with it.
    """
    place = len(table.lines)
    head = localizer.format("linked-offers" if takes else "linked-suggestions", line=place + 1)
    label = localizer.format("linked-take" if takes else "linked-use")
    action: TextAction = "pick" if takes else "use"
    return Layout(
        discord.ui.TextDisplay(head),
        *(
            discord.ui.Section(
                f"**{escape(offer)}**",
                accessory=_text_button(label, action, table.id, place, offer),
            )
            for offer in offers
        ),
    )


def finish_layout(localizer: Localizer, table: Table) -> Layout:
    """Returns the question whether to finish a poem as it is."""
    button = discord.ui.Button[Layout](
        label=localizer.format("linked-finish-yes"),
        style=discord.ButtonStyle.danger,
        custom_id=action_id("end", table.id),
    )
    question = localizer.format(
        "linked-finish-question", lines=len(table.lines), most=table.most_lines
    )
    return Layout(discord.ui.TextDisplay(question), discord.ui.ActionRow(button))


def note_layout(text: str) -> Layout:
    """Returns a note in markdown."""
    return Layout(discord.ui.TextDisplay(text))


def faults(
    localizer: Localizer,
    text: str,
    checked: CheckedLine,
    readings: CharacterReadings,
    choices: Mapping[int, str] = NO_CHOICES,
) -> list[str]:
    """Returns a sentence, without a full stop, for each fault of a line.

    Args:
        localizer: The language.
        text: The line as it was written.
        checked: The line beside its pattern.
        readings: Tones and rhymes.
        choices: Characters that would do, by place.
    """
    traditional = to_traditional(checked.text) == text != checked.text
    return [
        fault_text(
            localizer,
            fault,
            text,
            len(checked.text),
            groups_text(fault.groups, readings, localizer, traditional),
            "" if fault.place is None else choices.get(fault.place, ""),
        )
        for fault in checked.faults
    ]


def _text_button(
    label: str, action: TextAction, table_id: int, place: int, text: str
) -> discord.ui.Button[Any]:
    kept = text[:MAX_KEPT].encode("utf-8", "replace").decode()
    return discord.ui.Button(
        label=label, custom_id=f"lianju:linked:1:{action}:{table_id}:{place}:{kept}"
    )
