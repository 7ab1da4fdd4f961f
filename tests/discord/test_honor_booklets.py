"""The booklet of the best-loved verse of each month."""

import asyncio
import io

import pypdf
import pytest
from lianju.bot.booklet import BookletError
from lianju.bot.cogs.honor_booklets import HonorBooklets
from lianju.bot.cogs.honor_clock import HonorClock
from lianju.bot.cogs.honor_posts import HonorPosts
from lianju.bot.honor import BOOKLET_LEASE_S, Month
from lianju.bot.verses import Verse

from .commands import english
from .honor_pages import CHANNEL, FANS, GUILD, VERSE, WRITER, love
from .honor_pages import honors as honors
from .honor_pages import page as page
from .honor_pages import server as server
from .linked_verse import restarted

OTHER = Verse("白日依山尽", "黄河入海流")


@pytest.fixture
async def loved(fake, store, page, honors, clock):
    """Two verses were posted this month, and it is over."""
    await love(store, *FANS[:3], at=clock.now)
    await love(store, *FANS[:4], verse=OTHER, author=2, at=clock.now)
    await honors.tick()
    clock.now = Month.at(clock.now).booklet_at
    fake.skip_to(clock.now)


def booklets(fake):
    """The booklets in the channel."""
    messages = fake.standing(CHANNEL)
    return [
        each for each in messages if any(f["filename"][-4:] == ".pdf" for f in each["attachments"])
    ]


def text_of(fake, message):
    (attached,) = message["attachments"]
    content = fake.messages.files[attached["id"]]
    reader = pypdf.PdfReader(io.BytesIO(content))
    return "".join(page.extract_text() for page in reader.pages).replace("\n", "")


async def test_booklet_of_the_month_is_posted_once(fake, store, honors, loved, clock):
    for _ in range(3):
        await honors.tick_booklets()
        clock.now += 3600
    (message,) = booklets(fake)
    month = english("honor-month", month=1, year="2027")
    assert message["content"] == english("honor-booklet", month=month, count=2)
    assert message["allowed_mentions"]["parse"] == []
    (attached,) = message["attachments"]
    assert attached["filename"] == "lianju-2027-01.pdf"
    text = text_of(fake, message)
    assert text.index(OTHER.line) < text.index(VERSE.line)
    assert "member 2" in text.replace("\xa0", " ")
    clock.now = Month.at(clock.now).booklet_at
    await honors.tick_booklets()
    assert len(booklets(fake)) == 1  # nobody has loved anything since


async def test_verse_whose_first_writer_was_forgotten_is_in_it_with_the_other_name(
    fake, store, page, honors, clock
):
    await love(store, *FANS[:3], at=clock.now)
    await store.delete_user(WRITER, clock.now)
    await love(store, FANS[3], author=2, at=clock.now)
    await honors.tick()
    clock.now = Month.at(clock.now).booklet_at
    fake.skip_to(clock.now)
    await honors.tick_booklets()
    (message,) = booklets(fake)
    assert "member 2" in text_of(fake, message).replace("\xa0", " ")


async def test_month_without_verse_has_none(fake, store, page, honors, clock):
    clock.now = Month.at(clock.now).booklet_at
    await honors.tick_booklets()
    assert fake.standing(CHANNEL) == []


async def test_killed_after_sending_it_is_not_posted_again(
    fake, engine, store, honors, loved, clock, monkeypatch
):
    finish = store.booklets.finish

    async def die(*_):
        raise asyncio.CancelledError

    monkeypatch.setattr(store.booklets, "finish", die)
    with pytest.raises(asyncio.CancelledError):
        await honors.tick_booklets()
    monkeypatch.setattr(store.booklets, "finish", finish)
    fake.nonces.clear()
    clock.now += BOOKLET_LEASE_S
    async with restarted(fake, engine, store, clock) as (again, its_resources):
        await HonorClock(again, its_resources).tick_booklets()
    assert len(booklets(fake)) == 1


async def test_what_fails_is_tried_again(fake, store, honors, loved, clock, resources, monkeypatch):
    make = resources.booklets.make

    async def fail(*_):
        raise BookletError("booklet-busy")

    monkeypatch.setattr(resources.booklets, "make", fail)
    await honors.tick_booklets()
    monkeypatch.setattr(resources.booklets, "make", make)
    fake.failures = {f"channels/{CHANNEL}/messages": [400]}
    for _ in range(2):
        clock.now += 3600
        await honors.tick_booklets()
    assert len(booklets(fake)) == 1


async def test_lost_channel_is_left_alone(fake, store, honors, loved, clock):
    fake.forbidden_channels.add(str(CHANNEL))
    for _ in range(3):
        await honors.tick_booklets()
        clock.now += 3600
    assert len(fake.refusals) == 1
    assert (await store.guild_settings.get(GUILD)).honor_page.fault == "forbidden"
    fake.forbidden_channels.clear()
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, clock.now)
    await honors.tick_booklets()
    assert len(booklets(fake)) == 1


async def test_bot_that_was_away_posts_the_last_month_only(fake, store, honors, loved, clock):
    clock.now = Month.at(clock.now).following.following.start + 9999
    await love(store, FANS[5], at=Month.at(clock.now).before.start)
    await honors.tick_booklets()
    (message,) = booklets(fake)
    assert message["attachments"][0]["filename"] == "lianju-2027-03.pdf"
    assert OTHER.line not in text_of(fake, message)


async def test_server_that_hangs_does_not_keep_others_waiting(
    fake, store, honors, loved, clock, monkeypatch
):
    """One turn of the clock does all that is due."""
    for guild in range(100, 130):
        await store.guild_settings.set_honor_page(guild, 75, 3, Month.at(clock.now).before.start)
    act, going_on, acted = HonorBooklets.act, asyncio.Event(), []

    async def hang(self, due, now):
        if due.guild_id == 100:
            await going_on.wait()
        await act(self, due, now)
        acted.append(due.guild_id)
        if len(acted) == 30:
            going_on.set()

    monkeypatch.setattr(HonorBooklets, "act", hang)
    await asyncio.wait_for(honors.tick_booklets(), 60)
    assert sorted(acted) == [GUILD, *range(100, 130)]
    assert acted[-1] == 100
    assert await store.booklets.due(clock.now) == []
    assert len(booklets(fake)) == 1


async def test_what_was_not_posted_is_not_looked_for_from_the_first_attempt_on(
    fake, store, honors, loved, clock, monkeypatch
):
    """A chat that goes on would hide the message that is posted at last."""
    first = clock.now
    (due,) = await store.booklets.due(first)
    assert await store.booklets.claim(due, first)  # and the process was killed
    clock.now += BOOKLET_LEASE_S

    async def die(*_):
        raise asyncio.CancelledError

    monkeypatch.setattr(store.booklets, "finish", die)
    with pytest.raises(asyncio.CancelledError):
        await honors.tick_booklets()
    assert len(booklets(fake)) == 1
    (due,) = await store.booklets.due(clock.now + BOOKLET_LEASE_S)
    assert due.begun_at == first + BOOKLET_LEASE_S


async def test_writer_who_is_forgotten_while_names_are_asked_for_is_in_no_booklet(
    fake, store, page, honors, clock, monkeypatch
):
    await love(store, *FANS[:3], at=clock.now)
    writers = {3: clock.now, 4: clock.now}
    await love(store, *FANS[:3], verse=OTHER, author=None, writers=writers, at=clock.now)
    await honors.tick()
    clock.now = Month.at(clock.now).booklet_at
    fake.skip_to(clock.now)
    names, asked = HonorPosts.names, []

    async def forget_meanwhile(self, guild, user_ids):
        found = await names(self, guild, user_ids)
        asked.extend(user_ids)
        if len(asked) == 3:
            for user in (WRITER, 3):
                await store.delete_user(user, clock.now)
        return found

    monkeypatch.setattr(HonorPosts, "names", forget_meanwhile)
    await honors.tick_booklets()
    (message,) = booklets(fake)
    text = text_of(fake, message).replace("\xa0", " ")
    assert sorted(asked) == [WRITER, 3, 4]
    assert (VERSE.line in text, OTHER.line in text) == (False, True)
    assert ("member 1" in text, "member 3" in text, "member 4" in text) == (False, False, True)
