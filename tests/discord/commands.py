"""Sends commands and presses, and returns the messages of the bot."""

from lianju.bot.i18n import Localizer

from .interactions import EPHEMERAL, labels


async def ask(fake, bot, data, *, private=True, **place):
    """Types a command, and returns the one message that answers it."""
    payload = fake.interaction(data, **place)
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    return _checked(message, private)


async def press(fake, bot, message, custom_id, values=None, **place):
    """Uses a button or menu, and returns the message as changed, or the one private answer."""
    payload = fake.press(message, custom_id, values, **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    if exchange.updates:
        assert exchange.messages == []
        return _checked(exchange.original, bool(message["flags"] & EPHEMERAL))
    (answer,) = exchange.messages
    return _checked(answer, private=True)


def english(key, **facts):
    """Returns a message of the bot in English."""
    return Localizer("en").format(key, **facts)


def button(message, label):
    """The custom id of the button with this word on it."""
    (custom_id,) = (key for key, text in labels(message).items() if label in (text or ""))
    return custom_id


def _checked(message, private):
    assert bool(message["flags"] & EPHEMERAL) == private
    assert message["allowed_mentions"]["parse"] == []
    return message
