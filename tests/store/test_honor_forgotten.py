"""Pages of honor in the database, when members, servers and copies are forgotten."""

import asyncio

import pytest
from lianju.bot.honor import EDIT_EVERY_S, LEASE_S
from lianju.bot.store import open_store
from lianju.bot.store.backup import back_up, restore

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


async def test_verse_of_a_forgotten_writer_leaves_and_does_not_come_again(store, page, query):
    await love(store, *FANS[:4])
    await love(store, *FANS[:2], verse=OTHER)  # it is not there yet
    await love(store, *FANS[:3], verse=OTHER, author=SECOND, guild=OTHER_GUILD)
    await post(store)
    await store.delete_user(WRITER, NOW + 1)
    (verse,) = await store.honors.due(NOW + 1)
    assert (verse.step, verse.message_id, verse.all_writers) == ("delete_message", 700, frozenset())
    await store.honors.mark_not_shown(verse)
    await love(store, *FANS[4:8], asked_at=NOW)
    await love(store, *FANS[2:8], verse=OTHER, asked_at=NOW)
    assert {step for step, *_ in await due(store, NOW + 99)} == {"nothing"}
    assert query("SELECT count(*) FROM honor WHERE message_id IS NOT NULL") == [(0,)]
    await love(store, FANS[8], author=SECOND)  # who asked for the same, and is named
    assert ("post", VERSE, 9) in await due(store, NOW + 99)


@pytest.mark.parametrize("has_page", [True, False])
async def test_verse_that_few_love_after_its_writer_was_forgotten_is_due_once(
    has_page, store, query
):
    if has_page:
        await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    await love(store, FANS[0])
    await store.delete_user(WRITER, NOW + 1)
    await love(store, FANS[1], author=SECOND)  # who asked for the same
    (verse,) = await store.honors.due(NOW + 2)
    assert (verse.step, verse.count) == ("delete_unposted", 2)
    await store.honors.delete_unposted(verse)
    assert await due(store, NOW + 9e6) == []
    assert query("SELECT state FROM honor") == [("unnamed",)]  # as long as nobody else is named
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    await love(store, FANS[2])
    assert await due(store, NOW + 2) == [("post", VERSE, 3)]


async def test_verse_that_is_loved_again_while_nothing_can_be_posted_waits(store, page):
    await love(store, *FANS[:2])
    await store.delete_user(WRITER, NOW + 1)
    await store.honors.set_fault(GUILD, CHANNEL, "forbidden")
    await love(store, FANS[2], author=SECOND)
    assert await due(store, NOW + 2) == []
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    assert await due(store, NOW + 2) == [("post", VERSE, 3)]


async def test_posted_verse_leaves_with_the_last_name_beside_it(store, page):
    await love(store, *FANS[:3])
    await store.delete_user(WRITER, NOW + 1)
    await love(store, FANS[3], author=SECOND)
    await post(store)
    await love(store, FANS[4], asked_at=NOW)
    assert await due(store, NOW + EDIT_EVERY_S - 1) == []  # as of other verse
    (verse,) = await store.honors.due(NOW + EDIT_EVERY_S)
    assert (verse.step, verse.writers) == ("edit", (SECOND,))
    await love(store, FANS[3])
    await store.honors.mark_edited(verse, NOW + EDIT_EVERY_S)
    (verse,) = await store.honors.due(NOW + EDIT_EVERY_S)
    assert (verse.step, verse.message_id) == ("delete_message", 700)
    await store.honors.mark_not_shown(verse)
    await love(store, *FANS[5:9], asked_at=NOW)
    assert await due(store, NOW + 999) == [("nothing", VERSE, 8)]


async def test_verse_leaves_with_the_heart_of_the_last_one_who_is_named(store, page):
    await love(store, *FANS[:3])
    await love(store, FANS[3], author=SECOND)  # who asked for the same
    await post(store)
    await store.delete_user(WRITER, NOW + 1)
    (verse,) = await store.honors.due(NOW + 1)
    assert (verse.step, verse.writers) == ("edit", (SECOND,))
    await store.honors.mark_edited(verse, NOW + 1)
    await love(store, FANS[3])  # takes the heart back
    (verse,) = await store.honors.due(NOW + 1 + EDIT_EVERY_S)
    assert (verse.step, verse.message_id) == ("delete_message", 700)
    await store.honors.mark_not_shown(verse)
    await love(store, *FANS[4:9], asked_at=NOW)
    assert await due(store, NOW + 999) == [("nothing", VERSE, 8)]


async def test_verse_that_could_not_be_posted_is_not_without_a_name_later(store, page):
    await love(store, *FANS[:3])
    await store.delete_user(WRITER, NOW + 1)
    await love(store, FANS[3], author=SECOND)
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    assert [step for step, *_ in await due(store, NOW + LEASE_S)] == ["find"]
    await store.honors.set_fault(GUILD, CHANNEL, "forbidden")
    await store.honors.mark_not_sent(verse)
    await love(store, FANS[3])
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)
    assert await due(store, NOW) == [("nothing", VERSE, 3)]


async def test_verse_of_several_is_shown_without_the_forgotten_one(store, page):
    await love(store, *FANS[:3], author=None, writers={WRITER: NOW, SECOND: NOW})
    await post(store)
    await store.delete_user(WRITER, NOW + 1)
    (verse,) = await store.honors.due(NOW + 1)
    assert (verse.step, verse.writers) == ("edit", (SECOND,))
    await store.honors.mark_edited(verse, NOW + 1)
    await store.delete_user(SECOND, NOW + 2)
    assert [step for step, *_ in await due(store, NOW + 2)] == ["delete_message"]


async def test_writer_who_is_forgotten_while_it_is_posted(store, page):
    """Between the message and its receipt, and where the process dies in between."""
    await love(store, *FANS[:3])
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    await store.delete_user(WRITER, NOW + 1)
    assert await due(store, NOW + LEASE_S - 1) == []
    (found,) = await store.honors.due(NOW + LEASE_S)
    assert (found.step, found.begun_at, found.message_id) == ("find", NOW, None)
    assert await store.honors.mark_posted(verse, CHANNEL, 700, NOW + 1)
    (found,) = await store.honors.due(NOW + 1)
    assert (found.step, found.state, found.message_id) == ("delete_message", "unnamed", 700)


async def test_name_that_is_deleted_while_it_is_posted_is_edited_out(store, page):
    await love(store, *FANS[:3], author=None, writers={WRITER: NOW, SECOND: NOW})
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    await store.delete_user(WRITER, NOW + 1)
    await store.honors.mark_posted(verse, CHANNEL, 700, NOW + 1)
    (verse,) = await store.honors.due(NOW + 1 + EDIT_EVERY_S)
    assert (verse.step, verse.writers) == ("edit", (SECOND,))


async def test_hearts_of_a_forgotten_member_are_taken_back(store, page):
    await love(store, *FANS[:3])
    await post(store)
    await store.delete_user(FANS[0], NOW + 1)
    assert await due(store, NOW + 99) == [("edit", VERSE, 2)]


async def test_server_takes_its_page_along(store, page, query):
    await love(store, *FANS[:3])
    verse = await post(store)
    await store.delete_guild(GUILD, NOW)
    assert (rows(query), query("SELECT count(*) FROM honor_page")) == (0, [(0,)])
    assert not await store.honors.mark_posted(verse, CHANNEL, 701, NOW)
    await love(store, *FANS[3:7])
    assert rows(query) == 0


async def test_page_of_a_server_that_was_left_meanwhile_is_deleted(store, page, query):
    await store.delete_left_guilds(1000, lambda _: False, NOW)
    assert await store.delete_left_guilds(1000, lambda guild: guild == GUILD, NOW) == 1
    assert query("SELECT count(*) FROM honor_page") == [(0,)]


async def test_restored_copy_takes_the_verse_of_a_forgotten_writer_down(
    sqlite_url, path, page, store, tmp_path
):
    await love(store, *FANS[:3])
    await post(store)
    await asyncio.to_thread(back_up, sqlite_url, tmp_path / "copy")
    await store.delete_user(WRITER, NOW + 1)
    (verse,) = await store.honors.due(NOW + 1)
    await store.honors.mark_not_shown(verse)
    await store.close()
    await asyncio.to_thread(restore, sqlite_url, tmp_path / "copy")
    restored = await open_store(sqlite_url)
    try:
        (verse,) = await restored.honors.due(NOW + 1)
        assert (verse.step, verse.message_id) == ("delete_message", 700)
        assert not verse.all_writers
    finally:
        await restored.close()
