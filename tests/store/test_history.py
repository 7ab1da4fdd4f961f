"""Several processes write at once: what is stored in the end is what a replay stores."""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

from .reference import Kept, Reference
from .test_against_reference import wrong_tallies
from .toggler import GUILDS, MEMBERS, VERSES, author_of, choices, kept_at

DIALECTS = ("postgres",)  # SQLite is for one process


def toggle_at_once(url, processes, count):
    """What the toggles of all processes returned, in no order."""
    program = Path(__file__).with_name("toggler.py")
    running = [
        subprocess.Popen(
            [sys.executable, program, url, str(seed), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for seed in range(processes)
    ]
    try:
        assert all(each.stdout.readline() == "open\n" for each in running)
        for each in running:
            each.stdin.write("\n")
            each.stdin.flush()
        answers = [tuple(answer) for each in running for answer in json.loads(each.stdout.read())]
        assert [each.wait() for each in running] == [0] * processes
    finally:
        for each in running:
            each.kill()
            each.communicate()
    return answers


@pytest.mark.parametrize(
    ("processes", "count"), [(3, 150), pytest.param(8, 2500, marks=pytest.mark.slow)]
)
async def test_toggles_of_several_processes_end_as_a_replay(url, query, processes, count):
    answers = toggle_at_once(url, processes, count)
    made = [each for seed in range(processes) for each in choices(seed, count)]
    assert Counter(answer[:3] for answer in answers) == Counter(made)
    couplets = [(each.line, each.answer) for each in VERSES]
    held = set()
    for toggle in made:
        held ^= {toggle}
    reference = Reference()
    reference.couplets = couplets
    reference.kept = [
        Kept(member, guild, couplets[verse], author_of(member, verse), kept_at(member, verse))
        for member, guild, verse in held
    ]
    balance = Counter()
    for member, guild, verse, kept in answers:
        balance[member, guild, verse] += 1 if kept else -1
    assert {each: n for each, n in balance.items() if n} == dict.fromkeys(held, 1)

    store = await open_store(url, busy_s=60)
    assert wrong_tallies(query) == []
    for guild in GUILDS:
        counts = await store.favorites.counts(guild, VERSES)
        assert counts == [reference.hearts(guild, couplet) for couplet in couplets]
        verses = await store.leaderboard.verses(guild, None, 0, 100)
        assert [(each.verse, each.hearts, each.author_id) for each in verses.items] == [
            (Verse(*couplet), hearts, author)
            for couplet, hearts, author in reference.loved_couplets(guild, 0)
        ]
        members = await store.leaderboard.members(guild, None, 0, 100)
        assert [(each.user_id, each.hearts) for each in members.items] == (
            reference.loved_members(guild, 0)
        )
    for member in MEMBERS:
        mine = await store.favorites.all(member)
        wanted = {
            (each.guild, each.verse, each.at) for each in reference.kept if each.user == member
        }
        assert {
            (each.guild_id, (each.verse.line, each.verse.answer), each.kept_at) for each in mine
        } == wanted
    await store.close()


async def test_whatever_is_written_at_once_the_tallies_are_right(url, query):
    """Hearts, their removal by id, deletions, moderation, settings and lines, from three stores."""
    stores = [await open_store(url, busy_s=120) for _ in range(3)]
    rng = random.Random(1)  # noqa: S311 -- nothing is secret
    verses = VERSES[:4]

    async def act(store, number):
        member, verse = rng.randrange(1, 6), rng.choice(verses)
        match number % 10:
            case 0:
                await store.delete_user(member, number)
            case 1:
                board = await store.moderation.matching(5, "", 5)
                for each in board[:1]:
                    await store.moderation.remove(5, each.id, number)
            case 2:
                for each in (await store.favorites.all(member))[:2]:
                    await store.favorites.remove(member, each.id)
            case 3:
                await store.guild_settings.change(5, cooldown_s=number % 60)
            case 4:
                await store.recent_lines.add(member, verse.line, number)
            case 5:
                await store.delete_guild(5, number)
            case _:
                author = rng.randrange(1, 6)
                await store.favorites.toggle(member, rng.choice(GUILDS), verse, author, number)

    async def live(store, start):
        for number in range(start, 150, 6):
            await act(store, number)

    await asyncio.gather(*(live(stores[n % 3], n) for n in range(6)))
    assert wrong_tallies(query) == []
    for store in stores:
        await store.close()
