"""Acknowledged favorites survive `kill -9`, exactly once."""

import pytest
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

from .test_against_reference import wrong_tallies


@pytest.mark.parametrize("acknowledged", [1, 50, 200])
async def test_acknowledged_favorites_survive(bot, url, dialect, query, acknowledged):
    numbers = [int(bot.stdout.readline()) for _ in range(acknowledged)]
    bot.kill()
    numbers += [int(line) for line in bot.stdout.read().split("\n")[:-1]]
    assert numbers == list(range(len(numbers)))
    store = await open_store(url, busy_s=60)
    kept = {
        (user, each.verse.answer, each.kept_at)
        for user in range(3)
        for each in await store.favorites.all(user)
    }
    wanted = {(number % 3, f"万里江山{number // 3}", number) for number in numbers}
    assert wanted <= kept
    assert len(kept - wanted) <= 1  # written, but killed before it was printed
    assert query("SELECT count(*) FROM favourite") == [(len(kept),)]
    assert wrong_tallies(query) == []
    if dialect == "sqlite":
        assert query("PRAGMA integrity_check") == [("ok",)]
    hearts = await store.favorites.counts(5, [Verse("黄河远上白云间", "万里江山0")])
    assert hearts == [min(len(kept), 3)]
    await store.close()
