"""Takes the pictures in docs/images from what the bot really sends.

    python -m tests.discord.screens

It needs Chromium, and fonts for Chinese (on Debian: chromium, fonts-noto-cjk). A bundle's folder
as an argument takes the place of the one that ships, and another one that of couplets.
"""

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import discord
from lianju.bot.cogs import FEATURES, guess_rounds
from lianju.bot.cogs.honor_clock import HonorClock
from lianju.bot.engine import open_local_engine
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.store import open_store
from PIL import Image

from . import revisions
from .bots import OtherBot
from .commands import ask, button, press
from .fake_discord import FakeDiscord
from .interactions import custom_ids, poem, slash
from .linked_verse import open_form, send, write
from .render import form_page, page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
NAMES = {77: "wang", 78: "li", 79: "anna", 80: "tomás", 81: "mei"}
ANSWER = poem("黄河远上白云间")
POEM = poem("移舟泊烟渚", form="jueju", count=2, seed=0)
ACROSTIC = slash("acrostic", heads="春夏秋冬", seed=1)
COUPLET = slash("couplet", line="春风得意马蹄疾")
# Who asks for what, and who presses ♥ beside which candidates.
ASKED = (
    (77, "answer", ANSWER, {1: (77, 78, 80), 3: (81,), 2: (79,)}),
    (79, "poem", POEM, {1: (80,), 2: (77, 78, 79, 81)}),
    (78, "acrostic", ACROSTIC, {1: (77, 79)}),
    (80, "night", poem("月落乌啼霜满天", form="jueju"), {1: (79, 81)}),
    (81, "couplet", COUPLET, {1: (77,), 3: (79, 80)}),
)
REVISED = poem("移舟泊烟渚", form="jueju", count=1, seed=0)
CHECK = slash("check", poem="人事有代谢，往来成古今。江山留胜迹，我辈复登楼。")
VERSE = ("黄河远上白云间", "一片孤城万仞山", "羌笛何须怨杨柳")
FAULTY = "羌笛何须怨柳条"
# Who takes which line for the poet's: a first one, by its place among the poet's and the others.
GUESSED = {77: 0, 78: 1, 79: 0, 80: 2, 81: 0}
GUESS_SEED = 2  # chooses the poem
HONOR_CHANNEL = 97
SHOWN = (
    *("answer", "poem", "couplet", "leaderboard", "check", "picture"),
    *("linked", "linked-form", "linked-told", "linked-finished", "guess", "guess-answer"),
    *("revise", "revise-form", "honor"),
)
SCALE = 2
SIZE = "1400,2000"  # larger than any message; the picture is cropped


async def take(folder, bundle=None, couplets=None):
    """Returns pages of HTML by name."""
    async with FakeDiscord.running() as fake, OtherBot() as bot:
        discord.http.Route.BASE = fake.rest_base
        store = await open_store(f"sqlite+aiosqlite:///{folder / 'screens.sqlite3'}")
        engine = open_local_engine(bundle, "cpu", couplets=couplets)
        clock = iter(range(1_790_000_000, 2_000_000_000, 3600)).__next__
        limiters = RequestLimiter(clock), RequestLimiter(clock)
        resources = Resources(
            Settings(), engine, store, limiters[0], clock, line_limiter=limiters[1]
        )
        await bot.login(fake.token)
        for cog in FEATURES:
            await bot.add_cog(cog(resources))
            bot.add_dynamic_items(*cog.items)
        pages = {}
        await store.guild_settings.set_honor_page(42, HONOR_CHANNEL, 3, 1_790_000_000)
        for user, name, command, hearts in ASKED:
            message = await ask(fake, bot, command, user=user, private=False)
            buttons = custom_ids(message, "lianju:heart:")
            for rank, fans in hearts.items():
                for fan in fans:
                    await press(fake, bot, message, buttons[rank - 1], user=fan)
            pages[name] = page(message, user, command["name"], NAMES)
        message = await ask(fake, bot, CHECK, user=78)
        pages["check"] = page(message, 78, "check", NAMES)
        bot._connection._add_guild_from_data({"id": "42", "name": "春江诗社"})
        kept = await ask(fake, bot, slash("favorites list"), user=77)
        menu, listed = custom_ids(kept, "lianju:picture:")[0], await store.favorites.all(77)
        message = await press(fake, bot, kept, menu, [str(listed[1].id)], user=77)
        pages["picture"] = page(message, 77, "favorites list", NAMES, fake.messages.files)
        pages |= await take_linked(fake, bot)
        pages |= await take_revision(fake, bot)
        message = await ask(fake, bot, slash("leaderboard"), user=81, private=False)
        pages["leaderboard"] = page(message, 81, "leaderboard", NAMES)
        resources.client, resources.clock = bot, lambda: 1_790_000_000
        await take_round(fake, bot, store, pages)
        fake.nicks = {str(user): name for user, name in NAMES.items()}
        await HonorClock(bot, resources).tick()
        message, *_ = fake.standing(HONOR_CHANNEL)
        pages["honor"] = page(message, None, "", NAMES, fake.messages.files)
        await store.close()
        await engine.close()
    return pages


async def take_linked(fake, bot):
    """A table of linked verse, the form for a line, what is told of a fault, and the whole poem."""
    data = slash("lianju start", form="jueju7", line=VERSE[0])
    message = await ask(fake, bot, data, user=77, private=False, channel=98)
    await write(fake, bot, message, VERSE[1], 79)
    opened = await open_form(fake, bot, message, 81)
    told = (await send(fake, bot, opened, FAULTY, 81)).messages[0]
    pages = {
        "linked": page(message, 77, "lianju start", NAMES),
        "linked-form": form_page(opened.form),
        "linked-told": page(told, 81, "lianju start", NAMES),
    }
    await write(fake, bot, message, VERSE[2], 81)
    offers = await press(fake, bot, message, button(message, "Let Lianju write"), user=78)
    await press(fake, bot, offers, custom_ids(offers, "lianju:linked:1:pick")[0], user=78)
    for fan in (78, 80):
        await press(fake, bot, message, button(message, "♥"), user=fan)
    return pages | {"linked-finished": page(message, 77, "lianju start", NAMES)}


async def take_revision(fake, bot):
    """A poem of which two lines and some characters of another are kept."""
    answer = await ask(fake, bot, REVISED, user=77, private=False)
    message = await press(fake, bot, answer, revisions.begin_button(answer), user=79)
    await revisions.changed(fake, bot, message, "lines", ["0", "1"], user=79)
    await revisions.changed(fake, bot, message, revisions.WRITE, user=79)
    lines = revisions.poem_of(message)
    opened, _ = await revisions.open_form(fake, bot, message, user=79)
    text = "\n".join((*lines[:2], "?", f"{lines[3][:2]}？？{lines[3][4]}"))
    await revisions.send(fake, bot, opened, text, user=79)
    return {"revise": page(message, 79, "poem", NAMES), "revise-form": form_page(opened.form)}


async def take_round(fake, bot, store, pages):
    """Adds a round of `/guess`, and the same with its result."""
    guess_rounds._random = random.Random(GUESS_SEED)  # noqa: S311
    message = await ask(fake, bot, slash("guess start"), user=77, private=False)
    pages["guess"] = page(message, 77, "guess start", NAMES)
    (asked,) = await store.guesses.unfinished()
    buttons = custom_ids(message, "lianju:guess:")
    buttons.insert(0, buttons.pop(asked.answer))
    for user, place in GUESSED.items():
        await press(fake, bot, message, buttons[place], user=user)
    message = await press(fake, bot, message, button(message, "End"), user=77)
    pages["guess-answer"] = page(message, 77, "guess start", NAMES)


def photograph(source, target, folder):
    """Writes a page of HTML as a PNG, cropped to what is not transparent."""
    (folder / "page.html").write_text(source, encoding="utf-8")
    command = [shutil.which("chromium") or shutil.which("google-chrome") or "chrome"]
    command += ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += ["--hide-scrollbars", f"--force-device-scale-factor={SCALE}"]
    command += [f"--user-data-dir={folder / 'profile'}", "--default-background-color=00000000"]
    command += [f"--window-size={SIZE}", f"--screenshot={folder / 'page.png'}"]
    subprocess.run(
        [*command, (folder / "page.html").as_uri()], check=True, capture_output=True, timeout=120
    )
    with Image.open(folder / "page.png") as picture:
        cropped = picture.crop(picture.getbbox())
        # 256 colors are enough for text on a plain ground, at a third of the size.
        cropped.quantize(256, Image.Quantize.FASTOCTREE).save(target, optimize=True)
    print(target, f"{target.stat().st_size / 1000:.0f} kB")


def main():
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = asyncio.run(take(folder, *map(Path, sys.argv[1:])))
        for shown in SHOWN:
            photograph(pages[shown], IMAGES / f"{shown}.png", folder)


if __name__ == "__main__":
    main()
