"""Pages of honor: a server that has one, hearts, and what a message of the page says."""

import pytest
from lianju.bot.cogs.honor_clock import HonorClock
from lianju.bot.verses import Verse

from .fake_channels import channel_payload, server_payload
from .interactions import labels, texts
from .limits import within

GUILD, CHANNEL = 42, 70
VIEW, SEND, ATTACH, HISTORY = 1 << 10, 1 << 11, 1 << 15, 1 << 16
ALL = VIEW | SEND | ATTACH | HISTORY
WRITER, SECOND, FANS = 1, 2, range(10, 20)
VERSE = Verse("床前明月光", "疑是地上霜")
GALLERY = 12


@pytest.fixture(autouse=True)
async def server(fake, bot):
    """Server 42 has a text channel, a forum and a voice channel; the bot may do all it needs."""
    kinds = {CHANNEL: 0, 71: 15, 72: 2, 73: 5}
    channels = [channel_payload(channel, kind) for channel, kind in kinds.items()]
    channels.append(channel_payload(74, denied=SEND | ATTACH))
    payload = server_payload(GUILD, *channels, permissions=ALL)
    await bot._after(bot._connection.parse_guild_create, payload)


@pytest.fixture
async def page(store, clock):
    await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, clock.now)


@pytest.fixture
def honors(bot, resources):
    return HonorClock(bot, resources)


async def love(store, *users, verse=VERSE, author=WRITER, guild=GUILD, at=1_800_000_000, **more):
    for user in users:
        await store.favorites.toggle(user, guild, verse, author, at, **more)


def shown(message):
    """What a message of the page says: its heart, the names, and the text of the picture."""
    hearts = [label for label in labels(message).values() if label.startswith("♥")]
    alts = [
        item["description"]
        for part in within(message["components"])
        if part["type"] == GALLERY
        for item in part["items"]
    ]
    return hearts, texts(message), alts


@pytest.fixture
async def posted(fake, store, page, honors):
    """The message of a verse that three members love."""
    await love(store, *FANS[:3])
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    return message
