"""Members who revise poems: they see no more than the private message shows them."""

import re

from . import commands
from .commands import ask, button, english
from .interactions import custom_ids, poem, texts
from .limits import TEXT_SELECT, within

REVISE = english("revise")
WRITE, FORM = english("revise-write"), english("revise-form")
UNDO, POST = english("revise-undo"), english("revise-post")
STRANGER = 78  # who did not ask for the poem
LINE = "黄河远上白"
QUATRAIN = {"form": "jueju", "count": 1}


async def begin(fake, bot, user=STRANGER, **options):
    """Asks for a poem, and begins to revise it."""
    answer = await ask(fake, bot, poem(LINE, **QUATRAIN | options), private=False)
    return await commands.press(fake, bot, answer, begin_button(answer), user=user)


def menu(message, name):
    """The menu of lines or of versions; None if there is none."""
    for part in within(message["components"]):
        if part["type"] == TEXT_SELECT and part["custom_id"] == f"lianju:revise:1:{name}":
            return part
    return None


def is_off(message, label):
    """Whether the button with this word on it is disabled."""
    custom_id = button(message, label)
    (found,) = (p for p in within(message["components"]) if p.get("custom_id") == custom_id)
    return bool(found.get("disabled"))


def poem_of(message):
    """The lines of the poem that is shown."""
    return [option["label"] for option in menu(message, "lines")["options"]]


def kept_lines(message):
    """The indices of the lines that the menu keeps."""
    options = menu(message, "lines")["options"]
    return [index for index, option in enumerate(options) if option.get("default")]


def bold(message):
    """The poem with ？ in the place of all that is not bold."""
    rows = texts(message)[1].split("\n")[: len(poem_of(message))]
    assert [row.replace("**", "") for row in rows] == poem_of(message)
    return [
        "".join(
            part if place % 2 else "？" * len(part) for place, part in enumerate(row.split("**"))
        )
        for row in rows
    ]


def note(message):
    """What the message says of the last step; empty if nothing."""
    return "\n".join(text for text in texts(message)[2:] if not text.startswith("```"))


def versions(message):
    """The versions that can be gone back to."""
    found = menu(message, "version")
    if found is None:
        return []
    return [re.sub(r"^\d+ · ", "", option["label"]) for option in found["options"]]


async def press(fake, bot, message, label, values=None, **place):
    """Uses a button or a menu of the private message; returns the exchange."""
    custom_id = f"lianju:revise:1:{label}" if values is not None else button(message, label)
    payload = fake.press(message, custom_id, values, **place)
    await bot.receive(payload)
    return fake.exchange(payload)


async def changed(fake, bot, message, label, values=None, **place):
    """Uses a button or a menu, which changes the message in its place."""
    exchange = await press(fake, bot, message, label, values, **place)
    assert exchange.updates
    assert exchange.messages == []
    assert message["flags"] & 64
    assert message["allowed_mentions"]["parse"] == []
    return message


async def open_form(fake, bot, message, **place):
    """Opens the form; returns the exchange, and what stands in it."""
    exchange = await press(fake, bot, message, FORM, **place)
    (part,) = exchange.form["components"]
    assert re.findall(r"\w+", part["description"]) == poem_of(message)
    return exchange, part["component"]["value"]


async def send(fake, bot, opened, text, **place):
    """Sends the form; returns the exchange."""
    payload = fake.submit(opened, {"poem": text}, **place)
    await bot.receive(payload)
    return fake.exchange(payload)


def begin_button(message):
    """The custom id of the menu or button that begins a revision."""
    (custom_id,) = custom_ids(message, "lianju:revise:")
    return custom_id
