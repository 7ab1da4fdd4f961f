"""Favorites and rankings: cases that random histories do not reach."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.store import favorites as favorites_module
from lianju.bot.store import open_store
from lianju.bot.verses import Verse
from sqlalchemy import event

COUPLETS = [Verse(f"白日依山尽{n}", f"黄河入海流{n}") for n in range(10)]


async def test_times_are_stored_in_whole_seconds_and_texts_unchanged(store, dialect):
    zero = "\x00" if dialect == "sqlite" else ""  # which PostgreSQL does not store
    odd = Verse(f"'; DROP TABLE couplet --\n𠮷\u200b{zero}%_", " 'á' ")
    assert await store.favorites.toggle(2**63 - 1, 2**63 - 1, odd, 2**63 - 1, 1_800_000_000.9)
    (kept,) = await store.favorites.all(2**63 - 1)
    assert (kept.verse, kept.kept_at, kept.guild_id) == (odd, 1_800_000_000, 2**63 - 1)
    assert await store.favorites.counts(2**63 - 1, [odd]) == [1]


async def test_servers_and_direct_messages_are_counted_separately(store):
    for guild in (5, 6, None):
        assert await store.favorites.toggle(1, guild, COUPLETS[0], 2, 9)
    for guild in (5, 6, None):
        assert await store.favorites.counts(guild, [COUPLETS[0], COUPLETS[1]]) == [1, 0]
        assert (await store.leaderboard.members(guild, None, 0, 9)).total == 1
    assert not await store.favorites.toggle(1, 6, COUPLETS[0], 2, 9)
    assert [each.guild_id for each in await store.favorites.all(1)] == [5, None]


async def test_users_cannot_remove_favorites_of_others(store):
    await store.favorites.toggle(1, 5, COUPLETS[0], 2, 9)
    (kept,) = await store.favorites.all(1)
    assert await store.favorites.remove(2, kept.id) is None
    assert await store.favorites.remove(1, kept.id + 1) is None
    assert await store.favorites.all(1) == [kept]


async def test_matching_favorites_are_the_users_own_latest_first(store):
    for at, couplet in enumerate([Verse("甲%", "云"), Verse("乙", "甲"), Verse("丙", "丁")]):
        await store.favorites.toggle(1, 5, couplet, None, at)
        await store.favorites.toggle(2, 5, couplet, None, at)
    for text, limit, wanted in [("甲", 9, "乙甲"), ("", 2, "丙乙"), ("%", 9, "甲"), ("戊", 9, "")]:
        found = await store.favorites.matching(1, text, limit)
        assert "".join(each.verse.line[0] for each in found) == wanted
        assert {each.id for each in found} <= {each.id for each in await store.favorites.all(1)}


async def test_concurrent_hearts_are_each_counted_once(store, query):
    """Ten members press each heart three times."""
    presses = [(user, couplet) for _ in range(3) for user in range(10) for couplet in COUPLETS]
    answers = await asyncio.gather(
        *(store.favorites.toggle(user, 5, couplet, 99, 9) for user, couplet in presses)
    )
    assert answers.count(True) == 200
    assert await store.favorites.counts(5, COUPLETS) == [10] * 10
    assert query("SELECT count(*) FROM favourite") == [(100,)]
    (author,) = (await store.leaderboard.members(5, None, 0, 9)).items
    assert (author.user_id, author.hearts) == (99, 100)


async def test_two_stores_on_one_file_agree(store, url):
    other = await open_store(url, busy_s=60)
    await asyncio.gather(
        *(
            each.favorites.toggle(user, 5, COUPLETS[0], None, 9)
            for user in range(20)
            for each in (store, other, store)
        )
    )
    assert await store.favorites.counts(5, COUPLETS[:1]) == [20]
    assert await other.favorites.counts(5, COUPLETS[:1]) == [20]
    await other.close()


async def test_cancellation_at_any_moment_leaves_the_store_usable(store):
    for turns in range(0, 600, 15):
        task = asyncio.ensure_future(store.favorites.toggle(turns, 5, COUPLETS[0], None, 9))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        before = await store.favorites.counts(5, COUPLETS[:1])
        assert await store.favorites.toggle(1000 + turns, 5, COUPLETS[0], None, 9)
        assert await store.favorites.counts(5, COUPLETS[:1]) == [before[0] + 1]


async def test_page_beyond_the_end_is_empty_and_has_the_total(store):
    await store.favorites.toggle(1, 5, COUPLETS[0], 2, 9)
    pages = [
        await store.favorites.page(1, 7, 5),
        await store.leaderboard.verses(5, None, 7, 5),
        await store.leaderboard.verses(5, 3.0, 7, 5),
        await store.leaderboard.members(5, None, 7, 5),
        await store.leaderboard.members(5, 3.0, 7, 5),
    ]
    assert [(list(page.items), page.total) for page in pages] == [([], 1)] * 5


async def test_suggested_lines_are_the_top_answers_without_duplicates(store):
    kept = [("甲", "万里遥"), ("乙", "万里遥"), ("丙", "一片云"), ("丁", "万里云"), ("丁", "100%_")]
    for hearts, (line, answer) in zip((1, 2, 3, 1, 1), kept, strict=True):
        for user in range(hearts):
            await store.favorites.toggle(user, 5, Verse(line, answer), None, 9)
    assert await store.leaderboard.lines(5, "", 25) == ["一片云", "万里遥", "100%_", "万里云"]
    assert await store.leaderboard.lines(5, "万里", 25) == ["万里遥", "万里云"]
    assert await store.leaderboard.lines(5, "%", 25) == ["100%_"]
    assert await store.leaderboard.lines(5, "", 2) == ["一片云", "万里遥"]
    assert await store.leaderboard.lines(6, "", 25) == []


@pytest.fixture
def work(store, query, path):
    """Counts the steps of SQLite's machine that reading something takes, timings aside."""

    async def work(read):
        statements = []

        def note(_connection, _cursor, statement, parameters, _context, _many):
            statements.append((statement, parameters))

        engines = [engine.sync_engine for engine in store._database._readers.values()]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        await read
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        steps = []
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.set_progress_handler(lambda: steps.append(1), 1)
            for statement, parameters in statements:
                database.execute(statement, parameters).fetchall()
        assert len(statements) == 1  # so that all of it is of one moment
        return len(steps)

    return work


async def test_cost_of_a_keystroke_does_not_grow_with_what_the_user_has(
    store, work, path, monkeypatch
):
    """A database from before lines were limited has 10,000 lines and favorites of one user."""
    monkeypatch.setattr(favorites_module, "SEARCHED", 200)

    def grow(first, last):
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("BEGIN")
            for n in range(first, last):
                line = (n, 1, f"行{n}", n)
                database.execute("INSERT INTO prompt VALUES (?, ?, ?, ?)", line)
                database.execute("INSERT INTO couplet VALUES (?, ?, ?)", (n, f"行{n}", f"列{n}"))
                database.execute(
                    "INSERT INTO favourite (user_id, guild_id, couplet_id, kept_at)"
                    " VALUES (1, 5, ?, ?)",
                    (n, n),
                )
            database.execute("COMMIT")

    async def costs():
        return [
            await work(store.recent_lines.recent(1, "無", 25)),
            await work(store.favorites.matching(1, "無", 25)),
        ]

    grow(1, 1001)
    before = await costs()
    grow(1001, 10_001)
    assert await costs() == before
    assert await store.recent_lines.recent(1, "行10000", 25) == ["行10000"]
    assert len(await store.favorites.matching(1, "行10000", 25)) == 1


async def test_cost_of_a_page_does_not_grow_with_the_database(store, work, path):
    """Steps stay as they are while the server grows tenfold; only totals are counted through."""

    def grow(first, last):
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("BEGIN")
            for n in range(first, last):
                database.execute("INSERT INTO couplet VALUES (?, ?, ?)", (n, f"行{n}", f"列{n}"))
                database.execute(
                    "INSERT INTO favourite (user_id, guild_id, couplet_id, author_id, kept_at)"
                    " VALUES (?, 5, ?, ?, ?)",
                    (n % 7 + 1, n, n % 5 + 1, n),
                )
            database.execute("COMMIT")

    couplets = [Verse(f"行{n}", f"列{n}") for n in range(1, 11)]

    async def costs():
        return [
            await work(store.favorites.counts(5, couplets)),
            await work(store.favorites.page(1, 0, 10)),
            await work(store.leaderboard.verses(5, None, 0, 10)),
            await work(store.leaderboard.members(5, None, 0, 10)),
            await work(store.guild_settings.get(5)),
            await work(store.recent_lines.recent(1, "", 10)),
        ]

    grow(1, 201)
    small = await costs()
    grow(201, 2001)
    large = await costs()
    # A total costs three steps or so for each of the list, as it is counted in an index.
    allowed = [0, 3 * 1800 / 7 + 50, 3 * 1800 + 50, 50, 0, 0]
    for before, after, more in zip(small, large, allowed, strict=True):
        assert after <= before + more
