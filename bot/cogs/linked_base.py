"""What the cogs of linked verse (联句) have in common: reading, changing and showing a table."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import discord

from ..discord_codes import (
    UNKNOWN_CHANNEL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
)
from ..engine import readings_of
from ..errors import NotAllowedError, NotFoundError
from ..i18n import Localizer
from ..linked import Table
from ..linked.next_line import NextLineRules, next_line
from ..store import ShownTable, StoreError
from ..ui.layout import Layout
from ..ui.linked import TableView, table_layout
from ..ui.replies import NO_MENTIONS, Interaction, defer_update, edit_message
from ..verse import BusyError, CheckedLine, simplify_line, to_traditional
from ..verse.prosody.readings import CharacterReadings
from .composing import ComposingCog

__all__ = ["LinkedCog", "MessageGoneError"]

ATTEMPTS = 10  # to change a table that others change as well
RHYMING = 10  # characters that are shown of a rhyme group
TRADITIONAL = "zh-TW"


class MessageGoneError(NotFoundError):
    """The message of a table cannot be edited; what was done at the table is stored."""


class LinkedCog(ComposingCog):
    """A cog that reads, changes and shows tables."""

    async def readings(self, table: Table) -> CharacterReadings:
        """Returns tones and rhymes; none if the bundle has no table and the rules are free.

        Raises:
            RequestError: The bundle has no table of them.
        """
        groups = (await self.resources.engine.bundle()).rhymes
        if not groups and table.rules == "free":
            return CharacterReadings(())
        return readings_of(groups)

    async def rules_for(self, table: Table) -> NextLineRules:
        """Returns what the next line of a table must be."""
        readings = await self.readings(table)
        lines = [simplify_line(text) for text in table.texts]
        return next_line(lines, table.length, table.most_lines, table.rules, readings)

    async def check_line(self, table: Table, text: str) -> CheckedLine:
        """Returns the next line of a table beside what it must be.

        Args:
            table: The table.
            text: The line, as `read_line` returned it.
        """
        rules = await self.rules_for(table)
        return rules.check(simplify_line(text), await self.readings(table))

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
            if message is not None and table.message_id is None and not message.flags.ephemeral:
                await self.resources.store.linked.post(table_id, message.id)  # it failed before
                table = replace(table, message_id=message.id)
            is_pressed = message is not None and message.id == table.message_id
            try:
                if interaction and is_pressed and await _edit_pressed(interaction, layout):
                    return
                if table.message_id is not None:
                    channel = client.get_partial_messageable(table.channel_id)
                    posted = channel.get_partial_message(table.message_id)
                    await posted.edit(view=layout, allowed_mentions=NO_MENTIONS)
            except discord.NotFound as error:
                if error.code not in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
                    raise
                raise MessageGoneError("linked-message-gone") from None
            except discord.Forbidden:
                raise MessageGoneError("linked-message-forbidden") from None
        if interaction is not None and not is_pressed:
            await defer_update(interaction)

    @asynccontextmanager
    async def showing_closed(
        self, table_id: int, interaction: Interaction, *, private: bool = False
    ) -> AsyncIterator[None]:
        """Shows a poem as finished if the block finds it so: its message may have missed that.

        Args:
            table_id: The table.
            interaction: What the block handles.
            private: Whether it is answered in private, and thus cannot edit the message itself.
        """
        try:
            yield
        except NotAllowedError as refusal:
            if refusal.key == "linked-closed":
                pressed = None if private else interaction
                try:
                    await self.redraw(interaction.client, table_id, pressed)
                except MessageGoneError:
                    pass
                except Exception as error:  # the next press tries again
                    self.resources.count_failure("message of a table", error)
            raise

    async def note_message(self, table_id: int, message_id: int) -> None:
        """Stores which message shows a new table; else the first press of its buttons does."""
        try:
            await self.resources.store.linked.post(table_id, message_id)
        except StoreError as error:
            self.resources.count_failure("message of a table", error)

    async def delete_message(self, client: discord.Client, table: Table | ShownTable) -> None:
        """Deletes the message that showed a table before; it may be gone already."""
        if table.message_id is None:
            return
        channel = client.get_partial_messageable(table.channel_id)
        try:
            await channel.get_partial_message(table.message_id).delete()
        except (discord.NotFound, discord.Forbidden):
            pass  # it is gone, or shows an older state
        except discord.HTTPException as error:
            self.resources.count_failure("deletion of a message", error)

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
        rhyming = await self._rhyming(rules.rhymes, "".join(map(simplify_line, table.texts)))
        if table.language == TRADITIONAL:
            rhyming = "".join(map(to_traditional, rhyming))
            rules = replace(rules, rhymes=tuple(map(to_traditional, rules.rhymes)))
        return table_layout(TableView(table, rules, rhyming), localizer)

    async def _rhyming(self, names: Sequence[str], used: str) -> str:
        """Returns common characters of rhyme groups that the poem does not have yet."""
        groups = (await self.resources.engine.bundle()).rhymes
        members = "".join(group.characters for group in groups if group.name in names)
        return "".join([each for each in dict.fromkeys(members) if each not in used][:RHYMING])


async def _edit_pressed(interaction: Interaction, layout: Layout) -> bool:
    """Edits the message whose button was pressed; returns whether the press still allowed it."""
    try:
        await edit_message(interaction, layout)
    except discord.NotFound as error:
        if error.code not in (UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION):  # it has expired
            raise
        return False
    return True
