"""Writing at a table of linked verse: the form for a line, what breaks in it, Lianju's lines."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import discord
from discord.ext import commands

from ..errors import LianjuError, NotAllowedError
from ..linked import By, Table
from ..linked.reading import read_line
from ..places import OUTSIDE
from ..ui.linked import LINE_BUTTON
from ..ui.linked_private import (
    LINE_MODAL,
    TEXT_BUTTON,
    line_modal,
    note_layout,
    offers_layout,
    question_layout,
    refused_layout,
    typed_line,
)
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_update,
    edit_message,
    open_form,
    respond,
)
from ..verse import CheckedLine, NothingAllowedError, blank_for, simplify_line
from .base import Context
from .items import CogItem, cog_item
from .linked_base import LinkedCog
from .linked_opening import line_request

__all__ = ["LinkedLines"]

NAME = "Lianju lines of linked verse"
OFFERS = 3
COOLDOWN_S = 2.0  # between two lines of a member
MAX_SUGGESTED = 3  # characters that are named for a fault
FINAL = ("linked-closed", "linked-gone", "linked-not-invited")  # there is no other try after these


async def no_defer(interaction: Interaction) -> None:
    """Leaves the interaction alone: a form can only be the first response."""


class LinkedLines(LinkedCog, name=NAME):
    """Takes the lines that members write, keep or choose."""

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Opens the form for a line, or offers lines."""
        table_id, action = int(button.match["table"]), button.match["action"]
        if action == "write":
            await self._open_form(interaction, table_id, "")
            return
        takes = action == "lianju"
        async with self.handle(interaction, defer_private_reply) as context:
            localizer = context.localizer
            table = await self.resources.store.linked.get(table_id)
            async with self.showing_closed(table_id, interaction, private=True):
                table.check_turn(interaction.user.id)
            async with self.limit(interaction, context):
                offers = await self._offers(interaction, context, table)
            layout = offers_layout(localizer, table, offers, takes=takes)
            await respond(interaction, layout, private=True)

    async def press_text(self, interaction: Interaction, button: CogItem) -> None:
        """Does what a button beside a line says."""
        match = button.match
        table_id, place, text = int(match["table"]), int(match["place"]), match["text"]
        match match["action"]:
            case "again" | "use":
                await self._open_form(interaction, table_id, text)
            case action:
                by: By = "lianju" if action == "pick" else "member"
                async with (
                    self.handle(interaction, defer_update) as context,
                    self.showing_closed(table_id, interaction),
                ):
                    await self._write(interaction, context, table_id, place, text, by)

    @commands.Cog.listener("on_interaction")
    async def submit(self, interaction: Interaction) -> None:
        """Takes a form that was sent, however long ago it was opened, and by whichever process."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: Any = interaction.data
        match = re.fullmatch(LINE_MODAL, data.get("custom_id", ""))
        if match is None:
            return
        table_id, place, text = int(match["table"]), int(match["place"]), typed_line(data)
        async with (
            self.handle(interaction, defer_update) as context,
            self.showing_closed(table_id, interaction),
        ):
            await self._write(interaction, context, table_id, place, text, "member", asks=True)

    async def _open_form(self, interaction: Interaction, table_id: int, text: str) -> None:
        async with self.handle(interaction, no_defer) as context:
            localizer = context.localizer
            table = await self.resources.store.linked.get(table_id)
            async with self.showing_closed(table_id, interaction):
                table.check_turn(interaction.user.id)
            rules = await self.rules_for(table)
            await open_form(interaction, line_modal(table, rules, localizer, text))

    async def _write(
        self,
        interaction: Interaction,
        context: Context,
        table_id: int,
        place: int,
        text: str,
        by: By,
        *,
        asks: bool = False,
    ) -> None:
        """Writes a line, or tells the member alone why not, with the line for another try.

        Args:
            interaction: The form that was sent, or the press beside a line.
            context: Of the interaction.
            table_id: The table.
            place: The index of the line.
            text: The line.
            by: Whose it is.
            asks: Whether a line that breaks a loose rule is asked about before.
        """
        localizer, user_id = context.localizer, interaction.user.id
        try:
            table = await self.resources.store.linked.get(table_id)
            table.check_turn(user_id)
            table.check_place(place)
            line = read_line(text, table.length)
            checked = await self.check_line(table, line)
            if checked.faults and (asks or table.rules == "strict"):
                with self._limit_lines(interaction):  # it costs time of the engine
                    choices = await self._choices(interaction, table, checked)
                readings = await self.readings(table)
                layout = question_layout(localizer, table, line, checked, readings, choices)
                await respond(interaction, layout, private=True)
                context.outcome = "asked"
                return
            written = await self._store(interaction, table, line, by)
        except LianjuError as error:  # nothing is stored, and what was typed must not be lost
            if error.key in FINAL:
                raise
            sentence = localizer.format_error(error)
            layout = refused_layout(localizer, sentence, table_id, place, text)
            await respond(interaction, layout, private=True)
            context.outcome = f"refused:{type(error).__name__}"
            return
        await self._show(interaction, context, written)

    async def _store(self, interaction: Interaction, table: Table, line: str, by: By) -> Table:
        """Stores a line that keeps the rules, and returns the table with it."""
        user_id, now = interaction.user.id, self.resources.clock()

        def write(current: Table) -> Table:
            current.check_place(len(table.lines))
            if current.texts != table.texts:  # one was taken back, and another written
                raise NotAllowedError("linked-too-late", line=len(table.lines) + 1)
            return current.write(user_id, line, now, by)

        with self._limit_lines(interaction):
            return await self.change(table.id, interaction, write)

    async def _show(self, interaction: Interaction, context: Context, written: Table) -> None:
        """Shows a table with a new line."""
        message = interaction.message
        if message is not None and message.id != written.message_id and message.flags.ephemeral:
            done = context.localizer.format("linked-written", line=len(written.lines))
            try:
                await edit_message(interaction, note_layout(done))
            finally:
                await self.redraw(interaction.client, written.id)
            return
        await self.redraw(interaction.client, written.id, interaction)

    def _limit_lines(self, interaction: Interaction) -> AbstractContextManager[None]:
        """Counts a line that is sent, in the block; see `RequestLimiter.acquire`."""
        limiter = self.resources.line_limiter
        return limiter.acquire(interaction.user.id, interaction.guild_id, COOLDOWN_S)

    async def _offers(
        self, interaction: Interaction, context: Context, table: Table
    ) -> Sequence[str]:
        """Returns lines of Lianju's for the next place, which keep the rules where these bind."""
        rules, readings = await self.rules_for(table), await self.readings(table)
        request = line_request(table, rules, context.guild_settings, 2 * OFFERS)
        deadline, group = self.resources.settings.deadline, interaction.guild_id or OUTSIDE
        answer = await self.resources.engine.compose(request, deadline, group)
        lines = [candidate.text for candidate in answer.candidates]
        if table.rules == "strict":
            lines = [
                each for each in lines if not rules.check(simplify_line(each), readings).faults
            ]
        if not lines:
            raise NothingAllowedError("search-nothing")
        return lines[:OFFERS]

    async def _choices(
        self, interaction: Interaction, table: Table, checked: CheckedLine
    ) -> dict[int, str]:
        """Returns characters that would do, by the place of each fault; none if that fails."""
        number, readings = len(table.lines), await self.readings(table)
        found = (
            (fault.place, blank_for(number, checked, fault, readings)) for fault in checked.faults
        )
        blanks = {place: blank for place, blank in found if place is not None and blank is not None}
        lines = [*map(simplify_line, table.texts), checked.text]
        deadline, group = self.resources.settings.deadline, interaction.guild_id or OUTSIDE
        try:
            mended = await self.resources.engine.mend(lines, list(blanks.values()), deadline, group)
        except LianjuError:  # what breaks is told without them
            return {}
        used = set("".join(lines))
        return {
            place: "".join([each for each in choice if each not in used][:MAX_SUGGESTED])
            for place, choice in zip(blanks, mended.choices, strict=True)
        }

    items = (cog_item(NAME, LINE_BUTTON, press), cog_item(NAME, TEXT_BUTTON, press_text))
