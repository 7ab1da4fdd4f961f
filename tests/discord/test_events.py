"""What cogs of the host are told, and that they cannot harm anything."""

import asyncio
import dataclasses

import pytest
from discord.ext import commands
from lianju.bot.cogs.housekeeping import Housekeeping
from lianju.bot.events import AnswerEvent, FavoriteEvent, ForgetEvent
from lianju.bot.verses import Verse

from .commands import ask, press
from .interactions import HANGS_S, custom_ids, labels, person, poem, slash, texts
from .messages import written

LINE = "黄河远上白云间"


class Listener(commands.Cog):
    """A cog of the host, which keeps what it is told."""

    def __init__(self):
        self.told = asyncio.Queue()

    @commands.Cog.listener()
    async def on_lianju_answer(self, event):
        await self.told.put(event)

    @commands.Cog.listener()
    async def on_lianju_favorite(self, event):
        await self.told.put(event)

    @commands.Cog.listener()
    async def on_lianju_forget(self, event):
        await self.told.put(event)

    async def next(self):
        async with asyncio.timeout(HANGS_S):
            return await self.told.get()


class Failing(commands.Cog):
    """A cog of the host that cannot do what it wants."""

    @commands.Cog.listener()
    async def on_lianju_answer(self, event):
        raise RuntimeError("the host's own fault")

    @commands.Cog.listener()
    async def on_lianju_favorite(self, event):
        raise RuntimeError("the host's own fault")


@pytest.fixture
async def listener(bot):
    cog = Listener()
    await bot.add_cog(cog)
    return cog


def heart(message, rank=1):
    (custom_id,) = custom_ids(message, f"lianju:heart:2:{rank}:")
    return custom_id


async def test_an_answer_is_told_with_its_message(fake, bot, listener):
    answer = await ask(fake, bot, poem(LINE, count=3), private=False, guild=42, channel=99, user=78)
    event = await listener.next()
    assert dataclasses.replace(event, verses=()) == AnswerEvent(
        command="poem",
        user_id=78,
        guild_id=42,
        channel_id=99,
        message_id=int(answer["id"]),
        prompt=LINE,
        verses=(),
    )
    shown = "\n".join(texts(answer))
    assert [verse.line for verse in event.verses] == [LINE] * len(event.verses)
    assert event.verses
    assert all(verse.answer in shown for verse in event.verses)


async def test_another_batch_and_the_menu_are_told(fake, bot, listener, clock):
    answer = await ask(fake, bot, poem(LINE), private=False, guild=None)
    assert (await listener.next()).guild_id is None
    (again,) = custom_ids(answer, "lianju:again")
    clock.now += 60
    payload = fake.press(answer, again, guild=None)
    await bot.receive(payload)
    assert (await listener.next()).command == "again"
    menu = fake.menu("Answer this line", written(LINE, person(78)), user=79)
    await bot.receive(menu)
    event = await listener.next()
    assert (event.command, event.user_id) == ("Answer this line", 79)


async def test_a_refused_request_is_not_told(fake, bot, listener):
    await ask(fake, bot, poem("no verse"))
    await ask(fake, bot, poem(LINE), private=False, user=78)
    assert (await listener.next()).prompt == LINE
    assert listener.told.empty()


async def test_hearts_are_told_as_they_come_and_go(fake, bot, listener):
    answer = await ask(fake, bot, poem(LINE), private=False)
    told = await listener.next()
    for added in (True, False):
        await press(fake, bot, answer, heart(answer), user=78)
        assert await listener.next() == FavoriteEvent(78, 42, told.verses[0], added=added)


async def test_removal_from_the_list_is_told_with_the_server_where_it_was_kept(
    fake, bot, listener, resources, clock
):
    favorites = resources.store.favorites
    for guild, verse in ((42, Verse("a", "b")), (None, Verse("c", "d"))):
        await favorites.toggle(77, guild, verse, None, clock.now)
    older, newer = await favorites.all(77)
    page = await ask(fake, bot, slash("favorites list"), guild=7)
    menu = custom_ids(page, "lianju:unfavourite")[0]
    await press(fake, bot, page, menu, [str(older.id)], guild=7)
    assert await listener.next() == FavoriteEvent(77, 42, Verse("a", "b"), added=False)
    await ask(fake, bot, slash("favorites remove", verse=str(newer.id)), guild=7)
    assert await listener.next() == FavoriteEvent(77, None, Verse("c", "d"), added=False)
    await ask(fake, bot, slash("favorites remove", verse=str(newer.id)), guild=7)
    assert listener.told.empty()  # nothing was removed


async def test_a_deletion_is_told(fake, bot, listener, resources):
    message = await ask(fake, bot, slash("privacy"))
    sure = await press(fake, bot, message, custom_ids(message)[0])
    assert listener.told.empty()
    await press(fake, bot, sure, custom_ids(sure, "lianju:forget:1:77:delete")[0])
    assert await listener.next() == ForgetEvent(77)
    await Housekeeping(bot, resources, []).delete_user(78)
    assert await listener.next() == ForgetEvent(78)


async def test_a_listener_that_fails_harms_nothing(fake, bot, listener, caplog):
    await bot.add_cog(Failing())
    with caplog.at_level("INFO"):
        answer = await ask(fake, bot, poem(LINE), private=False)
        changed = await press(fake, bot, answer, heart(answer))
        assert isinstance(await listener.next(), AnswerEvent)
        assert isinstance(await listener.next(), FavoriteEvent)
    assert labels(changed)[heart(answer)] == "♥ 1"
    assert caplog.text.count("outcome=answered") == 2
    assert "incident" not in caplog.text
    for event in ("answer", "favorite"):  # discord.py reports it to the host
        assert f"Ignoring exception in on_lianju_{event}" in caplog.text
    assert bot.tree_errors == []


@pytest.mark.parametrize(
    "event",
    [
        AnswerEvent("poem", 1, 2, 3, 4, "a", (Verse("a", "b"),)),
        FavoriteEvent(1, 2, Verse("a", "b"), added=True),
        ForgetEvent(1),
    ],
)
def test_events_cannot_be_changed_for_the_next_listener(event):
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.user_id = 5
    assert hash(event) == hash(dataclasses.replace(event))
