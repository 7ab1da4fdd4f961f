"""Draws the README's screens from what the bot really sends: `python -m tests.discord.screens`.

The folder of a bundle as an argument takes the place of the one that ships.
"""

import asyncio
import re
import sys
import tempfile
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import discord
from lianju.bot.cogs import FEATURES
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.store import open_store
from lianju.bot.verse.composer import open_composer

from .fake_discord import FakeDiscord
from .hosts import OtherBot
from .interactions import custom_ids, poem, slash
from .talk import ask, button, press

LINE = "黄河远上白云间"
QUATRAIN = poem("白日依山尽", form="jueju", count=2)
ACROSTIC = slash("acrostic", heads="春夏秋冬", chars=5, count=1)
NAMES = {77: "wang", 78: "li"}
MANAGE_SERVER = 1 << 5
WIDTH = 44  # columns of a text beside a button


def draw(message):
    """The message as lines of text; `[ ]` is a button, `▾` a menu."""
    return "\n".join(row for part in message["components"] for row in rows(part))


def rows(part):
    match part["type"]:
        case 10:
            yield from (plain(row) for row in part["content"].split("\n"))
        case 9:
            first, *others = rows(part["components"][0])
            columns = sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in first)
            yield first + " " * (WIDTH - columns) + control(part["accessory"])
            yield from others
        case 1:
            yield "  ".join(map(control, part["components"]))
        case 17:
            for inner in part["components"]:
                yield from rows(inner)


def plain(text):
    """A line without the marks that Discord turns into type."""
    for mark in ("### ", "-# ", "**", "`"):
        text = text.replace(mark, "")
    for user, name in NAMES.items():
        text = text.replace(f"<@{user}>", f"@{name}")
    text = re.sub(r"\|\|(.+)\|\|", lambda spoiler: "▒" * len(spoiler[1]), text)
    return re.sub(
        r"<t:(\d+):D>", lambda time: f"{datetime.fromtimestamp(int(time[1]), UTC):%-d %B %Y}", text
    )


def control(part):
    label = part.get("label") or part.get("placeholder") or "♥"
    shown = f"{label} ▾" if "options" in part else label
    return f"( {shown} )" if part.get("disabled") else f"[ {shown} ]"


async def main():
    async with FakeDiscord.running() as fake, OtherBot() as bot:
        discord.http.Route.BASE = fake.rest_base
        with tempfile.TemporaryDirectory() as folder:
            store = await open_store(f"sqlite+aiosqlite:///{Path(folder) / 'screens.sqlite3'}")
            composer = open_composer(Path(sys.argv[1]) if sys.argv[1:] else None)
            moment = iter(range(1_790_000_000, 2_000_000_000, 3600))

            def clock():
                return next(moment)

            resources = Resources(Settings(), composer, store, RequestLimiter(clock), clock)
            await bot.login(fake.token)
            for cog in FEATURES:
                await bot.add_cog(cog(resources))
                bot.add_dynamic_items(*cog.items)
            answer = await ask(fake, bot, poem(LINE), private=False)
            quatrain = await ask(fake, bot, QUATRAIN, private=False)
            first, third = custom_ids(answer, "lianju:heart:")[:3:2]
            for heart, user in ((first, 77), (first, 78), (third, 78)):
                await press(fake, bot, answer, heart, user=user)
            await press(fake, bot, quatrain, custom_ids(quatrain, "lianju:heart:")[0], user=78)
            acrostic = await ask(fake, bot, ACROSTIC, private=False)
            for message in (answer, quatrain, acrostic):
                print(draw(message), end="\n\n")
            for message in (answer, quatrain):
                details = await press(fake, bot, message, button(message, "Details"))
                print(draw(details), end="\n\n")
            for screen, private in (
                ("favorites list", True),
                ("leaderboard", False),
                ("settings show", True),
                ("about", True),
            ):
                asked = {"user": 78, "permissions": MANAGE_SERVER, "private": private}
                print(draw(await ask(fake, bot, slash(screen), **asked)), end="\n\n")
            await store.close()
            composer.close()


if __name__ == "__main__":
    asyncio.run(main())
