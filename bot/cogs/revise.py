"""*Revise*: a member keeps parts of a poem and has the rest written anew, in private."""

from functools import partial

import discord
from discord.ext import commands

from ..errors import LianjuError, NotAllowedError
from ..places import OUTSIDE
from ..revising import Draft
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_update,
    edit_message,
    open_form,
    respond,
)
from ..ui.revise import (
    SOURCE_BUTTON,
    answer_notes,
    choice_layout,
    revision_form,
    revision_layout,
    typed_before,
    typed_layout,
    typed_poem,
)
from ..ui.revise_state import STEP_BUTTON, RevisionView, parse_choice, parse_revision
from ..verse import Answer, Revision
from ..verses import Verse
from .base import Context
from .composing import request_for
from .items import CogItem, check_owner, cog_item
from .revise_posting import RevisionPosting
from .revise_sources import of_answer, of_favorite, of_table

__all__ = ["Revise"]

NAME = "Lianju revise"
COUNT = 5  # poems of a step, of which the best that the member has not seen is taken


class Revise(RevisionPosting, name=NAME):
    """Revises poems, each in one private message that holds all of its versions."""

    async def begin(self, interaction: Interaction, item: CogItem) -> None:
        """Shows a poem that is to be revised, or asks which."""
        message, match = interaction.message, item.match
        if message is None:
            return
        async with self.handle(interaction, defer_private_reply) as context:
            guild_settings, resources = context.guild_settings, self.resources
            if match["owner"]:
                check_owner(interaction, match["owner"], "favorites list")
                chosen = int(item.item.values[0])
                views = await of_favorite(resources, interaction, chosen, guild_settings)
            elif match["table"]:
                table_id = int(match["table"])
                views = await of_table(resources, interaction, table_id, guild_settings)
            else:
                views = of_answer(interaction, message)
            first, *others = views
            layout = choice_layout(views, context.localizer)
            if not others:
                layout = revision_layout(first, context.localizer)
            await respond(interaction, layout, private=True)

    async def step(self, interaction: Interaction, item: CogItem) -> None:
        """Does what a button or menu of the private message says."""
        message, action = interaction.message, item.match["action"]
        if message is None:
            return
        defer = defer_private_reply if action == "form" else defer_update
        async with self.handle(interaction, defer) as context:
            localizer = context.localizer
            chosen = action == "choose"
            view = parse_choice(message, item.match) if chosen else parse_revision(message)
            _check_owner(interaction, view)
            if action == "form":
                text = typed_before(message) or "\n".join(view.revising.draft.lines)
                poem = Verse.of(*view.revising.lines)
                await open_form(interaction, revision_form(poem, localizer, text))
                context.outcome = "asked"
                return
            with self.steps.take(message.id, view.state):
                await self._act(interaction, context, view, item)

    async def _act(
        self, interaction: Interaction, context: Context, view: RevisionView, item: CogItem
    ) -> None:
        revising = view.revising
        match item.match["action"]:
            case "write":
                await self._write(interaction, context, view)
                return
            case "post":
                await self.post(interaction, context, view)
                return
            case "lines":
                revising = revising.keep([int(value) for value in item.item.values])
            case "version":
                number = [option.value for option in item.item.options].index(item.item.values[0])
                revising = revising.go_to(number)
            case "undo":
                revising = revising.undo()
        await edit_message(interaction, revision_layout(view.after(revising), context.localizer))

    @commands.Cog.listener("on_interaction")
    async def submit(self, interaction: Interaction) -> None:
        """Writes a poem from the characters that a form was sent with."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        typed, message = typed_poem(interaction.data), interaction.message
        if typed is None or message is None:
            return
        async with self.handle(interaction, defer_update) as context:
            localizer = context.localizer
            view = parse_revision(message)
            _check_owner(interaction, view)
            try:
                with self.steps.take(message.id, view.state):
                    await self._write(interaction, context, view, typed)
            except NotAllowedError as error:  # the message has changed meanwhile
                context.outcome = self.refused(error)
                layout = typed_layout(localizer.format_error(error), typed)
                await respond(interaction, layout, private=True)

    async def _write(
        self,
        interaction: Interaction,
        context: Context,
        view: RevisionView,
        typed: str | None = None,
    ) -> None:
        """Writes another version, or tells in the same message why there is none.

        Args:
            interaction: The press, or the form that was sent.
            context: Of the interaction.
            view: The poem.
            typed: What the form was sent with.
        """
        localizer, revising = context.localizer, view.revising
        try:
            draft = revising.draft if typed is None else revising.read(typed)
            revising.check(draft)
            answer = await self._compose(interaction, context, view, draft)
            revising = revising.after_try()
            revising = revising.write(draft, answer)
        except LianjuError as error:
            again = view.after(revising)
            layout = self.refusal_layout(interaction, context, again, error, typed)
        else:
            layout = revision_layout(
                view.after(revising), localizer, answer_notes(answer, localizer)
            )
        await edit_message(interaction, layout)

    async def _compose(
        self, interaction: Interaction, context: Context, view: RevisionView, draft: Draft
    ) -> Answer:
        """Has a poem written from a draft, by the rules of the poem that it was.

        Raises:
            LianjuError: It cannot be written, or not now.
        """
        origin = view.origin
        async with self.limit(interaction, context):
            request = request_for(
                "，".join(draft.lines),
                Revision(),
                context.guild_settings,
                seed=view.revising.seed,
                count=COUNT,
                script=origin.script,
                rhyme=origin.rhyme,
                rules=origin.rules,
                known=origin.known,
            )
            context.add_log_fields(lines=len(draft.lines), version=len(view.revising.versions))

            return await self.resources.engine.compose(
                request,
                self.resources.settings.deadline,
                interaction.guild_id or OUTSIDE,
                partial(defer_update, interaction),
            )

    items = (cog_item(NAME, SOURCE_BUTTON, begin), cog_item(NAME, STEP_BUTTON, step))


def _check_owner(interaction: Interaction, view: RevisionView) -> None:
    """Checks that it is the member whose revision this is.

    Raises:
        NotAllowedError: It is somebody else.
    """
    if interaction.user.id != view.origin.owner:
        raise NotAllowedError("revise-not-yours")
