"""Messages of a page of honor: a verse that members love, and how it is taken down."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import discord
from discord.components import Button, Component

from ..honor import HonoredVerse
from ..i18n import Localizer
from ..markdown import escape, literal, small
from ..picture import Picture
from ..verses import Verse
from .layout import Layout
from .picture import picture_gallery

__all__ = ["HONOR_BUTTON", "confirmation_layout", "honor_layout", "is_of"]

HonorAction = Literal["heart", "down", "gone"]

HONOR_BUTTON = r"lianju:honor:1:(?P<action>heart|down|gone):(?P<verse>\d{1,18})"
MAX_VERSE = 3000  # characters of a verse for which a picture has no room


def honor_layout(
    verse: HonoredVerse,
    shown: Verse,
    names: Sequence[str],
    picture: Picture | None,
    localizer: Localizer,
) -> Layout:
    """Returns the message of a verse.

    Args:
        verse: The verse, with its hearts.
        shown: Its text.
        names: The names of its writers.
        picture: Its picture, which is sent along; None shows the text.
        localizer: The language of the server.
    """
    parts: list[discord.ui.Item[Any]] = []
    if picture is None:
        text = literal("\n".join(shown.lines), MAX_VERSE)
        parts.append(discord.ui.TextDisplay(text))
    else:
        parts.append(picture_gallery(picture))
    if names:
        written = escape("、".join(names))
        by = localizer.format("honor-by", linked=int(verse.is_linked), names=written)
        parts.append(discord.ui.TextDisplay(small(by)))
    down = discord.ui.Button[Any](
        custom_id=_action_id("down", verse.id), label=localizer.format("honor-down")
    )
    heart = discord.ui.Button[Any](
        custom_id=_action_id("heart", verse.id), label=f"♥ {verse.count}"
    )
    return Layout(*parts, discord.ui.ActionRow(heart, down))


def confirmation_layout(honor_id: int, localizer: Localizer) -> Layout:
    """Returns the question whether a verse is to be taken down."""
    button = discord.ui.Button[Any](
        custom_id=_action_id("gone", honor_id),
        label=localizer.format("honor-down-yes"),
        style=discord.ButtonStyle.danger,
    )
    question = discord.ui.TextDisplay[Any](localizer.format("honor-down-question"))
    return Layout(question, discord.ui.ActionRow(button))


def is_of(message: discord.Message, honor_id: int) -> bool:
    """Whether a message shows this verse."""
    wanted = _action_id("heart", honor_id)
    return any(
        isinstance(part, Button) and part.custom_id == wanted for part in _walk(message.components)
    )


def _action_id(action: HonorAction, honor_id: int) -> str:
    return f"lianju:honor:1:{action}:{honor_id}"


def _walk(components: Sequence[Component]) -> Iterator[Component]:
    for each in components:
        yield each
        yield from _walk(getattr(each, "children", ()))
