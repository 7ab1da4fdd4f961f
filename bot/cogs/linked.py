"""`/lianju`: tables of linked verse (联句), and the buttons of their messages."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import get_args

import discord
from discord import app_commands

from ..errors import NotAllowedError
from ..guild_settings import GuildSettings
from ..i18n import Markdown
from ..linked import MINUTES, FormName, Line, Order, Table, open_table
from ..linked.reading import read_line
from ..places import OUTSIDE
from ..ui.linked import TABLE_BUTTON
from ..ui.linked_private import faults, finish_layout, note_layout
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from ..verse import Rules, check_choice
from .base import Context
from .items import CogItem, cog_item
from .linked_base import LinkedCog
from .linked_opening import Opening, opening_line
from .options import choice

__all__ = ["Linked"]

NAME = "Lianju linked verse"
MAX_LINE = 40  # characters of a first line; punctuation comes on top of seven
Person = discord.User | discord.Member
Act = Callable[[Table, float], Table]


class Linked(LinkedCog, name=NAME):
    """Opens and shows tables, and handles the buttons about their order."""

    lianju = app_commands.Group(
        name="lianju",
        description="Linked verse (联句): a poem that members write together, line by line.",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=False
        ),
    )

    @lianju.command()
    @app_commands.choices(
        form=[
            choice("lianju-form", "jueju5", "五绝: four lines of five characters"),
            choice("lianju-form", "jueju7", "七绝: four lines of seven"),
            choice("lianju-form", "lushi5", "五律: eight lines of five"),
            choice("lianju-form", "lushi7", "七律: eight lines of seven"),
            choice("lianju-form", "pailu5", "五言排律: up to 24 lines of five"),
            choice("lianju-form", "pailu7", "七言排律: up to 24 lines of seven"),
        ],
        rules=[
            choice("lianju-rules", "strict", "strict: a line that breaks a rule is refused"),
            choice("lianju-rules", "loose", "loose: it is told what breaks, and may be kept"),
            choice("lianju-rules", "free", "free: only the length counts"),
        ],
        order=[
            choice("lianju-order", "free", "whoever comes first"),
            choice("lianju-order", "turns", "one after the other, in turns"),
        ],
        opening=[
            choice("lianju-opening", "members", "the first line is written by a member"),
            choice("lianju-opening", "poet", "by a poet: the beginning of a Tang poem"),
            choice("lianju-opening", "lianju", "by Lianju"),
        ],
    )
    async def start(
        self,
        interaction: Interaction,
        form: FormName,
        rules: Rules = "strict",
        order: Order = "free",
        minutes: app_commands.Range[int, MINUTES.low, MINUTES.high] | None = None,
        opening: Opening = "members",
        line: app_commands.Range[str, 1, MAX_LINE] | None = None,
        member1: Person | None = None,
        member2: Person | None = None,
        member3: Person | None = None,
        member4: Person | None = None,
        member5: Person | None = None,
    ) -> None:
        """Opens a table of linked verse in this channel, at which members write a poem in turns.

        Args:
            form: What you write together.
            rules: How tones and rhyme bind; strictly, if left out.
            order: Who writes the next line; whoever comes first, if left out.
            minutes: How long a turn may take; an hour, if left out.
            opening: Where the first line comes from, if you do not give it.
            line: Your first line.
            member1: With names, only you and the members named write; without, everybody may.
            member2: Another member.
            member3: Another member.
            member4: Another member.
            member5: Another member.
        """
        async with (
            self.handle(interaction, defer_reply) as context,
            self.limit(interaction, context),
        ):
            guild_settings = context.guild_settings
            named = [each for each in (member1, member2, member3, member4, member5) if each]
            if any(each.bot for each in named):
                raise NotAllowedError("linked-bot")
            _check_place(interaction)
            now = self.resources.clock()
            table = open_table(
                interaction.user.id,
                interaction.guild_id,
                interaction.channel_id or 0,
                now,
                form=form,
                rules=rules,
                order=order,
                minutes=minutes,
                named=[each.id for each in named],
                language=self.localizer_for(interaction, guild_settings.language).language,
            )
            if rules != "free" and not (await self.resources.engine.bundle()).rhymes:
                raise NotAllowedError("linked-no-tones")
            check_choice(opening, get_args(Opening))
            first = await self._first_line(interaction, context, table, opening, line)
            if first is not None:
                table = table.begin(first, now)
            await self._post(interaction, table, guild_settings)

    @lianju.command()
    async def show(self, interaction: Interaction) -> None:
        """Shows the tables of this channel again, such as one that is far up by now."""
        async with (
            self.handle(interaction, defer_reply) as context,
            self.limit(interaction, context),
        ):
            store, channel_id = self.resources.store.linked, interaction.channel_id or 0
            lock = self.resources.locks.setdefault(f"tables of {channel_id}", asyncio.Lock())
            async with lock:  # who does this at the same time deletes the messages of now
                tables = await store.shown_in(channel_id)
                if not tables:
                    raise NotAllowedError("linked-none-here")
                for table in tables:
                    posted = await respond(interaction, await self.layout(table), private=False)
                    message_id = posted or (await interaction.original_response()).id
                    await store.post(table.id, message_id)
                    await self.delete_message(interaction.client, table)
                    if (await store.get(table.id)).version != table.version:  # a line came between
                        await self.redraw(interaction.client, table.id)

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Does what a button of a table says."""
        table_id, user_id = int(button.match["table"]), interaction.user.id
        match button.match["action"]:
            case "skip":
                await self._act(interaction, table_id, lambda t, now: t.skip(user_id, now))
            case "undo":
                await self._act(interaction, table_id, lambda t, now: t.undo(user_id, now))
            case "join":
                await self._act(interaction, table_id, lambda t, now: t.join(user_id, now))
            case "finish":
                async with self.handle(interaction, defer_private_reply) as context:
                    localizer = context.localizer
                    table = await self.resources.store.linked.get(table_id)
                    async with self.showing_closed(table_id, interaction, private=True):
                        _finish(interaction, table, 0)
                    await respond(interaction, finish_layout(localizer, table), private=True)
            case _:  # the answer to that question
                async with self.handle(interaction, defer_update) as context:
                    done = context.localizer.format("linked-finish-done")
                    async with self.showing_closed(table_id, interaction):
                        act = partial(_finish, interaction, now=self.resources.clock())
                        await self.change(table_id, interaction, act)
                    try:
                        await edit_message(interaction, note_layout(done))
                    finally:
                        await self.redraw(interaction.client, table_id)

    async def _act(self, interaction: Interaction, table_id: int, act: Act) -> None:
        """Changes a table by a button of its message."""
        async with self.handle(interaction, defer_update) as context:
            context.check()
            now = self.resources.clock()
            async with self.showing_closed(table_id, interaction):
                await self.change(table_id, interaction, lambda table: act(table, now))
            await self.redraw(interaction.client, table_id, interaction)

    async def _first_line(
        self,
        interaction: Interaction,
        context: Context,
        table: Table,
        opening: Opening,
        line: str | None,
    ) -> Line | None:
        """Returns the first line; None if a member is to write it."""
        if line is None:
            group = interaction.guild_id or OUTSIDE
            return await opening_line(self, table, opening, context.guild_settings, group)
        if opening != "members":
            raise NotAllowedError("linked-opening-twice")
        text = read_line(line, table.length)
        checked = await self.check_line(table, text)
        if checked.faults and table.rules == "strict":
            told = faults(context.localizer, text, checked, await self.readings(table))
            raise NotAllowedError("linked-first-breaks", faults=Markdown("; ".join(told)))
        return Line(text, "member", interaction.user.id, table.touched_at)

    async def _post(
        self, interaction: Interaction, table: Table, guild_settings: GuildSettings
    ) -> None:
        """Stores a new table and posts its message."""
        store = self.resources.store.linked
        acted_at = interaction.created_at.timestamp()
        stored = await store.open(table, guild_settings.linked_tables, acted_at)
        try:
            posted = await respond(interaction, await self.layout(stored), private=False)
            message_id = posted or (await interaction.original_response()).id
        except BaseException:  # nobody could write at it
            ended = stored.finish(interaction.user.id, table.touched_at)
            await store.save(stored, ended, interaction.user.id)
            raise
        await self.note_message(stored.id, message_id)

    items = (cog_item(NAME, TABLE_BUTTON, press),)


def _check_place(interaction: Interaction) -> None:
    """Checks that the bot can keep a message in this channel up to date.

    Raises:
        NotAllowedError: It cannot see the channel.
    """
    if interaction.guild_id is not None and not interaction.app_permissions.view_channel:
        raise NotAllowedError("linked-cannot-see")


def _finish(interaction: Interaction, table: Table, now: float) -> Table:
    moderates = interaction.permissions.manage_messages
    return table.finish(interaction.user.id, now, moderates=moderates)
