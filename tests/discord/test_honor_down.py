"""Verse that is taken off a page of honor: by whom, and that it stays away."""

from lianju.bot.cogs.honor_posts import HonorPosts
from lianju.bot.honor import EDIT_EVERY_S, LEASE_S, Month

from .commands import ask, button, english, press
from .interactions import custom_ids, poem
from .test_honor import CHANNEL, FANS, WRITER, love, shown
from .test_honor import honors as honors
from .test_honor import page as page
from .test_honor import posted as posted
from .test_honor import server as server


async def test_who_is_given_the_same_answer_later_does_not_take_it_down(
    fake, bot, store, page, honors
):
    intruder = 50
    for user, fans in ((WRITER, FANS[:3]), (intruder, [intruder])):
        answer = await ask(fake, bot, poem("床前明月光", count=1), user=user, private=False)
        (heart, *_) = custom_ids(answer, "lianju:heart:")
        for fan in fans:
            await press(fake, bot, answer, heart, user=fan)
        await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert f"member {WRITER}" in str(shown(message))
    told = await press(fake, bot, message, button(message, "Take down"), user=intruder)
    assert told["content"] == english("honor-not-yours")
