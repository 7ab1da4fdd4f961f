"""Tables of linked verse in the database, and the hearts of poems that several wrote."""

import asyncio
import random
from dataclasses import replace
from itertools import permutations, product

import pytest
from lianju.bot.errors import LianjuError
from lianju.bot.linked import IDLE_S, Line, open_table
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

HOST, SECOND, THIRD, KEEPER = 1, 2, 3, 7
GUILD, CHANNEL = 5, 50
POEM = ("床前明月光", "疑是地上霜", "举头望明月", "低头思故乡")


def fresh(now=100.0, **options):
    values = {"form": "jueju5", "order": "turns", "minutes": 5, "named": (SECOND, THIRD)}
    return open_table(HOST, GUILD, options.pop("channel", CHANNEL), now, **(values | options))


async def refused(key, awaitable):
    with pytest.raises(LianjuError) as caught:
        await awaitable
    assert caught.value.key == key


async def play(store, table, *users, now=110.0):
    """Writes lines of the poem, each as soon as the one before is stored."""
    for number, user in enumerate(users, len(table.lines)):
        written = table.write(user, POEM[number], now + number)
        table = await store.linked.save(table, written, user)
    return table


async def test_a_table_is_read_as_it_was_written(url, store):
    opening = Line(POEM[0], "poet", None, 90.0, "李白《静夜思》")
    opened = await store.linked.open(fresh().begin(opening, 100.0), 1)
    assert opened.id > 0
    assert await store.linked.get(opened.id) == opened
    await store.linked.post(opened.id, 4242)
    table = await play(store, replace(opened, message_id=4242), HOST, SECOND)
    other = await open_store(url, busy_s=60)  # as after a restart
    try:
        assert await other.linked.get(opened.id) == table
    finally:
        await other.close()
    table = await store.linked.save(table, table.undo(SECOND, 200.0), SECOND)
    assert (await store.linked.get(opened.id)).texts == POEM[:2]
    table = await store.linked.save(table, table.finish(HOST, 300.0), HOST)
    assert await store.linked.get(opened.id) == table
    await refused("linked-gone", store.linked.get(opened.id + 1))


async def test_players_who_join_are_added(store):
    table = await store.linked.open(fresh(named=()), 1)
    for user in (SECOND, THIRD):
        table = await store.linked.save(table, table.join(user, 120.0), user)
    assert (await store.linked.get(table.id)).players == (HOST, SECOND, THIRD)


async def test_of_two_who_write_at_once_one_succeeds(store):
    table = await store.linked.open(fresh(order="free", minutes=None, named=()), 1)
    users = range(10, 30)
    saved = await asyncio.gather(
        *(store.linked.save(table, table.write(user, f"{user}", 120.0), user) for user in users)
    )
    (won,) = filter(None, saved)
    assert await store.linked.get(table.id) == won
    assert len(won.lines) == 1


async def test_several_processes_write_each_line_once(url, store):
    table = await store.linked.open(fresh(form="pailu5", order="free", minutes=None, named=()), 1)
    other = await open_store(url, busy_s=60)

    async def write(user):
        chosen = random.Random(user)  # noqa: S311 -- no secret
        while True:
            place = chosen.choice((store, other)).linked
            read = await place.get(table.id)
            if read.state != "open":
                return
            await place.save(read, read.write(user, f"{len(read.lines)}", 120.0), user)

    try:
        await asyncio.gather(*map(write, range(10, 14)))
    finally:
        await other.close()
    assert (await store.linked.get(table.id)).texts == tuple(map(str, range(24)))


async def test_a_channel_has_as_many_tables_as_it_may(store):
    opened = await asyncio.gather(
        *(store.linked.open(fresh(), 2) for _ in range(4)), return_exceptions=True
    )
    errors = [each for each in opened if isinstance(each, Exception)]
    assert [each.key for each in errors] == ["linked-channel-full"] * 2
    first, second = sorted((t for t in opened if t not in errors), key=lambda table: table.id)
    await store.linked.open(fresh(channel=51), 1)
    assert await store.linked.shown_in(CHANNEL) == [first, second]
    await store.linked.save(first, first.finish(HOST, 120.0), HOST)
    await store.linked.open(fresh(), 2)
    assert len(await store.linked.shown_in(CHANNEL)) == 2


async def test_tables_are_due_when_something_times_out(store):
    timed, idle = await store.linked.open(fresh(), 9), await store.linked.open(fresh(named=()), 9)
    assert await store.linked.due(399.9) == []
    assert await store.linked.due(400.0) == [timed]
    assert await store.linked.due(100.0 + IDLE_S) == [timed, idle]
    timed = await store.linked.save(timed, timed.time_out(400.0))
    assert await store.linked.due(400.0) == []
    closed = await store.linked.save(timed, timed.time_out(100.0 + IDLE_S))
    assert closed.state == "idle"
    assert await store.linked.due(9e9) == [idle]


async def test_a_table_without_players_is_due_once_before_it_closes(store):
    table = await play(store, await store.linked.open(fresh(named=(SECOND,)), 1), HOST, SECOND)
    for user in (HOST, SECOND):
        await store.delete_user(user, 500.0)
    (left,) = await store.linked.due(500.0)
    assert (left.players, left.texts) == ((), table.texts)
    await store.linked.save(left, left.time_out(500.0))
    assert await store.linked.due(99.0 + IDLE_S) == []
    assert await store.linked.due(200.0 + IDLE_S) != []


async def test_every_writer_has_the_hearts(store):
    table = await play(store, await store.linked.open(fresh(), 1), HOST, SECOND, THIRD)
    verse, writers = table.verse, table.writers
    for keeper in (KEEPER, SECOND):
        assert await store.favorites.toggle(keeper, GUILD, verse, None, 200, writers=writers)
    for since in (None, 200.0):
        members = (await store.leaderboard.members(GUILD, since, 0, 9)).items
        assert [(each.user_id, each.hearts) for each in members] == [(1, 2), (3, 2), (2, 1)]
        (ranked,) = (await store.leaderboard.verses(GUILD, since, 0, 9)).items
        assert (ranked.verse, ranked.hearts) == (verse, 2)
        assert (ranked.author_id, ranked.writers) == (None, (1, 2, 3))
    assert (await store.leaderboard.members(GUILD, 201.0, 0, 9)).items == []
    (kept,) = await store.favorites.all(KEEPER)
    assert kept.writers == (1, 2, 3)
    assert not await store.favorites.toggle(KEEPER, GUILD, verse, None, 210, writers=writers)
    members = (await store.leaderboard.members(GUILD, None, 0, 9)).items
    assert [(each.user_id, each.hearts) for each in members] == [(1, 1), (3, 1)]
    await store.favorites.toggle(SECOND, GUILD, verse, None, 210)
    assert (await store.leaderboard.members(GUILD, None, 0, 9)).items == []


async def test_a_removed_verse_gives_no_hearts(store, query):
    table = await play(store, await store.linked.open(fresh(), 1), HOST, SECOND)
    writers = table.writers
    await store.favorites.toggle(KEEPER, GUILD, table.verse, None, 200, writers=writers)
    (found,) = await store.moderation.matching(GUILD, "", 5)
    await store.moderation.remove(GUILD, found.id, 300.0)
    assert query("SELECT count(*) FROM favourite_writer") == [(0,)]
    assert query("SELECT count(*) FROM member_hearts") == [(0,)]
    await store.favorites.toggle(THIRD, GUILD, table.verse, None, 400, writers=writers)
    assert query("SELECT count(*) FROM favourite_writer") == [(0,)]


ANYWHERE = """
SELECT count(*) FROM (
    SELECT user_id FROM favourite_writer UNION ALL SELECT keeper_id FROM favourite_writer
    UNION ALL SELECT host_id FROM linked_table UNION ALL SELECT user_id FROM linked_player
    UNION ALL SELECT user_id FROM linked_line UNION ALL SELECT user_id FROM member_hearts
    UNION ALL SELECT user_id FROM favourite
) AS ids WHERE user_id = {}
"""


async def test_a_deleted_member_is_nowhere_and_the_others_keep_their_poem(store, query):
    table = await play(store, await store.linked.open(fresh(), 1), HOST, SECOND, THIRD)
    await store.favorites.toggle(KEEPER, GUILD, table.verse, None, 200, writers=table.writers)
    await store.favorites.toggle(HOST, GUILD, table.verse, None, 200, writers=table.writers)
    assert await store.linked.of_member(HOST) == [await store.linked.get(table.id)]
    assert await store.linked.of_member(KEEPER) == []
    assert (await store.delete_user(HOST, 500.0)).linked_lines == 1
    assert query(ANYWHERE.format(HOST)) == [(0,)]
    left = await store.linked.get(table.id)
    assert left.texts == POEM[:3]
    assert (left.host_id, left.players) == (None, (SECOND, THIRD))
    assert left.writers == {SECOND: 111, THIRD: 112}
    # What was under way when the member was deleted stores nothing of it.
    await refused("linked-gone", store.linked.save(left, left, HOST, 499.0))
    await refused("linked-gone", store.linked.open(fresh(channel=51), 1, 499.0))
    verse = Verse.of(*POEM)
    await store.favorites.toggle(KEEPER, GUILD, verse, None, 600, writers={HOST: 110, SECOND: 111})
    assert query(ANYWHERE.format(HOST)) == [(0,)]
    await store.linked.save(left, left.write(SECOND, POEM[3], 600.0), SECOND)
    assert (await store.linked.get(table.id)).texts == POEM


async def test_who_was_deleted_meanwhile_is_not_named_at_a_new_table(store, query):
    await store.delete_user(SECOND, 500.0)
    table = await store.linked.open(fresh(), 1, 499.0)
    assert table.players == (HOST, THIRD)
    assert await store.linked.get(table.id) == table
    assert query(ANYWHERE.format(SECOND)) == [(0,)]
    assert (await store.linked.open(fresh(channel=51), 1, 501.0)).players == (HOST, SECOND, THIRD)


async def test_a_poem_of_one_member_goes_with_the_member(store, query):
    table = await play(
        store, await store.linked.open(fresh(named=(), order="free", minutes=None), 1), HOST, HOST
    )
    assert (await store.delete_user(HOST, 500.0)).linked_lines == 2
    await refused("linked-gone", store.linked.get(table.id))
    others = await store.linked.open(fresh(order="free", minutes=None), 1)
    others = await play(store, others, SECOND)
    await store.delete_user(SECOND, 500.0)
    assert (await store.linked.get(others.id)).lines == ()


OPENINGS = (
    (),
    (Line("opening", "poet", None, 90.0, "李白"),),
    (Line("opening", "lianju", None, 90.0),),
)


async def test_no_deletion_leaves_a_gap_in_a_poem(store, query):
    """Poems by all choices of two writers, who are deleted one after the other."""
    hosts, poems = {}, {}
    everything = product(OPENINGS, product((SECOND, THIRD), repeat=3), product((0, 1), repeat=2))
    for number, (opening, users, chosen) in enumerate(everything):
        kinds = ("member", *(("member", "lianju")[each] for each in chosen))
        lines = (*opening, *map(Line, "abc", kinds, users, (91.0, 92.0, 93.0)))
        host = (HOST, SECOND, THIRD)[number % 3]
        table = replace(fresh(channel=100 + number), host_id=host, lines=lines)
        table = await store.linked.open(table, 1)
        hosts[table.id], poems[table.id] = host, [(line.text, line.user_id) for line in lines]
    deleted = set()
    for user in (SECOND, THIRD):
        await store.delete_user(user, 500.0)
        deleted.add(user)
        for table_id, lines in list(poems.items()):
            if {None, user} >= {by for _, by in lines}:
                poems[table_id] = [line for line in lines if line[1] is None]
                if hosts[table_id] == user:
                    del poems[table_id]
        stored = {table_id: [] for (table_id,) in query("SELECT id FROM linked_table")}
        for table_id, number, text, by in query(
            "SELECT table_id, number, text, user_id FROM linked_line ORDER BY table_id, number"
        ):
            assert number == len(stored[table_id])
            stored[table_id].append((text, by))
        assert stored == {
            table_id: [(text, None if by in deleted else by) for text, by in lines]
            for table_id, lines in poems.items()
        }


async def test_each_verse_of_a_list_has_its_own_writers(store):
    written = {
        Verse("甲", "乙"): {HOST: 110, SECOND: 111},
        Verse("丙", "丁"): {},
        Verse("戊", "己"): {THIRD: 112, HOST: 113, SECOND: 114},
    }
    for verse, writers in written.items():
        assert await store.favorites.toggle(KEEPER, GUILD, verse, None, 200, writers=writers)
    for since in (None, 150):
        page = await store.leaderboard.verses(GUILD, since, 0, 10)
        found = {ranked.verse: ranked.writers for ranked in page.items}
        assert found == {verse: tuple(writers) for verse, writers in written.items()}


async def test_a_poem_goes_on_after_its_writers_were_deleted(store):
    table = await play(store, await store.linked.open(fresh(), 1), HOST, SECOND)
    for user in (SECOND, HOST):
        await store.delete_user(user, 500.0)
    left = await store.linked.get(table.id)
    assert (left.texts, left.player) == (POEM[:2], THIRD)
    await play(store, left, THIRD, THIRD)
    assert (await store.linked.get(table.id)).texts == POEM


@pytest.mark.parametrize("deleted", [HOST, SECOND, THIRD, KEEPER])
async def test_what_was_read_before_a_deletion_is_not_saved(store, deleted):
    """The deleted hosts, has a place, or wrote a line; or has nothing to do with it."""
    table = fresh(order="free", minutes=None)
    table = replace(table, players=(10, SECOND), lines=(Line("x", "member", THIRD, 90.0),))
    table = await store.linked.open(table, 1)
    written = table.write(10, POEM[1], 600.0)
    await store.delete_user(deleted, 500.0)
    if deleted == KEEPER:
        assert await store.linked.save(table, written, 10)
        return
    assert await store.linked.save(table, written, 10) is None
    after = await store.linked.get(table.id)
    assert 10 not in after.writers
    assert await store.linked.save(after, after.write(10, POEM[1], 600.0), 10)


async def test_the_turn_stays_with_its_player_when_others_are_deleted(store):
    """Each turn of three, and each two of them who are deleted, while others join."""
    for number, (turn, leaving) in enumerate(product(range(3), permutations(range(3), 2))):
        players = list(range(10 * number + 10, 10 * number + 13))
        opened = replace(fresh(channel=100 + number, named=()), players=tuple(players), turn=turn)
        table = await store.linked.open(opened, 1)
        current, gone = players[turn], [players[place] for place in leaving]
        for user in gone:
            await store.delete_user(user, 500.0)
            if user == current:
                current = players[(players.index(user) + 1) % len(players)]
            players.remove(user)
            table = await store.linked.get(table.id)
            assert table.player == current
            players.append(user + 5)
            await store.linked.save(table, table.join(user + 5, 600.0))
            table = await store.linked.get(table.id)
            assert (table.player, table.players) == (current, tuple(players))


async def test_tables_closed_long_ago_are_deleted_and_hearts_stay(store, query, monkeypatch):
    monkeypatch.setattr("lianju.bot.store.linked.BATCH", 2)
    tables = [
        await play(store, await store.linked.open(fresh(channel=100 + n), 1), HOST, SECOND)
        for n in range(6)
    ]
    for number, table in enumerate(tables[:5]):
        await store.linked.save(table, table.finish(HOST, 1000.0 + number), HOST)
    verse, writers = tables[0].verse, tables[0].writers
    await store.favorites.toggle(KEEPER, GUILD, verse, None, 2000, writers=writers)
    assert await store.purge(0, 1003.0) == 3
    for table in tables[:3]:
        await refused("linked-gone", store.linked.get(table.id))
    assert query("SELECT DISTINCT table_id FROM linked_line ORDER BY table_id") == [
        (table.id,) for table in tables[3:]
    ]
    assert query("SELECT count(*) FROM linked_player") == [(9,)]
    assert [each.writers for each in await store.favorites.all(KEEPER)] == [(HOST, SECOND)]
    assert await store.purge(0, 9e9) == 2
    assert (await store.linked.get(tables[5].id)).state == "open"


async def test_tables_go_with_their_server(store, query):
    table = await play(store, await store.linked.open(fresh(), 1), HOST)
    await store.linked.open(replace(fresh(), guild_id=None), 9)
    await store.delete_guild(GUILD, 500.0)
    assert query("SELECT guild_id FROM linked_table") == [(0,)]
    assert query("SELECT count(*) FROM linked_line") == [(0,)]
    await refused("linked-gone", store.linked.save(table, table.finish(HOST, 1.0), HOST, 499.0))
    await refused("linked-gone", store.linked.open(fresh(), 9, 499.0))


async def test_tables_of_a_server_that_was_left_meanwhile_go(store, query):
    await store.delete_left_guilds(99, lambda _: False, 10.0)
    await store.linked.open(fresh(), 1)
    await store.linked.open(replace(fresh(channel=51), guild_id=None), 1)
    assert await store.delete_left_guilds(99, lambda guild: guild == GUILD, 500.0) == 1
    assert query("SELECT guild_id FROM linked_table") == [(0,)]
