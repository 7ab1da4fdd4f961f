"""What the cogs of linked verse (联句) have in common: reading, changing and showing a table."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import discord

from ..engine import readings_of
from ..errors import NotFoundError
from ..i18n import Localizer
from ..linked import Table
from ..linked.next_line import NextLineRules, next_line
from ..linked.reading import simplified
from ..ui.layout import Layout
from ..ui.linked import TableView, table_layout
from ..ui.replies import NO_MENTIONS, Interaction, defer_update, edit_message
from ..verse import BusyError, CheckedLine, to_traditional
from ..verse.prosody.readings import CharacterReadings
from .composing import ComposingCog

__all__ = ["LinkedCog", "MessageGoneError"]

ATTEMPTS = 10  # to change a table that others change as well
RHYMING = 10  # characters that are shown of a rhyme group
TRADITIONAL = "zh-TW"
UNKNOWN = (10003, 10008)  # Discord's codes for a channel and a message that were deleted


class MessageGoneError(NotFoundError):
    """The message of a table cannot be edited; what was done at the table is stored."""


class LinkedCog(ComposingCog):
    """A cog that reads, changes and shows tables."""

    async def readings(self) -> CharacterReadings:
        """Returns tones and rhymes; none if the bundle has no table of them."""
        return readings_of((await self.resources.engine.bundle()).rhymes)

    async def rules_for(self, table: Table) -> NextLineRules:
        """Returns what the next line of a table must be."""
        readings = await self.readings()
        lines = [simplified(text) for text in table.texts]
        return next_line(lines, table.length, table.most_lines, table.rules, readings)

    async def check_line(self, table: Table, text: str) -> CheckedLine:
        """Returns the next line of a table beside what it must be.

        Args:
            table: The table.
            text: The line, as `read_line` returned it.
        """
        rules = await self.rules_for(table)
        return rules.check(simplified(text), await self.readings())

    async def change(
        self, table_id: int, interaction: Interaction, act: Callable[[Table], Table]
    ) -> Table:
        """Changes a table; of two who do so at once, the second one sees what the first has done.

        Args:
            table_id: The table.
            interaction: What the member did.
            act: Returns the table as it is afterwards, or raises why it cannot be so.

        Raises:
            LianjuError: It cannot be done, or not stored.
        """
        tables = self.resources.store.linked
        acted_at = interaction.created_at.timestamp()
        for _ in range(ATTEMPTS):
            before = await tables.get(table_id)
            after = act(before)
            saved = await tables.save(before, after, interaction.user.id, acted_at)
            if saved is not None:
                return saved
        raise BusyError("busy-group")

    async def redraw(
        self, client: discord.Client, table_id: int, interaction: Interaction | None = None
    ) -> None:
        """Shows a table as it is stored now, in its message.

        One edit of a message at a time, so that the last one shows the last state.

        Args:
            client: The bot.
            table_id: The table.
            interaction: A press of a button of that message, which may edit it.

        Raises:
            MessageGoneError: The message was deleted, or the bot may not see the channel any more.
        """
        lock = self.resources.locks.setdefault(f"table {table_id}", asyncio.Lock())
        async with lock:
            table = await self.resources.store.linked.get(table_id)
            layout = await self.layout(table)
            message = None if interaction is None else interaction.message
            try:
                if interaction and message and message.id == table.message_id:
                    await edit_message(interaction, layout)
                    return
                if table.message_id is not None:
                    channel = client.get_partial_messageable(table.channel_id)
                    posted = channel.get_partial_message(table.message_id)
                    await posted.edit(view=layout, allowed_mentions=NO_MENTIONS)
            except discord.NotFound as error:
                if error.code not in UNKNOWN:
                    raise
                raise MessageGoneError("linked-message-gone") from None
            except discord.Forbidden:
                raise MessageGoneError("linked-message-forbidden") from None
        if interaction is not None:
            await defer_update(interaction)

    async def layout(self, table: Table) -> Layout:
        """Returns the message of a table."""
        localizer = Localizer(table.language, self.resources.commands)
        if table.state != "open":
            hearts = 0
            if table.verse is not None:
                favorites = self.resources.store.favorites
                (hearts,) = await favorites.counts(table.guild_id, [table.verse])
            return table_layout(TableView(table, hearts=hearts), localizer)
        rules = await self.rules_for(table)
        rhyming = await self._rhyming(rules.rhymes, "".join(map(simplified, table.texts)))
        if table.language == TRADITIONAL:
            rhyming = "".join(map(to_traditional, rhyming))
            rules = replace(rules, rhymes=tuple(map(to_traditional, rules.rhymes)))
        return table_layout(TableView(table, rules, rhyming), localizer)

    async def _rhyming(self, names: Sequence[str], used: str) -> str:
        """Returns common characters of rhyme groups that the poem does not have yet."""
        groups = (await self.resources.engine.bundle()).rhymes
        members = "".join(group.characters for group in groups if group.name in names)
        return "".join([each for each in dict.fromkeys(members) if each not in used][:RHYMING])
