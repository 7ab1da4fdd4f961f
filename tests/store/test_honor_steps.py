"""Pages of honor in the database: what was read a while ago undoes nothing."""

import asyncio

import pytest
from lianju.bot.store import open_store
from lianju.bot.store.backup import back_up, restore

from .honor_pages import FANS, NOW, OTHER, OTHER_GUILD, SECOND, VERSE, WRITER, due, love, post, rows
from .honor_pages import page as page


async def test_verse_that_another_process_has_posted_meanwhile_is_not_dropped(store, page, query):
    await love(store, *FANS[:3])
    await love(store, FANS[0])
    (late,) = await store.honors.due(NOW)
    assert late.step == "delete_unposted"
    await love(store, FANS[0])
    await store.honors.delete_unposted(late)
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    await store.honors.delete_unposted(late)
    assert (await store.honors.get(verse.id)).begun_at == NOW
    await store.honors.mark_not_sent(verse)
    posted = await post(store)
    await store.honors.delete_unposted(late)
    assert await store.honors.get(verse.id) == posted
    assert await due(store, NOW + 999) == []
    assert rows(query) == 1


@pytest.mark.parametrize("how", ["withdraw", "mark_deleted_by_others"])
async def test_what_left_for_good_stays_away_even_if_nobody_kept_it_meanwhile(
    how, store, page, query
):
    await love(store, *FANS[:3])
    posted = await post(store)
    await getattr(store.honors, how)(posted, NOW)
    for verse in await store.honors.due(NOW):
        await store.honors.mark_not_shown(verse)
    await love(store, *FANS[:3])
    for verse in await store.honors.due(NOW):
        await store.honors.delete_unposted(verse)
    assert query("SELECT count(*) FROM couplet") == [(0,)]
    assert rows(query) == 0
    await love(store, *FANS[:5])
    await love(store, *FANS[:3], verse=OTHER)
    assert ("post", OTHER, 3) in await due(store, NOW)
    assert ("nothing", VERSE, 5) in await due(store, NOW)
    await store.guild_settings.set_honor_page(OTHER_GUILD, 71, 3, NOW)
    await love(store, *FANS[:3], guild=OTHER_GUILD)
    assert ("post", VERSE, 3) in await due(store, NOW)  # as this is another server's affair


async def test_restored_copy_does_not_show_what_left_for_good(
    sqlite_url, path, page, store, tmp_path
):
    await love(store, *FANS[:3])
    posted = await post(store)
    await asyncio.to_thread(back_up, sqlite_url, tmp_path / "copy")
    await store.honors.withdraw(posted, NOW)
    await store.close()
    await asyncio.to_thread(restore, sqlite_url, tmp_path / "copy")
    restored = await open_store(sqlite_url)
    try:
        (verse,) = await restored.honors.due(NOW + 99)
        assert (verse.step, verse.message_id) == ("delete_message", 700)
    finally:
        await restored.close()


@pytest.mark.parametrize(
    "wrote",
    [{"author": WRITER, "asked_at": NOW}, {"author": None, "writers": {WRITER: NOW, SECOND: NOW}}],
    ids=["alone", "together"],
)
async def test_answer_to_whoever_was_forgotten_before_anybody_kept_it_is_not_shown(
    wrote, store, page, query
):
    for writer in (WRITER, SECOND):
        await store.delete_user(writer, NOW + 1)
    await love(store, *FANS[:4], **wrote)
    assert await due(store) == [("nothing", VERSE, 4)]
    await love(store, FANS[4], author=SECOND, asked_at=NOW + 2)  # who has asked for the same
    assert await due(store) == [("post", VERSE, 5)]
