"""A process that toggles favorites of fifty verses, and prints what each toggle returned.

So that any order of all toggles ends in the same state, time and author of a favorite follow from
member and verse.
"""

import asyncio
import json
import random
import sys

from lianju.bot.store import open_store
from lianju.bot.verses import Verse

VERSES = [Verse(f"黄河远上白云间{n % 7}", f"万里江山{n}") for n in range(50)]
MEMBERS, GUILDS = range(1, 21), (5, 6, None)
AT_ONCE = 4  # toggles of one process


def author_of(member: int, verse: int) -> int | None:
    return (member * 7 + verse) % 10 or None


def kept_at(member: int, verse: int) -> int:
    return 1000 * verse + member


def choices(seed: int, count: int) -> list[tuple[int, int | None, int]]:
    """Member, server and verse of each toggle; some verses are toggled far more than others."""
    rng = random.Random(seed)  # noqa: S311 -- nothing is secret
    return [
        (rng.choice(MEMBERS), rng.choice(GUILDS), int(len(VERSES) * rng.random() ** 3))
        for _ in range(count)
    ]


async def main(url: str, seed: int, count: int) -> None:
    store = await open_store(url, busy_s=120)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    left, answers = iter(choices(seed, count)), []

    async def toggle() -> None:
        for member, guild, verse in left:
            kept = await store.favorites.toggle(
                member, guild, VERSES[verse], author_of(member, verse), kept_at(member, verse)
            )
            answers.append((member, guild, verse, kept))

    await asyncio.gather(*(toggle() for _ in range(AT_ONCE)))
    await store.close()
    print(json.dumps(answers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
