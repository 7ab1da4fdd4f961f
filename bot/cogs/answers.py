"""The buttons of an answer: hearts, another batch, details."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import discord

from ..discord_codes import UNKNOWN_MESSAGE
from ..errors import LianjuError, NotFoundError
from ..events import FavoriteEvent
from ..guild_settings import GuildSettings
from ..places import OUTSIDE
from ..resources import Resources
from ..ui.answer import parse_answer_message, with_hearts
from ..ui.answer_message import AnswerMessage
from ..ui.buttons import PRESS, HeartButton, RequestOptions
from ..ui.details import details_layout
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from ..verse import CandidateScore, NextLine, Poem, Request, Rerank
from ..verses import Verse
from .composing import ComposingCog, request_for
from .items import CogItem, check_owner, cog_item

__all__ = ["Answers", "author_of"]

NAME = "Lianju answers"
DEFER = {"heart": defer_update, "again": defer_reply, "details": defer_private_reply}


@dataclass(eq=False)
class HeartCounts:
    """The state of the numbers of hearts on one message.

    Attributes:
        lock: Held while the message is edited.
        presses: How many presses are in the database.
        shown: How many of these the message shows.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    presses: int = 0
    shown: int = 0


class Answers(ComposingCog, name=NAME):
    """Handles the buttons of answers of any age; all state is in the message."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        # By message; each is dropped when no press on its message is being handled.
        self._heart_counts: WeakValueDictionary[int, HeartCounts] = WeakValueDictionary()

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Does what a button says."""
        custom_id, action, message = button.match[0], button.match["action"], interaction.message
        if message is None:
            return
        async with self.handle(interaction, DEFER[action]) as context:
            localizer, answer = context.localizer, parse_answer_message(message)
            match action:
                case "heart":
                    verse = answer.verses[HeartButton.parse(custom_id).rank - 1]
                    author_id, asked_at = author_of(message, answer.options)
                    kept = await self.resources.store.favorites.toggle(
                        interaction.user.id,
                        interaction.guild_id,
                        verse,
                        author_id,
                        self.resources.clock(),
                        interaction.created_at.timestamp(),
                        asked_at,
                    )
                    guild_id, user_id = interaction.guild_id, interaction.user.id
                    event = FavoriteEvent(user_id, guild_id, verse, added=kept)
                    interaction.client.dispatch(event.NAME, event)
                    try:
                        await self._show_hearts(interaction, message, answer.verses)
                    except discord.NotFound as error:
                        if error.code != UNKNOWN_MESSAGE:
                            raise
                        # The message was deleted meanwhile; the press still counts.
                        key = "message-deleted-kept" if kept else "message-deleted-removed"
                        raise NotFoundError(key) from None
                case "again":
                    check_owner(interaction, str(answer.options.user_id), "poem")
                    async with self.limit(interaction, context):
                        request = _repeated(answer, context.guild_settings)
                        await self.compose(interaction, context, request, answer.options.writer)
                case "details":
                    scores = await self._score(answer, interaction.guild_id or OUTSIDE)
                    layout = details_layout(answer, scores, localizer)
                    await respond(interaction, layout, private=True)

    async def _score(self, answer: AnswerMessage, group: int) -> list[CandidateScore]:
        """Returns the parts of the candidates' scores, if they are known.

        The message has no place for them, so they are computed again, by the bundle that answered.

        Args:
            answer: The answer.
            group: Whose share of the queue that takes.
        """
        is_judged = isinstance(answer.options.form, NextLine | Poem)
        details = answer.details
        if not (is_judged and isinstance(details.search, Rerank) and details.complete):
            return []
        engine, deadline = self.resources.engine, self.resources.settings.deadline
        try:
            bundle = await engine.bundle()
            if answer.model != f"{bundle.name} {bundle.version}":
                return []
            return await engine.score(answer.prompt, answer.new_lines, deadline, group)
        except LianjuError:  # the other details do not need the engine
            return []

    async def _show_hearts(
        self, interaction: Interaction, message: discord.Message, verses: list[Verse]
    ) -> None:
        """Shows how many members keep each verse.

        One press at a time edits a message, so that the last numbers are the true ones. Those that
        wait meanwhile are all shown by the next edit.

        Args:
            interaction: The press, which is in the database.
            message: The message with the button.
            verses: The verses of the message.
        """
        counts = self._heart_counts.setdefault(message.id, HeartCounts())
        counts.presses += 1
        press = counts.presses
        async with counts.lock:
            if counts.shown < press:
                presses = counts.presses
                hearts = await self.resources.store.favorites.counts(interaction.guild_id, verses)
                await edit_message(interaction, with_hearts(message, hearts))
                counts.shown = presses
                return
        await defer_update(interaction)

    items = (cog_item(NAME, PRESS, press),)


def author_of(message: discord.Message, options: RequestOptions) -> tuple[int | None, float]:
    """Returns who gave the line of an answer, and when, in Unix seconds of Discord's clock."""
    if options.writer is not None:
        return options.writer.user_id, options.writer.written_at
    request = message.interaction_metadata  # the message itself may be much later
    return options.user_id, discord.utils.snowflake_time((request or message).id).timestamp()


def _repeated(message: AnswerMessage, guild_settings: GuildSettings) -> Request:
    """Returns the request behind an answer, for other candidates."""
    options = message.options
    return request_for(
        message.prompt,
        options.form,
        guild_settings,
        mode=options.mode,
        seed=None,
        count=options.count,
        script=options.script,
        rhyme=options.rhyme,
        rules=options.rules,
        known=options.known,
    )
