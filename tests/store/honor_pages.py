"""Pages of honor in the database: a page, hearts, and what is due."""

import pytest
from lianju.bot.verses import Verse

GUILD, OTHER_GUILD, CHANNEL = 5, 6, 70
WRITER, SECOND, FANS = 1, 2, range(10, 20)
VERSE, OTHER = Verse("床前明月光", "疑是地上霜"), Verse("白日依山尽", "黄河入海流")
NOW = 1_800_000_000.0


@pytest.fixture
async def page(store):
    """Server 5 shows what three members love."""
    return await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, NOW)


async def love(store, *users, verse=VERSE, guild=GUILD, author=WRITER, at=NOW, **more):
    for user in users:
        await store.favorites.toggle(user, guild, verse, author, at, **more)


async def due(store, now=NOW):
    return [(each.step, each.verse, each.count) for each in await store.honors.due(now)]


async def post(store, message=700, now=NOW):
    """Does as the bot does, with the one verse that is due."""
    (verse,) = await store.honors.due(now)
    assert verse.step == "post"
    assert await store.honors.claim(verse, now, posting=True)
    assert await store.honors.mark_posted(verse, CHANNEL, message, now)
    return await store.honors.get(verse.id)


def rows(query):
    return query("SELECT count(*) FROM honor")[0][0]
