"""Messages of pages of honor: sent once, edited and deleted as their verse says."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import discord

from ..discord_codes import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from ..honor import HonoredVerse
from ..i18n import Localizer, language_for
from ..picture import LIANJU, Card, Picture, PictureError, seal_for
from ..resources import Resources
from ..ui.honor import honor_layout, is_of
from ..ui.layout import Layout
from ..ui.picture import picture_file
from ..ui.replies import NO_MENTIONS
from ..verses import Verse
from .honor_channel import ChannelError, find_fault, recent_messages
from .housekeeping import Bot

__all__ = ["HonorPosts", "is_refused"]


def is_refused(error: Exception) -> bool:
    """Whether Discord has refused something, as it would do again."""
    return isinstance(error, discord.HTTPException) and error.status < 500


def _has_not_begun(error: Exception) -> bool:
    """Whether a message was certainly not sent."""
    return is_refused(error) or isinstance(error, PictureError)


ACT_S = 25.0  # twice this is within the lease of a step
MessageStep = Literal["find", "post", "edit", "delete_message"]  # the rest is in the store alone
BUSY = "picture-busy"


class HonorPosts:
    """Does what is next for a verse, on Discord.

    Args:
        bot: The bot.
        resources: Has the verse.
    """

    def __init__(self, bot: Bot, resources: Resources) -> None:
        self._bot = bot
        self._resources = resources
        self._honors = resources.store.honors

    async def act(self, verse: HonoredVerse, now: float) -> None:
        """Does the next step of a verse, unless another process does.

        Args:
            verse: The verse.
            now: The time, in Unix seconds.

        Raises:
            LianjuError: The database or the pictures are busy; the step is tried again later.
            discord.HTTPException: Discord failed; likewise.
            OSError: Likewise.
            TimeoutError: It took too long; likewise.
        """
        step = verse.step
        if step == "nothing":
            await self._honors.mark_up_to_date(verse)
        elif step == "delete_unposted":
            await self._honors.delete_unposted(verse)
        elif await self._honors.claim(verse, now, posting=step == "post"):
            # Whoever is forgotten from now on has it done again; others might be named here.
            read = await self._honors.get(verse.id)
            if read is None:
                return
            verse = read
            was_posting = step == "post"
            step = replace(read, begun_at=None).step if was_posting else read.step
            if step == "nothing" or step == "delete_unposted":
                mark = self._honors.mark_not_sent if was_posting else self._honors.mark_up_to_date
                await mark(read)
                return
            try:
                await self._do(step, verse, now)
            except (PictureError, discord.HTTPException, OSError, TimeoutError) as error:
                refused = is_refused(error)
                is_sent = False if step == "post" and _has_not_begun(error) else None
                await self._honors.fail(verse, now, refused=refused, is_sent=is_sent)
                raise

    async def _do(self, step: MessageStep, verse: HonoredVerse, now: float) -> None:
        match step:
            case "find":
                await self._find(verse, now)
            case "post":
                await self._post(verse, now)
            case "edit":
                await self._edit(verse, now)
            case "delete_message":
                await self._delete_message(verse, now)

    async def _find(self, verse: HonoredVerse, now: float) -> None:
        """Finds out whether a message was sent before its process was killed."""
        found, channel_id = None, verse.channel_id or 0
        try:
            async with asyncio.timeout(ACT_S):
                for message in await recent_messages(self._bot, channel_id, verse.begun_at or 0):
                    found = message.id if is_of(message, verse.id) else found
        except discord.NotFound:
            pass  # there is no channel any more
        if found is None:
            await self._honors.mark_not_sent(verse)
        else:
            await self._honors.mark_posted(verse, channel_id, found, now, found=True)

    async def _post(self, verse: HonoredVerse, now: float) -> None:
        channel_id, guild_id = verse.page_channel_id or 0, verse.guild_id
        fault = find_fault(self._bot, guild_id, channel_id)
        message: discord.Message | None = None
        if fault is None:
            async with asyncio.timeout(ACT_S):
                layout, picture = await self._draw(verse)
                channel = self._bot.get_partial_messageable(channel_id)
                # Discord sends no second message with the same nonce for some minutes. A later
                # one of the same verse has another, or Discord would answer with the first.
                files = [] if picture is None else [picture_file(picture)]
                nonce = f"h{verse.id}-{verse.begun_at}"
                try:
                    message = await channel.send(
                        view=layout, files=files, nonce=nonce, allowed_mentions=NO_MENTIONS
                    )
                except discord.NotFound:
                    fault = "gone"
                except discord.Forbidden:
                    fault = "forbidden"
        if fault is not None:
            await self._honors.set_fault(guild_id, channel_id, fault)
            await self._honors.mark_not_sent(verse)
            raise ChannelError(fault)
        if message is not None and not await self._honors.mark_posted(
            verse, channel_id, message.id, now
        ):
            await message.delete()  # the server was deleted meanwhile

    async def _edit(self, verse: HonoredVerse, now: float) -> None:
        async with asyncio.timeout(ACT_S):
            layout, picture = await self._draw(verse)
        files = [] if picture is None else [picture_file(picture)]
        try:
            async with asyncio.timeout(ACT_S):
                await self._message(verse).edit(
                    view=layout, attachments=files, allowed_mentions=NO_MENTIONS
                )
        except discord.NotFound as error:
            if error.code == UNKNOWN_CHANNEL:
                await self._honors.mark_not_shown(verse)
            else:
                await self._honors.mark_deleted_by_others(verse, now)
        except discord.Forbidden:
            await self._honors.fail(verse, now, final=True)
            await self._honors.set_fault(verse.guild_id, verse.channel_id or 0, "forbidden")
            raise ChannelError("forbidden") from None
        else:
            await self._honors.mark_edited(verse, now)

    async def _delete_message(self, verse: HonoredVerse, now: float) -> None:
        try:
            async with asyncio.timeout(ACT_S):
                await self._message(verse).delete()
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE and not verse.attempts:  # or it may have been us
                await self._honors.mark_deleted_by_others(verse, now)
        await self._honors.mark_not_shown(verse)

    async def is_there(self, verse: HonoredVerse, now: float) -> bool:
        """Whether nobody has deleted the message of a verse, as far as it can be seen.

        Raises:
            discord.HTTPException: Discord failed.
        """
        try:
            await self._message(verse).fetch()
        except discord.Forbidden:
            pass
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                await self._honors.mark_deleted_by_others(verse, now)
                return False
        return True

    def _message(self, verse: HonoredVerse) -> discord.PartialMessage:
        channel = self._bot.get_partial_messageable(verse.channel_id or 0)
        return channel.get_partial_message(verse.message_id or 0)

    async def _draw(self, verse: HonoredVerse) -> tuple[Layout, Picture | None]:
        """Returns the message of a verse, with the names that its writers have now."""
        settings = await self._resources.store.guild_settings.get(verse.guild_id)
        guild = await self.guild(verse.guild_id)
        names = await self.names(guild, verse.writers)
        locale = None if guild is None else str(guild.preferred_locale)
        language = language_for(settings.language, locale)
        shown = verse.verse or Verse("", "")
        writers = names if verse.is_linked or not names else (*names, LIANJU)
        picture = await self._picture(verse, shown, writers, guild)
        localizer = Localizer(language, self._resources.commands)
        return honor_layout(verse, shown, names, picture, localizer), picture

    async def _picture(
        self,
        verse: HonoredVerse,
        shown: Verse,
        writers: Sequence[str],
        guild: discord.Guild | None,
    ) -> Picture | None:
        """Returns the picture of a verse, without names if they do not fit; None if it does not."""
        seal = seal_for(None if guild is None else guild.name)
        for named in (tuple(writers), ()):
            try:
                card = Card(lines=shown.lines, writers=named, seal=seal, date=verse.first_on)
                return await self._resources.pictures.draw(card)
            except PictureError as error:
                if error.key == BUSY:
                    raise
        return None

    async def guild(self, guild_id: int) -> discord.Guild | None:
        """Returns a server; None if the bot cannot know it."""
        known = self._bot.get_guild(guild_id)
        if known is not None and not known.unavailable:
            return known
        try:
            return await self._bot.fetch_guild(guild_id, with_counts=False)
        except (discord.NotFound, discord.Forbidden):
            return None

    async def names(self, guild: discord.Guild | None, user_ids: Sequence[int]) -> tuple[str, ...]:
        """Returns what members are called, each once; who left the server has no name."""
        if guild is None:
            return ()
        found = []
        for user_id in user_ids:
            try:
                found.append((await guild.fetch_member(user_id)).display_name)
            except discord.NotFound:
                continue
        return tuple(dict.fromkeys(found))
