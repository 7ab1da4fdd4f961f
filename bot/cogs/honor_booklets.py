"""The monthly booklets of pages of honor."""

import asyncio
import io
from collections.abc import Sequence

import discord

from ..booklet import Booklet, BookletError, Poem
from ..honor import BOOKLET_LEASE_S, BOOKLET_VERSES, Fault, HonoredVerse, Month, best_loved
from ..i18n import Localizer, language_for
from ..picture import LIANJU, MAX_NAME, PictureError, seal_for
from ..picture.card import chinese_date
from ..resources import Resources
from ..store.booklets import DueBooklet
from ..ui.replies import NO_MENTIONS
from .honor_channel import ChannelError, find_fault, recent_messages
from .honor_posts import HonorPosts, is_refused
from .housekeeping import Bot

__all__ = ["HonorBooklets"]

ACT_S = BOOKLET_LEASE_S - 60.0
FIRST_DAY = "一日"


class HonorBooklets:
    """Posts the booklet of the best-loved verse of a month, once.

    Args:
        bot: The bot.
        resources: Has the verse.
        posts: Knows servers and names.
    """

    def __init__(self, bot: Bot, resources: Resources, posts: HonorPosts) -> None:
        self._bot = bot
        self._resources = resources
        self._posts = posts
        self._booklets = resources.store.booklets

    async def act(self, due: DueBooklet, now: float) -> None:
        """Posts the booklet of the month before, if there is any verse for it.

        Args:
            due: Whose booklet is due.
            now: The time, in Unix seconds.

        Raises:
            LianjuError: Nothing can be posted there, or something is busy.
            discord.HTTPException: Discord failed; it is tried again later.
            OSError: Likewise.
            TimeoutError: It took too long; likewise.
        """
        if not await self._booklets.claim(due, now):
            return
        month, is_sent = Month.at(now).before, False
        try:
            async with asyncio.timeout(ACT_S):
                if due.begun_at is not None:
                    is_sent = await self._was_posted(due, month)
                    if not is_sent:  # nor is what others have written since searched again
                        await self._booklets.begin(due, now)
                if not is_sent:
                    await self._post(due, month, now)
        except (BookletError, discord.HTTPException, OSError, TimeoutError) as error:
            refused = is_refused(error)
            await self._booklets.fail(
                due, now, refused=refused, is_sent=not refused or due.begun_at is not None
            )
            if isinstance(error, discord.NotFound | discord.Forbidden):
                fault: Fault = "gone" if isinstance(error, discord.NotFound) else "forbidden"
                await self._resources.store.honors.set_fault(due.guild_id, due.channel_id, fault)
                raise ChannelError(fault) from None
            raise
        await self._booklets.finish(due, now)

    async def _was_posted(self, due: DueBooklet, month: Month) -> bool:
        """Whether a process that was killed had posted it."""
        found = await recent_messages(self._bot, due.channel_id, due.begun_at or 0)
        names = (file.filename for message in found for file in message.attachments)
        return _file_name(month) in names

    async def _post(self, due: DueBooklet, month: Month, now: float) -> None:
        honors = self._resources.store.honors
        start, end = month.start, month.following.start
        loved = best_loved(await honors.with_hearts_between(due.guild_id, start, end), month)
        if not loved:
            return
        fault = find_fault(self._bot, due.guild_id, due.channel_id)
        if fault is not None:
            await honors.set_fault(due.guild_id, due.channel_id, fault)
            raise ChannelError(fault)
        guild = await self._posts.guild(due.guild_id)
        settings = await self._resources.store.guild_settings.get(due.guild_id)
        locale = None if guild is None else str(guild.preferred_locale)
        language = language_for(settings.language, locale)
        localizer = Localizer(language, self._resources.commands)
        first = month.first
        name = localizer.format("honor-month", month=first.month, year=str(first.year))
        written = chinese_date(first).removesuffix(FIRST_DAY)
        poems = await self._poems(guild, await self._standing(loved, now))
        if not poems:
            return
        booklet = Booklet(
            localizer.format("honor-booklet-title", month=written),
            month.following.first,
            poems,
            author="" if guild is None else guild.name[:MAX_NAME],
            seal=seal_for(None if guild is None else guild.name),
        )
        made = await self._resources.booklets.make(booklet)
        file = discord.File(io.BytesIO(made.pdf), _file_name(month))
        sentence = localizer.format("honor-booklet", month=name, count=len(poems))
        channel = self._bot.get_partial_messageable(due.channel_id)
        await channel.send(
            sentence,
            file=file,
            nonce=f"{month.number % 1000}-{due.guild_id}",  # 25 characters at most
            allowed_mentions=NO_MENTIONS,
        )

    async def _standing(
        self, loved: Sequence[tuple[HonoredVerse, int]], now: float
    ) -> Sequence[tuple[HonoredVerse, int]]:
        """Returns the first of these, without those whose message a moderator has deleted."""
        standing: list[tuple[HonoredVerse, int]] = []
        for verse, count in loved:
            if len(standing) < BOOKLET_VERSES and await self._posts.is_there(verse, now):
                standing.append((verse, count))
        return standing

    async def _poems(
        self, guild: discord.Guild | None, chosen: Sequence[tuple[HonoredVerse, int]]
    ) -> tuple[Poem, ...]:
        """Returns the poems of a booklet, without those for which a page has no room."""
        poems: list[Poem] = []
        known: dict[int, tuple[str, ...]] = {}
        for user_id in dict.fromkeys(user for verse, _ in chosen for user in verse.writers):
            known[user_id] = await self._posts.names(guild, [user_id])
        for each, count in chosen:
            # Names take a while, in which a writer may be forgotten or the verse taken down.
            verse = await self._resources.store.honors.get(each.id)
            if verse is None or verse.verse is None or not verse.is_shown:
                continue
            names = [name for user_id in verse.writers for name in known.get(user_id, ())]
            own = [] if verse.is_linked or not names else [LIANJU]
            for named in (tuple(dict.fromkeys((*names, *own))), ()):
                try:
                    poems.append(Poem("", verse.verse.lines, named, count))
                    break
                except PictureError:
                    continue
        return tuple(poems)


def _file_name(month: Month) -> str:
    """Returns the name of the file, by which it is found again."""
    return f"lianju-{month.first:%Y-%m}.pdf"
