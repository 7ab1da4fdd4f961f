"""Members at a table of linked verse: they see no more than the bot shows them."""

import re
from contextlib import asynccontextmanager

from lianju.bot.cogs import FEATURES
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings

from .bots import OtherBot
from .bundle_with_prosody import GROUPS, LETTERS, READINGS
from .commands import ask, button
from .interactions import EPHEMERAL, slash, texts

WRITE = "Write a line"
LEVEL = {letter: GROUPS[READINGS[letter]] == "平" for letter in LETTERS}


async def start(fake, bot, form="jueju5", **options):
    """Opens a table, and returns its message; `place` has what is not an option."""
    place = options.pop("place", {})
    data = slash("lianju start", form=form, **options)
    return await ask(fake, bot, data, private=False, **place)


async def open_form(fake, bot, message, user, custom_id=None, **place):
    """Presses *Write a line*, and returns the exchange with the form or a refusal."""
    payload = fake.press(message, custom_id or button(message, WRITE), user=user, **place)
    await bot.receive(payload)
    return fake.exchange(payload)


async def send(fake, bot, opened, text, user, **place):
    """Sends a form; returns the exchange."""
    payload = fake.submit(opened, {"line": text}, user=user, **place)
    await bot.receive(payload)
    return fake.exchange(payload)


async def write(fake, bot, message, text, user, **place):
    """Writes a line, which must be accepted."""
    sent = await send(fake, bot, await open_form(fake, bot, message, user, **place), text, user)
    assert sent.messages == [], texts_of(sent)
    assert sent.updates
    return sent


def texts_of(exchange):
    """What a private answer says."""
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["allowed_mentions"]["parse"] == []
    return "\n".join(texts(message)) or message["content"]


def poem_of(message):
    """The lines that the message of a table shows."""
    return re.findall(r"^\*\*\d+\.\*\* (\w+)", texts(message)[1], re.MULTILINE)


def next_of(message):
    """What the message says of the next line."""
    return texts(message)[2]


def fitting_line(message, fault=None):
    """A line that somebody writes who knows nothing but what the message says.

    Args:
        message: Of a table.
        fault: A place whose tone is to be wrong.
    """
    said, used = next_of(message), "".join(poem_of(message))
    pattern = re.search(r"^- tones: (\w+)", said, re.MULTILINE)[1]
    rhyming = re.search(r"^- it rhymes: ([\w ]+) …", said, re.MULTILINE)
    letters = [letter for letter in LETTERS if letter not in used]
    line = ""
    for place, tone in enumerate(pattern):
        among = letters
        if rhyming and place == len(pattern) - 1:
            among = rhyming[1].split()
        wants = LEVEL if tone == "平" else {each: not LEVEL[each] for each in LEVEL}
        line += next(
            letter
            for letter in among
            if letter not in line and (tone == "中" or wants[letter] != (place == fault))
        )
    return line


def member(user):
    return {"user": user}


@asynccontextmanager
async def restarted(fake, engine, store, clock):
    """A new process over the same database: nothing but what is stored is known to it."""
    limiters = RequestLimiter(clock, clock), RequestLimiter(clock, clock)
    resources = Resources(Settings(), engine, store, limiters[0], clock, line_limiter=limiters[1])
    async with OtherBot() as host:
        await host.login(fake.token)
        for cog in FEATURES:
            await host.add_cog(cog(resources))
            host.add_dynamic_items(*cog.items)
        yield host, resources
