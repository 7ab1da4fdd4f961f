"""What the tests of `/guess` share: a bundle with poems, timers that a test ends, and presses."""

import asyncio

import pytest

from .bundle_with_prosody import LEVEL, made_up_poems, write_bundle_with_prosody
from .commands import ask, button, press
from .interactions import labels, slash, texts

HOST, MEMBERS = 77, (1, 2, 3, 4, 5)
EASY, HARD, BOARD = slash("guess start"), slash("guess start", difficulty="hard"), "guess board"
MODERATOR = 1 << 13  # Manage Messages


def is_level(letter):
    return letter in LEVEL


POEMS = made_up_poems(200)


@pytest.fixture
def poems():
    return POEMS


@pytest.fixture
def bundle(tmp_path, poems):
    return write_bundle_with_prosody(tmp_path / "known", poems=poems)


class Timers:
    """Takes the place of `asyncio.sleep`: timers run out when a test says so.

    Attributes:
        waits: How long each was to wait.
    """

    def __init__(self, host):
        self.waits = []
        self._last = None
        self._reached = asyncio.Event()
        self._over = asyncio.Event()
        self._ends = host.get_cog("Lianju guess")._ends
        self._ends._sleep = self

    async def __call__(self, seconds):
        self.waits.append(seconds)
        if seconds == self._last:
            self._reached.set()
            await asyncio.Event().wait()
        await self._over.wait()

    async def run_until(self, seconds):
        """Returns when a timer waits so long; it does so until it is cancelled."""
        self._last = seconds
        self._reached.clear()
        self._over.set()
        await self._reached.wait()
        self._over.clear()
        self._last = None

    async def run_out(self):
        """Returns when all that the timers set going is done."""
        self._over.set()
        await asyncio.gather(*self._ends._timers.values())
        self._over.clear()


@pytest.fixture
def timers(bot):
    return Timers(bot)


async def begin(fake, bot, clock, data=EASY, **place):
    """Begins a round, as soon as the cooldown is over; returns its message."""
    clock.now += 60
    return await ask(fake, bot, data, private=False, **place)


def options(message):
    """The four lines, by custom id, without their letters."""
    chosen = labels(message).items()
    return {key: text[2:] for key, text in chosen if key.startswith("lianju:guess:")}


def first_line(message):
    return texts(message)[1].removeprefix("# ")


def poets_button(message):
    (poem,) = (poem for poem in POEMS if poem.lines[0] == first_line(message))
    return next(key for key, line in options(message).items() if line == poem.lines[1])


async def refusal(fake, bot, payload):
    """The one private sentence that answers."""
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["flags"] & 64
    return message["content"]


async def end(fake, bot, message, user=HOST, **place):
    return await press(fake, bot, message, button(message, "End"), user=user, **place)
