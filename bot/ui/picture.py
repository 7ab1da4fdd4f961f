"""The messages around a picture: which verse, the picture itself, and how they are read back.

What a press needs to know is in the message: the lines of the verse, below them the writers in
small type, above them a title. Day, style and script are in the custom ids.
"""

import datetime
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import discord
from discord.components import Component, Container, SectionComponent, TextDisplay

from ..characters import describe
from ..i18n import Localizer
from ..markdown import SMALL, escape, small, unescape
from ..picture import STYLES, Card, Picture, PictureError, Style
from ..verse import Script, is_traditional
from ..verses import Verse
from .layout import Layout

__all__ = [
    "ANSWER_PICTURE",
    "FAVORITE_PICTURE",
    "PICTURE_BUTTON",
    "Sheet",
    "choice_layout",
    "parse_choice",
    "parse_picture",
    "picture_file",
    "picture_gallery",
    "picture_layout",
    "posted_layout",
]

ANSWER_PICTURE = "lianju:picture:answer:1"
"""The custom id of the button of an answer."""

FAVORITE_PICTURE = "lianju:picture:favorite:1"
"""The custom id of the menu of a list of favorites, up to the owner's id."""

Action = Literal["choose", "style", "script", "post"]
PICTURE_BUTTON = (
    rf"{ANSWER_PICTURE}|{FAVORITE_PICTURE}:(?P<owner>\d{{1,20}})"
    rf"|lianju:picture:(?P<action>{'|'.join(get_args(Action))}):1:"
    rf"(?P<day>\d{{1,7}}):(?P<style>{'|'.join(STYLES)}):(?P<script>{'|'.join(get_args(Script))})"
    r"(?P<rank>:\d{1,2})?"
)
"""Of every custom id here; those without an action have all that they need in their message."""

HEADING = "### "
FILE = "lianju.png"


@dataclass(frozen=True)
class Sheet:
    """What a message says of the picture that it shows.

    Attributes:
        lines: The lines of the verse.
        title: The title; empty for none.
        writers: The names of the writers.
        day: The date.
        style: The style.
        script: The script.
    """

    lines: tuple[str, ...]
    title: str
    writers: tuple[str, ...]
    day: datetime.date
    style: Style = "paper"
    script: Script = "auto"

    def card(self, seal: str) -> Card:
        """Returns the card to draw, with the seal of the server.

        Raises:
            PictureError: It has no room for the verse.
        """
        return Card(
            lines=self.lines,
            title=self.title,
            writers=self.writers,
            seal=seal,
            date=self.day,
            style=self.style,
            script=self.script,
        )

    def custom_id(self, action: Action, rank: int | None = None) -> str:
        """Returns the custom id of a button or select, which `PICTURE_BUTTON` matches."""
        fields = [action, "1", str(self.day.toordinal()), self.style, self.script]
        return ":".join(("lianju", "picture", *fields, *(() if rank is None else (str(rank),))))

    def in_style(self, chosen: str) -> "Sheet":
        """Returns the sheet in a style that was chosen in a select."""
        return replace(self, style=next(style for style in STYLES if style == chosen))

    def restyled(self, match: re.Match[str]) -> "Sheet":
        """Returns the sheet with day, style and script of a custom id."""
        day = datetime.date.fromordinal(int(match["day"]))
        script = next(script for script in get_args(Script) if script == match["script"])
        return replace(self, day=day, script=script).in_style(match["style"])


def choice_layout(sheet: Sheet, verses: Sequence[Verse], localizer: Localizer) -> Layout:
    """Returns the question which verse is to be drawn.

    Args:
        sheet: What the pictures have in common; its lines are not shown.
        verses: The verses.
        localizer: The language.
    """
    parts: list[discord.ui.Item[Any]] = [_text(localizer.format("picture-choose"))]
    for rank, verse in enumerate(verses, 1):
        button = discord.ui.Button[Any](
            custom_id=sheet.custom_id("choose", rank), label=localizer.format("answer-picture")
        )
        parts.append(
            discord.ui.Section(_write(replace(sheet, lines=verse.lines)), accessory=button)
        )
    return Layout(*parts)


def picture_layout(sheet: Sheet, picture: Picture, localizer: Localizer) -> Layout:
    """Returns the message with a picture that its reader may change and post.

    Args:
        sheet: What the picture shows.
        picture: The picture, which is sent along as `picture_file`.
        localizer: The language.
    """
    notes = []
    if picture.missing:
        missing = escape(" ".join(map(describe, picture.missing)))
        notes.append(_text(small(localizer.format("picture-missing", missing=missing))))
    styles = discord.ui.Select[Any](
        custom_id=sheet.custom_id("style"),
        options=[
            discord.SelectOption(
                label=localizer.format("picture-style", style=style),
                value=style,
                default=style == sheet.style,
            )
            for style in STYLES
        ],
    )
    other: Script = "simplified" if _is_traditional(sheet) else "traditional"
    label = localizer.format("picture-script", script=other)
    buttons = [
        discord.ui.Button[Any](
            custom_id=replace(sheet, script=other).custom_id("script"), label=label
        ),
        discord.ui.Button[Any](
            custom_id=sheet.custom_id("post"),
            label=localizer.format("picture-post"),
            style=discord.ButtonStyle.primary,
        ),
    ]
    return Layout(
        picture_gallery(picture),
        _text(_write(sheet)),
        *notes,
        discord.ui.ActionRow(styles),
        discord.ui.ActionRow(*buttons),
    )


def posted_layout(picture: Picture, user_id: int, localizer: Localizer) -> Layout:
    """Returns the message with a picture for everybody.

    Args:
        picture: The picture, which is sent along as `picture_file`.
        user_id: Id of the member who posts it.
        localizer: The language.
    """
    posted = localizer.format("picture-posted", user=f"<@{user_id}>")
    return Layout(picture_gallery(picture), _text(small(posted)))


def picture_gallery(picture: Picture) -> discord.ui.MediaGallery[Any]:
    """Returns the part of a layout that shows the `picture_file` sent along."""
    item = discord.MediaGalleryItem(f"attachment://{FILE}", description=picture.alt)
    return discord.ui.MediaGallery(item)


def picture_file(picture: Picture) -> discord.File:
    """Returns the picture as an attachment, with its text alternative."""
    return discord.File(io.BytesIO(picture.png), FILE, description=picture.alt)


def parse_choice(message: discord.Message, match: re.Match[str]) -> Sheet:
    """Returns the sheet that a button of `choice_layout` stands for.

    Raises:
        PictureError: The message is not such a one.
    """
    for text, custom_id in _sections(message.components):
        if custom_id == match[0]:
            return _parse(text).restyled(match)
    raise PictureError("picture-unreadable")


def parse_picture(message: discord.Message, match: re.Match[str]) -> Sheet:
    """Returns the sheet of a message of `picture_layout`.

    Raises:
        PictureError: The message is not such a one.
    """
    for part in _parts(message.components):
        if isinstance(part, TextDisplay):
            return _parse(part.content).restyled(match)
    raise PictureError("picture-unreadable")


def _is_traditional(sheet: Sheet) -> bool:
    if sheet.script != "auto":
        return sheet.script == "traditional"
    return is_traditional(sheet.lines)


def _text(content: str) -> discord.ui.TextDisplay[Any]:
    return discord.ui.TextDisplay(content)


def _write(sheet: Sheet) -> str:
    """Returns the verse as markdown; escaped text begins with neither mark."""
    rows = [HEADING + escape(sheet.title)] if sheet.title else []
    rows += map(escape, sheet.lines)
    rows += (small(escape(writer)) for writer in sheet.writers)
    return "\n".join(rows)


def _parse(text: str) -> Sheet:
    rows, title = text.split("\n"), ""
    if rows[0].startswith(HEADING):
        title = unescape(rows.pop(0).removeprefix(HEADING))
    lines = tuple(unescape(row) for row in rows if not row.startswith(SMALL))
    writers = tuple(unescape(row.removeprefix(SMALL)) for row in rows if row.startswith(SMALL))
    return Sheet(lines, title, writers, datetime.date.min)


def _parts(components: Sequence[Component]) -> Sequence[Component]:
    return [part for each in components if isinstance(each, Container) for part in each.children]


def _sections(components: Sequence[Component]) -> Sequence[tuple[str, str]]:
    found = []
    for part in _parts(components):
        if isinstance(part, SectionComponent) and isinstance(part.accessory, discord.Button):
            texts = [each.content for each in part.children if isinstance(each, TextDisplay)]
            found.append(("\n".join(texts), part.accessory.custom_id or ""))
    return found
