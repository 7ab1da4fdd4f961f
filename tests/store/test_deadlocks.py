"""Transactions that write several members' tallies at once, on PostgreSQL."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from lianju.bot.store.tables import member_hearts
from lianju.bot.verses import Verse
from sqlalchemy import select, text

DIALECTS = ("postgres",)  # in SQLite one transaction writes after the other

GUILD, FIRST, SECOND = 5, 1, 2
VERSES = [Verse("行一", "列一"), Verse("行二", "列二")]
WRITERS = [dict.fromkeys((FIRST, SECOND), 1.0), dict.fromkeys((SECOND, FIRST), 1.0)]


async def press(store, user, number):
    verse, writers = VERSES[number], WRITERS[number]
    return await store.favorites.toggle(user, GUILD, verse, None, 9, writers=writers)


async def locked(store, stack, user):
    """Locks the tally of a member in a transaction; what is returned ends it."""
    tally = select(member_hearts).where(member_hearts.c.user_id == user)
    held = await stack.enter_async_context(AsyncExitStack())
    transaction = store._database.write_transaction(f"tally {user}")
    connection = await held.enter_async_context(transaction)
    await connection.execute(tally.with_for_update())
    return held.aclose


async def until_two_wait(store, pressing):
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'")
    while not pressing.done():  # or it has failed
        async with store._database.reader() as connection:
            if await connection.scalar(waiting) == 2:
                return


async def remove(store, user, number):
    (favorite,) = await store.favorites.all(user)
    return await store.favorites.remove(user, favorite.id) is None


@pytest.mark.parametrize(
    ("act", "kept"),
    [(press, True), (press, False), (remove, False)],
    ids=["kept", "taken back", "removed from the list"],
)
async def test_hearts_of_verse_by_the_same_members_in_another_order(act, kept, store, query):
    users = [10, 11] if kept else [20, 21]
    for user in (20, 21):
        assert await press(store, user, user - 20)
    for place in (0, 1):  # in the order of which they are found from now on
        query("UPDATE favourite_writer SET kept_at = kept_at + 1 WHERE place = $1", place)
    async with AsyncExitStack() as stack:
        unlocks = [await locked(store, stack, user) for user in (FIRST, SECOND)]
        pressing = asyncio.gather(*(act(store, user, n) for n, user in enumerate(users)))
        for unlock in unlocks:
            await until_two_wait(store, pressing)
            await unlock()
        assert await pressing == [kept, kept]
    hearts = query("SELECT user_id, hearts FROM member_hearts ORDER BY user_id")
    assert hearts == ([(FIRST, 4), (SECOND, 4)] if kept else [])
    if kept:
        places = query("SELECT user_id FROM favourite_writer ORDER BY favourite_id, place")
        assert [user for (user,) in places].count(FIRST) == 4
        (favorite,) = await store.favorites.all(11)
        assert favorite.writers == (SECOND, FIRST)
