"""The end of *Revise*: the present version is posted for everybody."""

import discord

from ..errors import LianjuError, NotAllowedError
from ..resources import Resources
from ..revising import Steps
from ..ui.layout import Layout
from ..ui.replies import Interaction, edit_message
from ..ui.revise import posted_layout, revised_answer, revision_layout, typed_before
from ..ui.revise_state import RevisionView
from .base import Context, check_allowed_here, check_may_write
from .composing import ComposingCog

__all__ = ["RevisionPosting"]


class RevisionPosting(ComposingCog):
    """A cog that posts revised poems, and tells refusals in the message of a revision.

    Attributes:
        steps: What has been acted on.
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self.steps = Steps()

    async def post(self, interaction: Interaction, context: Context, view: RevisionView) -> None:
        """Posts the present version for everybody.

        Until that is done, the message says so and keeps all of its versions: if the bot is killed
        meanwhile, the member sees whether the poem was posted, and can go on. No other press is
        acted on before.

        Args:
            interaction: The press.
            context: Of the interaction.
            view: The poem.

        Raises:
            NotAllowedError: The bot may not post here.
            discord.HTTPException: Discord did not accept the poem.
        """
        localizer, message = context.localizer, interaction.message
        if message is None:
            return
        posting, typed = view.after(view.revising), typed_before(message)
        try:
            if not view.revising.is_changed:
                raise NotAllowedError("revise-beginning")
            check_allowed_here(interaction, context.guild_settings)
            check_may_write(interaction)
        except LianjuError as error:
            layout = self.refusal_layout(interaction, context, posting, error)
            await edit_message(interaction, layout)
            return
        with self.steps.take(message.id, posting.state):
            note = localizer.format("revise-posting")
            await edit_message(interaction, revision_layout(posting, localizer, note, typed))
            try:
                answer = revised_answer(view, self.resources.clock())
                await self.send_answer(interaction, context, answer)
            except Exception as error:
                await edit_message(interaction, revision_layout(view, localizer, typed=typed))
                if isinstance(error, discord.Forbidden):
                    raise NotAllowedError("revise-no-post") from None
                raise
            await edit_message(interaction, posted_layout(view, localizer))

    def refusal_layout(
        self,
        interaction: Interaction,
        context: Context,
        view: RevisionView,
        error: LianjuError,
        typed: str | None = None,
    ) -> Layout:
        """Returns the message with a refusal, and with what was typed last and is not written.

        Args:
            interaction: What is refused.
            context: Of the interaction, whose outcome the refusal is.
            view: The poem.
            error: The refusal.
            typed: What the form was sent with, if it was.
        """
        context.outcome = self.refused(error)
        left = typed or typed_before(interaction.message)
        note = context.localizer.format_error(error)
        return revision_layout(view, context.localizer, note, left)

    def refused(self, error: LianjuError) -> str:
        """Counts a refusal that is not told by `handle`; returns the outcome for the log."""
        self.resources.observer.refused(error.key)
        return f"refused:{type(error).__name__}"
