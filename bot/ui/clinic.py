"""The message about a member's poem, and the form to write one in."""

from typing import Any

import discord

from ..clinic_text import ClinicText, Row
from ..i18n import Localizer
from ..markdown import escape, small
from ..verse import MAX_WRITTEN, Checkup, RhymeBook
from .layout import MAX_TEXT, Layout
from .typed import FENCE, field_value, read_typed, typed_block

__all__ = [
    "AGAIN_BUTTON",
    "FORM",
    "checkup_layout",
    "clinic_form",
    "poem_of",
    "refusal_layout",
    "written_poem",
]

AGAIN_BUTTON = r"lianju:check:again:(?P<book>pingshui|xinyun)"
FORM = "lianju:check:form:"
FIELD = "poem"
MAX_LABEL = 45  # characters of the title and the label of a form
WIDE_SPACE = "\u3000"  # as wide as a character of verse
RESERVED = 100  # characters of the last remark, which says how many are left out


def checkup_layout(checkup: Checkup, localizer: Localizer) -> Layout:
    """Returns what is told of a poem: its lines beside their tones, faults, remarks.

    Args:
        checkup: The poem, with what an engine knows of it.
        localizer: The language.
    """
    text = ClinicText(checkup, localizer)
    heading = f"### {escape(text.heading())}"
    title = checkup.text.heading.replace("`", "'")
    table = "\n".join((FENCE, *([title] if title else []), *_table(text.rows()), FENCE))
    legend = small(escape(text.legend()))
    numbers = range(len(checkup.poem.lines))
    faults = [text.of_line(number, each) for number in numbers for each in text.faults(number)]
    remarks = [
        text.of_line(number, localizer.format("clinic-and").join(found))
        for number in numbers
        if (found := text.remarks(number))
    ]
    rows = [small(escape(text.title()))] if title else []
    rows += [f"**{escape(text.verdict())}**", *(f"- {escape(each)}" for each in faults)]
    rows += [small(escape(each)) for each in (*remarks, *text.characters())]
    room = MAX_TEXT - RESERVED - sum(map(len, (heading, table, legend)))
    shown = _within(rows, room)
    if len(shown) < len(rows):
        more = localizer.format("clinic-more", count=len(rows) - len(shown))
        shown.append(small(more))
    return Layout(
        discord.ui.TextDisplay(heading),
        discord.ui.TextDisplay(table),
        discord.ui.TextDisplay("\n".join(shown)),
        _again(localizer, checkup.book),
        discord.ui.TextDisplay(legend),
    )


def refusal_layout(sentence: str, poem: str, book: RhymeBook, localizer: Localizer) -> Layout:
    """Returns why a poem is not checked, with what was written, so that it is not lost.

    Args:
        sentence: Why, in markdown.
        poem: What was written.
        book: The rhymes that were chosen.
        localizer: The language.
    """
    return Layout(
        discord.ui.TextDisplay(sentence),
        discord.ui.TextDisplay(typed_block(poem, MAX_WRITTEN)),
        _again(localizer, book),
    )


def poem_of(message: discord.Message) -> str:
    """Returns the poem that a message is about; empty if it is about none."""
    for component in message.components:
        for part in getattr(component, "children", ()):
            content = getattr(part, "content", "")
            if (typed := read_typed(content)) is not None:
                return typed
            if content.startswith(FENCE):
                rows = content.strip(f"{FENCE}\n").split("\n")
                return "\n".join(row.split()[1] if _is_numbered(row) else row for row in rows)
    return ""


def clinic_form(localizer: Localizer, book: RhymeBook, poem: str = "") -> discord.ui.Modal:
    """Returns the form to write a poem in.

    It is stopped at once, as a `Layout` is. What is sent is handled by its custom id, so that a
    form that was open while the bot restarted works as well.

    Args:
        localizer: The language.
        book: The rhymes to check it by.
        poem: What stands in it.
    """
    form = discord.ui.Modal(
        title=localizer.format("clinic-form-title")[:MAX_LABEL], timeout=None, custom_id=FORM + book
    )
    field = discord.ui.TextInput[discord.ui.Modal](
        custom_id=FIELD,
        style=discord.TextStyle.paragraph,
        max_length=MAX_WRITTEN,
        default=poem or None,
        placeholder=localizer.format("clinic-form-hint"),
    )
    label = localizer.format("clinic-form-label")[:MAX_LABEL]
    form.add_item(discord.ui.Label(text=label, component=field))
    form.stop()
    return form


def written_poem(data: Any) -> tuple[str, RhymeBook] | None:
    """Returns what the form was sent with, and the rhymes; None for the data of anything else."""
    custom_id = str(data.get("custom_id"))
    if not custom_id.startswith(FORM):
        return None
    book: RhymeBook = "xinyun" if custom_id == f"{FORM}xinyun" else "pingshui"
    return field_value(data, FIELD) or "", book


def _again(localizer: Localizer, book: RhymeBook) -> discord.ui.ActionRow[Any]:
    """Returns the button that opens the form with the poem of its message."""
    button: discord.ui.Button[Any] = discord.ui.Button(
        custom_id=f"lianju:check:again:{book}", label=localizer.format("clinic-again")
    )
    return discord.ui.ActionRow(button)


def _table(rows: list[Row]) -> list[str]:
    """Returns rows of characters that are all equally wide."""
    widest, digits = max(len(row.line) for row in rows), len(str(len(rows)))
    return [
        WIDE_SPACE.join(
            (
                _wide(str(number)).rjust(digits, WIDE_SPACE),
                row.line.ljust(widest, WIDE_SPACE),
                row.tones.ljust(widest, WIDE_SPACE),
                row.pattern.ljust(widest, WIDE_SPACE),
                f"{row.rhymes or WIDE_SPACE}{'✗' if row.faulty else ''}",
            )
        ).rstrip()
        for number, row in enumerate(rows, 1)
    ]


def _wide(number: str) -> str:
    """Returns digits that are as wide as a character of verse."""
    return "".join(chr(ord("０") + int(digit)) for digit in number)


def _is_numbered(row: str) -> bool:
    """Returns whether a row of a table has a line of the poem, and not its title."""
    return row.lstrip()[:1] in set(_wide("0123456789")) and len(row.split()) > 2


def _within(rows: list[str], room: int) -> list[str]:
    """Returns the first rows, as many as there is room for."""
    shown: list[str] = []
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        shown.append(row)
    return shown
