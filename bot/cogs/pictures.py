"""The *Picture* of an answer or a favorite: shown to who asks for it, who may post it."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import discord

from ..errors import NotAllowedError, NotFoundError
from ..guild_settings import GuildSettings
from ..picture import LIANJU, Picture, seal_for
from ..rate_limit import RateLimitError
from ..ui.answer import parse_answer_message
from ..ui.answer_message import AnswerMessage
from ..ui.picture import (
    PICTURE_BUTTON,
    Sheet,
    choice_layout,
    parse_choice,
    parse_picture,
    picture_file,
    picture_layout,
    posted_layout,
)
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from .base import Context, LianjuCog, check_allowed_here, check_may_write
from .items import CogItem, check_owner, cog_item

__all__ = ["Pictures", "check_place"]

NAME = "Lianju pictures"
COOLDOWN_S = 2.0  # between two pictures of a member, which cost time of the processor
DEFER = {"post": defer_reply, None: defer_private_reply}


class Pictures(LianjuCog, name=NAME):
    """Draws pictures; all that it needs to know of one is in the message with its buttons."""

    async def press(self, interaction: Interaction, item: CogItem) -> None:
        """Does what a button or select says."""
        message, action = interaction.message, item.match["action"]
        if message is None:
            return
        async with self.handle(interaction, DEFER.get(action, defer_update)) as context:
            check_place(interaction, context.guild_settings, public=action == "post")
            match action:
                case "choose":
                    sheet = parse_choice(message, item.match)
                case "style":
                    sheet = parse_picture(message, item.match).in_style(item.item.values[0])
                case "script" | "post":
                    sheet = parse_picture(message, item.match)
                case _ if item.match["owner"]:
                    check_owner(interaction, item.match["owner"], "favorites list")
                    sheet = await self._favorite(interaction, int(item.item.values[0]))
                case _:
                    answer = parse_answer_message(message)
                    sheet = _sheet(answer, message)
                    if len(answer.verses) > 1:
                        layout = choice_layout(sheet, answer.verses, context.localizer)
                        await respond(interaction, layout, private=True)
                        return
            with self.limit(interaction):
                picture = await self.draw(interaction, context, sheet)
            await self.show(interaction, context, sheet, picture, action)

    async def show(
        self,
        interaction: Interaction,
        context: Context,
        sheet: Sheet,
        picture: Picture,
        action: str | None,
    ) -> None:
        """Shows a picture.

        Args:
            interaction: Who wants it.
            context: Of the interaction.
            sheet: What it shows.
            picture: The picture.
            action: `post` shows it to everybody, None to the member alone in a new message, and
                any other in the message whose button was used.
        """
        file = picture_file(picture)
        try:
            if action == "post":
                layout = posted_layout(picture, interaction.user.id, context.localizer)
                await respond(interaction, layout, private=False, file=file)
                return
            layout = picture_layout(sheet, picture, context.localizer)
            if action is None:
                await respond(interaction, layout, private=True, file=file)
            else:
                await edit_message(interaction, layout, file)
        except discord.Forbidden:
            raise NotAllowedError("picture-no-attach") from None

    @contextmanager
    def limit(self, interaction: Interaction) -> Iterator[None]:
        """Checks how often the member asks for a picture, which is made in the block.

        Raises:
            RateLimitError: The member has to wait.
        """
        limiter = self.resources.picture_limiter
        try:
            with limiter.acquire(interaction.user.id, interaction.guild_id, COOLDOWN_S):
                yield
        except RateLimitError as error:
            raise RateLimitError(f"picture-{error.key}", **error.facts) from None

    async def draw(self, interaction: Interaction, context: Context, sheet: Sheet) -> Picture:
        """Draws a picture, with the seal of the server, inside `limit`."""
        guild = interaction.guild
        context.add_log_fields(style=sheet.style, lines=len(sheet.lines))
        card = sheet.card(seal_for(None if guild is None else guild.name))
        return await self.resources.pictures.draw(card)

    async def _favorite(self, interaction: Interaction, chosen: int) -> Sheet:
        favorite = await self.resources.store.favorites.one(interaction.user.id, chosen)
        if favorite is None:
            raise NotFoundError("picture-gone")
        kept_on = datetime.datetime.fromtimestamp(favorite.kept_at, datetime.UTC).date()
        return Sheet(favorite.verse.lines, "", (), kept_on)

    items = (cog_item(NAME, PICTURE_BUTTON, press),)


def check_place(interaction: Interaction, guild_settings: GuildSettings, *, public: bool) -> None:
    """Checks that a picture may be shown here.

    Raises:
        NotAllowedError: It may not.
    """
    if interaction.guild_id is not None and not interaction.app_permissions.attach_files:
        raise NotAllowedError("picture-no-attach")
    if public:
        check_allowed_here(interaction, guild_settings)
        check_may_write(interaction)


def _sheet(answer: AnswerMessage, message: discord.Message) -> Sheet:
    """Returns what the pictures of an answer have in common, with the lines of the first one.

    The line is of who asked, if nobody else wrote it; the answer is ours.
    """
    asked = message.interaction_metadata
    is_own = asked is not None and answer.options.writer is None
    writers = (asked.user.display_name, LIANJU) if asked and is_own else (LIANJU,)
    title = answer.prompt if answer.options.is_acrostic else ""
    return Sheet(answer.verses[0].lines, title, writers, message.created_at.date())
