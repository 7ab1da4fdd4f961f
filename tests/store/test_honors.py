"""Pages of honor in the database: what is due, and who does it."""

import asyncio
import datetime
import random

import pytest
from lianju.bot.errors import LianjuError
from lianju.bot.guild_settings import GuildSettings, HonorPage
from lianju.bot.honor import BOOKLET_LEASE_S, EDIT_EVERY_S, LEASE_S, MAX_ATTEMPTS, Month
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

from .honor_pages import (
    CHANNEL,
    FANS,
    GUILD,
    NOW,
    OTHER,
    OTHER_GUILD,
    SECOND,
    VERSE,
    WRITER,
    due,
    love,
    post,
    rows,
)
from .honor_pages import page as page


async def test_hearts_of_others_count_and_not_those_of_writers(store, page, query):
    await love(store, WRITER, *FANS[:2])
    # Three hearts, one of them the writer's.
    assert await due(store) == [("delete_unposted", VERSE, 2)]
    (verse,) = await store.honors.due(NOW)
    await store.honors.delete_unposted(verse)
    assert rows(query) == 0
    await love(store, FANS[2])
    assert await due(store) == [("post", VERSE, 3)]
    await love(store, *FANS[:2], verse=OTHER, guild=OTHER_GUILD)
    assert await due(store) == [("post", VERSE, 3)]


async def test_all_who_wrote_together_are_writers(store, page):
    writers = {WRITER: NOW, SECOND: NOW}
    await love(store, WRITER, SECOND, *FANS[:3], author=None, writers=writers)
    assert await due(store) == [("post", VERSE, 3)]
    (verse,) = await store.honors.due(NOW)
    assert (verse.writers, verse.is_linked) == ((WRITER, SECOND), True)


async def test_writer_of_the_same_verse_elsewhere_in_the_server_is_one_as_well(store, page):
    """Two members were given the same answer: neither raises it by a heart of their own."""
    await love(store, SECOND, *FANS[:3])
    await love(store, FANS[3], author=SECOND)
    (verse,) = await store.honors.due(NOW)
    assert (verse.count, verse.writers) == (4, (WRITER,))
    assert verse.all_writers == {WRITER, SECOND}


async def test_counts_are_those_of_a_plain_recount(store, page):
    """Against a model, over random hearts that come and go."""
    rng, kept = random.Random(3), {}  # noqa: S311
    for _ in range(60):
        user, author = rng.choice(FANS[:6]), rng.choice((None, *FANS[:3]))
        if user in kept:
            del kept[user]
        else:
            kept[user] = author
        await love(store, user, author=author)
    wanted = sum(user not in kept.values() for user in kept)
    found = await store.honors.due(NOW)
    assert [each.count for each in found] == [wanted] * len(found)
    assert bool(found) == (len(kept) > 0)


async def test_nothing_is_noted_without_a_page(store, query):
    await love(store, *FANS[:5])
    assert rows(query) == 0
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    assert await due(store) == []  # no flood of old verse
    await love(store, FANS[5])
    assert await due(store) == [("post", VERSE, 6)]
    await store.guild_settings.unset_honor_page(GUILD)
    assert rows(query) == 0


async def test_page_is_a_setting(store, page, query):
    assert page == GuildSettings(honor_page=HonorPage(CHANNEL, 3))
    changed = await store.guild_settings.change(GUILD, candidates=2)
    assert changed == GuildSettings(candidates=2, honor_page=HonorPage(CHANNEL, 3))
    assert await store.guild_settings.get(GUILD) == changed
    for channel, threshold in ((CHANNEL, 0), (CHANNEL, 101), (0, 3)):
        with pytest.raises(LianjuError) as caught:
            await store.guild_settings.set_honor_page(GUILD, channel, threshold, NOW)
        assert caught.value.key == "request-range"
    assert await store.guild_settings.get(GUILD) == changed
    await love(store, *FANS[:3])
    await store.guild_settings.reset(GUILD)
    assert await store.guild_settings.get(GUILD) == GuildSettings()
    assert (rows(query), query("SELECT count(*) FROM honor_page")) == (0, [(0,)])


async def test_of_several_processes_one_has_each_step(url, store, page):
    await love(store, *FANS[:3])
    others = [await open_store(url, busy_s=60) for _ in range(3)]
    try:
        stores = [store, *others]
        seen = [(await each.honors.due(NOW))[0] for each in stores]
        claimed = await asyncio.gather(
            *(
                each.honors.claim(verse, NOW, posting=True)
                for each, verse in zip(stores, seen, strict=True)
            )
        )
        assert sorted(claimed) == [False, False, False, True]
        assert await due(store, NOW + LEASE_S - 1) == []
        (verse,) = await others[0].honors.due(NOW + LEASE_S)  # whoever had it was killed
        assert (verse.step, verse.state, verse.begun_at) == ("find", "posting", NOW)
        assert verse.channel_id == CHANNEL
        claims = (each.honors.claim(verse, NOW + LEASE_S) for each in stores)
        assert sorted(await asyncio.gather(*claims)) == [False, False, False, True]
        await store.honors.mark_not_sent(verse)
        assert await due(store, NOW + LEASE_S) == [("post", VERSE, 3)]
    finally:
        for each in others:
            await each.close()


async def test_hearts_from_several_processes_are_one_verse(url, store, page):
    others = [await open_store(url, busy_s=60) for _ in range(3)]
    try:
        loving = (love(each, *FANS[n::4]) for n, each in enumerate([store, *others]))
        await asyncio.gather(*loving)
    finally:
        for each in others:
            await each.close()
    assert await due(store) == [("post", VERSE, 10)]


async def test_many_hearts_are_one_edit(store, page):
    await love(store, *FANS[:3])
    verse = await post(store)
    assert verse.state == "posted"
    assert await due(store, NOW + 999) == []
    await love(store, *FANS[3:8])
    assert await due(store, NOW + EDIT_EVERY_S - 1) == []
    (verse,) = await store.honors.due(NOW + EDIT_EVERY_S)
    assert (verse.step, verse.count) == ("edit", 8)
    await love(store, FANS[8])  # while the message is edited
    await store.honors.mark_edited(verse, NOW + EDIT_EVERY_S)
    assert await due(store, NOW + 2 * EDIT_EVERY_S - 1) == []
    assert await due(store, NOW + 2 * EDIT_EVERY_S) == [("edit", VERSE, 9)]


async def test_below_the_threshold_it_stays_until_nobody_keeps_it(store, page, query):
    await love(store, WRITER, *FANS[:3])
    await post(store)
    await love(store, *FANS[:2])
    assert await due(store, NOW + 99) == [("edit", VERSE, 1)]
    await love(store, FANS[2])  # the last one but the writer's own
    assert await due(store, NOW + 99) == [("delete_message", VERSE, 0)]
    await love(store, WRITER)
    # At once, as there is nothing to wait for.
    assert await due(store) == [("delete_message", None, 0)]
    (verse,) = await store.honors.due(NOW)
    assert (verse.channel_id, verse.message_id) == (CHANNEL, 700)
    await store.honors.mark_not_shown(verse)
    assert rows(query) == 0
    await love(store, *FANS[:3])  # it may be loved again
    assert (await post(store, 701)).id > verse.id


async def test_heart_that_comes_while_it_is_removed_is_not_lost(store, page):
    await love(store, *FANS[:3])
    await post(store)
    await love(store, *FANS[:3])
    (verse,) = await store.honors.due(NOW)
    await love(store, WRITER, *FANS[:3])
    await store.honors.mark_not_shown(verse)
    # Its text was deleted and stored again: that is another verse, which is on its way.
    assert ("post", VERSE, 3) in await due(store)


async def test_moderator_removes_it_for_good(store, page, query):
    await love(store, *FANS[:4])
    await post(store)
    (board,) = await store.moderation.matching(GUILD, "", 9)
    await store.moderation.remove(GUILD, board.id, NOW)
    assert [step for step, *_ in await due(store)] == ["delete_message"]
    (verse,) = await store.honors.due(NOW)
    await store.honors.mark_not_shown(verse)
    assert rows(query) == 0
    await love(store, *FANS[4:9])
    assert await due(store) == []


# --- what fails ---


async def test_fault_keeps_verse_until_the_page_is_set_again(store, page):
    await love(store, *FANS[:3])
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    await store.honors.set_fault(GUILD, CHANNEL, "forbidden")
    await store.honors.mark_not_sent(verse)
    settings = await store.guild_settings.get(GUILD)
    assert settings.honor_page == HonorPage(CHANNEL, 3, "forbidden")
    await love(store, *FANS[:3], verse=OTHER)
    assert await due(store, NOW + 9e6) == []
    changed = await store.guild_settings.set_honor_page(GUILD, 71, 2, NOW)
    assert changed.honor_page == HonorPage(71, 2)
    found = await store.honors.due(NOW)
    assert [(each.step, each.page_channel_id) for each in found] == [("post", 71)] * 2


async def test_fault_of_a_channel_that_is_no_longer_the_page_is_not_noted(store, page):
    await love(store, *FANS[:3])
    await store.guild_settings.set_honor_page(GUILD, 71, 3, NOW)
    await store.honors.set_fault(GUILD, CHANNEL, "gone")
    assert (await store.guild_settings.get(GUILD)).honor_page == HonorPage(71, 3)


async def test_what_fails_is_tried_later_and_later_and_then_no_more(store, page):
    await love(store, *FANS[:3])
    now, waits = NOW, []
    while found := await store.honors.due(now):
        await store.honors.fail(found[0], now, refused=True, is_sent=False)
        waits.append((await store.honors.get(found[0].id)).next_at - now)
        now += waits[-1]
    assert len(waits) == MAX_ATTEMPTS
    assert waits == sorted(waits)
    assert waits[0] == 60
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    assert await due(store) == [("post", VERSE, 3)]


async def test_what_fails_as_discord_is_away_is_tried_as_long_as_it_takes(store, page):
    await love(store, *FANS[:3])
    now = NOW
    for _ in range(3 * MAX_ATTEMPTS):
        (verse,) = await store.honors.due(now)
        await store.honors.fail(verse, now, is_sent=False)
        now = (await store.honors.get(verse.id)).next_at
    assert await due(store, now) == [("post", VERSE, 3)]


async def test_full_server_does_not_keep_others_waiting(store, page):
    await store.guild_settings.set_honor_page(OTHER_GUILD, CHANNEL, 3, NOW)
    for number in range(30):
        await love(store, *FANS[:3], verse=Verse("行", str(number)))
    await love(store, *FANS[:3], guild=OTHER_GUILD)
    guilds = [each.guild_id for each in await store.honors.due(NOW)]
    assert guilds.count(OTHER_GUILD) == 1
    assert 1 <= guilds.count(GUILD) < 30


# --- booklets ---


async def test_booklet_is_due_once_at_the_end_of_each_month(url, store, page):
    start = Month.at(NOW).booklet_at
    assert Month.at(start - 600).start == start - 600  # so that its last hearts count as well
    assert await store.booklets.due(start - 1) == []
    (booklet,) = await store.booklets.due(start)
    assert (booklet.guild_id, booklet.channel_id, booklet.begun_at) == (GUILD, CHANNEL, None)
    other = await open_store(url, busy_s=60)
    try:
        claims = [each.booklets.claim(booklet, start) for each in (store, other)]
        assert sorted(await asyncio.gather(*claims)) == [False, True]
        (again,) = await other.booklets.due(start + BOOKLET_LEASE_S)  # the first one was killed
        assert again.begun_at == start
        assert await other.booklets.claim(again, start + BOOKLET_LEASE_S)
        await other.booklets.finish(again, start + BOOKLET_LEASE_S)
    finally:
        await other.close()
    assert await store.booklets.due(start + 9999) == []
    assert len(await store.booklets.due(Month.at(start).booklet_at)) == 1


async def test_booklet_that_fails_is_given_up_until_the_next_month(store, page):
    start = Month.at(NOW).booklet_at
    now, tries = start, 0
    while found := await store.booklets.due(now):
        tries += 1
        await store.booklets.fail(found[0], now, refused=True, is_sent=False)
        ((now,),) = [[each.due_at] for each in await store.booklets.due(9e9)]
        assert tries <= MAX_ATTEMPTS
        if now >= Month.at(start).following.start:
            break
    assert tries == MAX_ATTEMPTS


async def test_verse_of_a_month_is_what_got_hearts_in_it(store, page):
    month = Month.at(NOW)
    first, last = month.start, month.following.start - 1
    await love(store, *FANS[:3], at=first - 1)
    await store.delete_user(SECOND, NOW)
    await love(store, FANS[0], verse=OTHER, author=SECOND, asked_at=NOW, at=last)
    await love(store, *FANS[1:4], at=last, verse=OTHER)
    for verse in await store.honors.due(NOW):
        assert await store.honors.claim(verse, NOW, posting=True)
        await store.honors.mark_posted(verse, CHANNEL, 700 + verse.id, NOW)
    found = await store.honors.with_hearts_between(GUILD, month.start, month.following.start)
    assert [(each.verse, each.count_in(month)) for each in found] == [(OTHER, 4)]
    before = await store.honors.with_hearts_between(GUILD, month.before.start, month.start)
    assert [(each.verse, each.count_in(month.before)) for each in before] == [(VERSE, 3)]
    assert datetime.datetime.fromtimestamp(first, datetime.UTC).day == 1


async def test_withdrawn_verse_is_gone_for_good(store, page):
    await love(store, *FANS[:3])
    verse = await post(store)
    await store.honors.withdraw(verse, NOW)
    (verse,) = await store.honors.due(NOW)
    assert (verse.step, verse.message_id) == ("delete_message", 700)
    await store.honors.mark_not_shown(verse)
    await love(store, *FANS[3:6], author=SECOND)
    (verse,) = await store.honors.due(NOW)
    assert verse.step == "nothing"
    await store.honors.mark_up_to_date(verse)
    assert await due(store) == []


async def test_message_that_somebody_deleted_does_not_come_again(store, page):
    await love(store, *FANS[:3])
    await store.honors.mark_deleted_by_others(await post(store), NOW)
    await love(store, *FANS[3:6])
    assert {step for step, *_ in await due(store, NOW + 99)} <= {"nothing"}
