"""Rounds of `/guess` in the database: one a channel, no poem twice, and what is counted."""

import asyncio
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from lianju.bot.rounds import RANKED, GuessFigure, GuessScore, Round
from lianju.bot.store import guesses as guesses_module
from lianju.bot.store import open_store
from lianju.bot.store.tables import guess_score
from sqlalchemy import insert

GUILD, CHANNEL, HOST = 5, 50, 9
ROUND = Round(
    id=1000,
    guild_id=GUILD,
    channel_id=CHANNEL,
    message_id=None,
    host_id=HOST,
    difficulty="easy",
    bundle="toy 1.0.0",
    poem_id="a1",
    title="春晓",
    poet="孟浩然",
    lines=("春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少"),
    options=("一", "二", "处处闻啼鸟", "四"),
    answer=2,
    language="zh-TW",
    traditional=True,
    ends_at=130,
)
NOW = 100


def another(number, **changes):
    return replace(ROUND, id=1000 + number, poem_id=f"p{number}", **changes)


async def play(store, round_, choices):
    """A whole round, of which the result has been shown."""
    assert await store.guesses.begin(round_)
    for user, choice in choices.items():
        await store.guesses.choose(round_.id, user, choice, NOW)
    result = await store.guesses.end(round_.id)
    await store.guesses.set_shown(round_.id)
    return result


async def test_a_round_is_read_as_it_was_written_and_ends_once(url, store):
    assert await store.guesses.running_in(CHANNEL) is None
    assert await store.guesses.begin(ROUND)
    await store.guesses.set_message(ROUND.id, 77)
    asked = replace(ROUND, message_id=77)
    for user, choice in ((1, 0), (2, 2), (1, 2), (3, 3)):
        assert await store.guesses.choose(ROUND.id, user, choice, NOW) == asked
    other = await open_store(url, busy_s=60)  # as after a restart
    try:
        assert await other.guesses.running_in(CHANNEL) == asked
        assert await other.guesses.unfinished() == [asked]
        result = await other.guesses.end(ROUND.id)
    finally:
        await other.close()
    assert result.round == replace(asked, host_id=None, ended=True)
    assert result.choices == {1: 2, 2: 2, 3: 3}
    assert result.right == [1, 2]
    assert await store.guesses.running_in(CHANNEL) is None
    assert await store.guesses.end(ROUND.id) == result  # it is not counted again
    assert await store.guesses.unfinished() == [result.round]
    await store.guesses.set_shown(ROUND.id)
    assert await store.guesses.unfinished() == []
    shown = await store.guesses.end(ROUND.id)
    assert (shown.round.shown, shown.choices) == (True, {})
    assert await store.guesses.figures() == [GuessFigure("toy 1.0.0", 3, 1)]
    assert await store.guesses.score(GUILD, 1) == GuessScore(1, 1, 1, 1, 1)
    assert await store.guesses.score(GUILD, 3) == GuessScore(3, 1, 0, 0, 0)
    assert await store.guesses.score(GUILD, 4) is None
    assert await store.guesses.end(999) is None


async def test_of_two_rounds_at_once_one_begins(store):
    rounds = [another(number) for number in range(5)]
    begun = await asyncio.gather(*map(store.guesses.begin, rounds))
    assert sum(begun) == 1
    assert await store.guesses.begin(another(9, channel_id=51))
    assert await store.guesses.abandon(1009)
    assert await store.guesses.running_in(51) is None


async def test_a_round_that_somebody_has_guessed_in_is_not_abandoned(store):
    await store.guesses.begin(ROUND)
    await store.guesses.choose(ROUND.id, 1, 2, NOW)
    assert not await store.guesses.abandon(ROUND.id)
    assert (await store.guesses.end(ROUND.id)).choices == {1: 2}


async def test_a_choice_counts_until_the_end(store):
    assert await store.guesses.choose(ROUND.id, 1, 2, NOW) is None
    await store.guesses.begin(ROUND)
    assert (await store.guesses.choose(ROUND.id, 1, 2, 129.9)).ended is False
    await store.guesses.choose(ROUND.id, 1, 0, 130)
    await store.guesses.choose(ROUND.id, 2, 0, 130)
    assert (await store.guesses.end(ROUND.id)).choices == {1: 2}
    assert (await store.guesses.choose(ROUND.id, 2, 2, NOW)).ended
    assert (await store.guesses.end(ROUND.id)).choices == {1: 2}


async def test_no_poem_comes_twice_in_a_place_within_the_rounds_that_are_remembered(
    store, query, monkeypatch
):
    monkeypatch.setattr(guesses_module, "REMEMBERED", 20)
    rng, latest = random.Random(3), []  # noqa: S311
    for number in range(120):
        poem = f"p{rng.randrange(40)}"
        asked = replace(another(number, channel_id=number), poem_id=poem)
        begun = await store.guesses.begin(asked)
        assert begun == (poem not in latest[-20:])
        if begun:
            latest.append(poem)
            await store.guesses.end(1000 + number)
            await store.guesses.set_shown(1000 + number)
            assert {*latest[-20:]} <= await store.guesses.used_poems(GUILD)
    ((kept,),) = query("SELECT count(*) FROM guess_round")
    assert kept in (20, 21)
    elsewhere = replace(another(1), id=9000, poem_id=latest[-1])
    assert await store.guesses.begin(replace(elsewhere, guild_id=6, channel_id=60))
    # Outside servers each channel is a place of its own.
    for channel in (61, 62):
        there = replace(elsewhere, id=9000 + channel, guild_id=0, channel_id=channel)
        assert await store.guesses.begin(there)
        assert await store.guesses.used_poems(channel) == {latest[-1]}


async def test_scores_and_board_are_those_of_counting_by_hand(store):
    rng, played = random.Random(5), {}  # noqa: S311
    for number in range(40):
        choices = {user: rng.choice((0, 2, 2)) for user in range(1, 9) if rng.random() < user / 8}
        await play(store, another(number), choices)
        for user, choice in choices.items():
            played.setdefault(user, []).append(choice == 2)
    expected = []
    for user, hits in played.items():
        streaks, streak = [0], 0
        for hit in hits:
            streak = streak + 1 if hit else 0
            streaks.append(streak)
        expected.append(GuessScore(user, len(hits), sum(hits), streak, max(streaks)))
    expected.sort(key=lambda s: (s.guesses < RANKED, -s.hits / s.guesses, -s.hits, s.user_id))
    board = await store.guesses.board(GUILD, 0, 50)
    assert board.items == expected
    assert board.total == len(expected)
    assert {score.guesses >= RANKED for score in expected} == {True, False}
    assert (await store.guesses.board(GUILD, 2, 3)).items == expected[2:5]
    assert (await store.guesses.board(6, 0, 9)).items == []
    (figure,) = await store.guesses.figures()
    total = sum(len(hits) for hits in played.values())
    assert figure == GuessFigure("toy 1.0.0", total, total - sum(map(sum, played.values())))


async def test_board_is_by_hit_rate_however_many_guesses_there_are(store):
    guesses = {1: (2147, 2150), 2: (2148, 2150), 3: (1, 30), 4: (200_000, 6_000_000)}
    guesses |= {5: (999_998, 2_000_000), 6: (999_999, 2_000_000), 7: (2**31 - 2, 2**31 - 1)}
    rows = [
        {"guild_id": GUILD, "user_id": user, "hits": hits, "guesses": played}
        for user, (hits, played) in guesses.items()
    ]
    adding = insert(guess_score).values(streak=0, best_streak=0)
    async with store._database.write_transaction() as connection:
        await connection.execute(adding, rows)
    board = await store.guesses.board(GUILD, 0, 50)
    by_rate = sorted(rows, key=lambda row: (Fraction(row["hits"], row["guesses"]), row["hits"]))
    assert [each.user_id for each in board.items] == [row["user_id"] for row in by_rate[::-1]]


async def test_each_bundle_has_a_figure_of_its_own(store):
    await play(store, another(1), {1: 0})
    await play(store, another(2, bundle="toy 2.0.0"), {1: 2, 2: 0, 3: 0})
    await play(store, another(3, bundle="toy 3.0.0"), {})
    assert await store.guesses.figures() == [
        GuessFigure("toy 2.0.0", 3, 2),
        GuessFigure("toy 1.0.0", 1, 1),
    ]


async def test_deleted_member_leaves_no_guess_and_the_figures_stay(store, query):
    await play(store, another(1), {1: 0, 2: 2})
    await store.guesses.begin(another(2, host_id=1))
    await store.guesses.choose(1002, 1, 2, NOW)
    await store.guesses.choose(1002, 2, 0, NOW)
    assert (await store.delete_user(1, 200)).guess_scores == 1
    for table, column in (("guess", "user_id"), ("guess_score", "user_id")):
        assert query(f"SELECT count(*) FROM {table} WHERE {column} = 1") == [(0,)]  # noqa: S608
    assert query("SELECT host_id FROM guess_round WHERE id = 1002") == [(None,)]
    assert (await store.guesses.end(1002)).choices == {2: 0}
    assert await store.guesses.figures() == [GuessFigure("toy 1.0.0", 3, 2)]
    assert await store.guesses.score(GUILD, 1) is None


async def test_deleted_member_leaves_no_round_of_direct_messages(store, query):
    alone = {"guild_id": 0, "channel_id": 70, "host_id": 1}
    await play(store, another(1, **alone), {1: 0})
    await store.guesses.begin(another(2, **alone))
    await play(store, another(3, guild_id=0, channel_id=71, host_id=2), {2: 0})
    await play(store, another(4, host_id=1), {1: 2})
    await store.delete_user(1, 200)
    assert query("SELECT id, host_id FROM guess_round ORDER BY id") == [(1003, 2), (1004, None)]
    assert await store.guesses.end(1002) is None


async def test_what_a_forgotten_member_did_before_is_not_stored(store, query):
    await store.delete_user(1, 200)
    assert await store.guesses.begin(replace(ROUND, host_id=1), acted_at=199)
    await store.guesses.choose(ROUND.id, 1, 2, NOW, acted_at=199)
    assert query("SELECT host_id FROM guess_round") == [(None,)]
    assert query("SELECT count(*) FROM guess") == [(0,)]
    await store.guesses.choose(ROUND.id, 1, 2, NOW, acted_at=201)
    assert query("SELECT user_id FROM guess") == [(1,)]


@pytest.mark.parametrize("way", ["removed", "found to be gone"])
async def test_server_that_removes_the_bot_leaves_no_round(way, store, query):
    await play(store, another(1), {1: 0})
    await store.guesses.begin(another(2))
    await store.guesses.choose(1002, 2, 0, NOW)
    await play(store, another(3, guild_id=6, channel_id=60), {1: 2})
    if way == "removed":
        await store.delete_guild(GUILD, 200)
    else:
        await store.delete_left_guilds(3, lambda _: False, 200)
        assert await store.delete_left_guilds(3, GUILD.__eq__, 200) == 1
    assert query("SELECT guild_id FROM guess_round") == [(6,)]
    assert query("SELECT guild_id, user_id FROM guess_score") == [(6, 1)]
    assert query("SELECT count(*) FROM guess") == [(0,)]
    assert await store.guesses.figures() == [GuessFigure("toy 1.0.0", 2, 1)]
