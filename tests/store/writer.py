"""A process that adds favorites until it is killed and prints a number for each."""

import asyncio
import sys

from lianju.bot.store import open_store
from lianju.bot.verses import Verse


async def main(url: str) -> None:
    store = await open_store(url)
    print("open", flush=True)
    for number in range(10**9):
        couplet = Verse("黄河远上白云间", f"万里江山{number // 3}")
        kept = await store.favorites.toggle(number % 3, 5, couplet, 99, number)
        print(number if kept else "removed", flush=True)


asyncio.run(main(sys.argv[1]))
