"""Random histories: the store agrees with the reference implementation."""

import asyncio
import tempfile
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

from .conftest import ask
from .reference import Reference

# So few of each that histories meet again and again.
USERS = st.integers(1, 3)
GUILDS = st.sampled_from([None, 7])
COUPLETS = st.sampled_from([("a", "x"), ("a", "y"), ("b", "x")])
PRESS = st.tuples(
    st.just("press"), USERS, GUILDS, COUPLETS, st.none() | USERS, st.integers(100, 104)
)
REMOVE = st.tuples(st.just("remove"), USERS, st.integers(0, 5))
FORGET = st.tuples(st.just("forget"), USERS)
ACTION = st.integers(0, 9).flatmap(lambda n: FORGET if n == 9 else REMOVE if n == 8 else PRESS)

# Each heart that a member has from another one: for a line, or for a part of a poem.
CREDITS = """
SELECT guild_id, author_id AS user_id FROM favourite WHERE author_id <> user_id
UNION ALL SELECT guild_id, user_id FROM favourite_writer WHERE user_id <> keeper_id
"""
TALLIES = """
SELECT guild_id, couplet_id, count(*), min(kept_at) FROM favourite GROUP BY 1, 2
EXCEPT SELECT guild_id, couplet_id, hearts, first_at FROM couplet_hearts;
SELECT guild_id, couplet_id, hearts, first_at FROM couplet_hearts
EXCEPT SELECT guild_id, couplet_id, count(*), min(kept_at) FROM favourite GROUP BY 1, 2;
SELECT guild_id, user_id, count(*) FROM (CREDITS) AS credit GROUP BY 1, 2
EXCEPT SELECT guild_id, user_id, hearts FROM member_hearts;
SELECT guild_id, user_id, hearts FROM member_hearts
EXCEPT SELECT guild_id, user_id, count(*) FROM (CREDITS) AS credit GROUP BY 1, 2;
SELECT id FROM couplet EXCEPT SELECT couplet_id FROM favourite;
SELECT user_id, guild_id, couplet_id FROM favourite GROUP BY 1, 2, 3 HAVING count(*) > 1;
""".replace("CREDITS", CREDITS)


def wrong_tallies(query):
    """What the tallies say and a recount does not, and the reverse; couplets no one keeps."""
    questions = TALLIES.strip().rstrip(";").split(";")
    return [row for question in questions for row in query(question)]


async def compare(store, reference):
    couplets = [Verse(*each) for each in reference.couplets]
    for user in range(1, 4):
        for oldest_first in (True, False):
            page = await store.favorites.page(user, 0, 100, oldest_first)
            expected = reference.page(user, oldest_first)
            assert page.total == len(expected)
            assert [(f.verse, f.kept_at, f.guild_id) for f in page.items] == [
                (Verse(*k.verse), k.at, k.guild) for k in expected
            ]
            part = await store.favorites.page(user, 1, 2, oldest_first)
            assert (part.items, part.total) == (page.items[1:3], page.total)
        assert await store.favorites.all(user) == list(
            (await store.favorites.page(user, 0, 100, True)).items
        )
    for guild in (None, 7, 8):
        if couplets:
            assert await store.favorites.counts(guild, couplets) == [
                reference.hearts(guild, each) for each in reference.couplets
            ]
        for since in (None, 102.0, 200.0):
            loved = await store.leaderboard.verses(guild, since, 0, 100)
            expected = reference.loved_couplets(guild, since or 0)
            assert [(c.verse, c.hearts, c.author_id) for c in loved.items] == [
                (Verse(*couplet), hearts, author) for couplet, hearts, author in expected
            ]
            assert loved.total == len(expected)
            part = await store.leaderboard.verses(guild, since, 1, 2)
            assert (part.items, part.total) == (loved.items[1:3], loved.total)
            members = await store.leaderboard.members(guild, since, 0, 100)
            expected = reference.loved_members(guild, since or 0)
            assert [(m.user_id, m.hearts) for m in members.items] == expected
            assert members.total == len(expected)
            part = await store.leaderboard.members(guild, since, 1, 2)
            assert (part.items, part.total) == (members.items[1:3], members.total)


async def live(url, actions):
    store, reference = await open_store(url, busy_s=60), Reference()
    try:
        for action, *rest in actions:
            if action == "press":
                user, guild, couplet, author, at = rest
                kept = await store.favorites.toggle(user, guild, Verse(*couplet), author, at)
                assert kept == reference.toggle(user, guild, couplet, author, at)
            elif action == "remove":
                user, nth = rest
                mine = reference.page(user, oldest_first=True)
                ids = [each.id for each in await store.favorites.all(user)]
                if nth < len(mine):
                    chosen = mine[nth]
                    gone = await store.favorites.remove(user, ids[nth])
                    assert gone is not None
                    assert gone.verse == Verse(*chosen.verse)
                    reference.toggle(user, chosen.guild, chosen.verse, None, 0)
                    assert await store.favorites.remove(user, ids[nth]) is None
            else:
                (user,) = rest
                assert (await store.delete_user(user, 0)).favorites == reference.forget(user)
        assert wrong_tallies(partial(ask, url)) == []
        await compare(store, reference)
    finally:
        await store.close()


@contextmanager
def sqlite_database():
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite+aiosqlite:///{folder}/lianju.sqlite3"


@pytest.fixture
def database(dialect, request):
    """Makes a database without rows, and deletes it."""
    if dialect == "sqlite":
        return sqlite_database
    return request.getfixturevalue("postgres").database


@settings(
    max_examples=15,
    deadline=None,
    # What makes databases is the same for all examples.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(ACTION, min_size=10, max_size=40))
def test_random_histories_agree(database, actions):
    with database() as url:
        asyncio.run(live(url, actions))
