"""Verse that is taken off a page of honor: by whom, and that it stays away."""

from lianju.bot.honor import EDIT_EVERY_S, LEASE_S, Month

from .commands import ask, button, english, press
from .honor_pages import CHANNEL, FANS, VERSE, WRITER, love, shown
from .honor_pages import honors as honors
from .honor_pages import page as page
from .honor_pages import posted as posted
from .honor_pages import server as server
from .interactions import custom_ids, poem
from .test_honor_booklets import OTHER, booklets, text_of


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


async def test_message_that_a_moderator_deleted_is_not_in_the_booklet(
    fake, store, page, honors, clock
):
    await love(store, *FANS[:3], at=clock.now)
    await love(store, *FANS[:4], verse=OTHER, author=2, at=clock.now)
    await honors.tick()
    (deleted,) = (each for each in fake.standing(CHANNEL) if OTHER.line in str(each))
    fake.delete(deleted)
    clock.now = Month.at(clock.now).following.start + 900
    fake.skip_to(clock.now)
    await honors.tick_booklets()
    (booklet,) = booklets(fake)
    text = text_of(fake, booklet)
    assert VERSE.line in text
    assert OTHER.line not in text


async def test_message_that_a_moderator_deleted_does_not_come_again_from_no_hearts(
    fake, store, posted, honors, clock
):
    await love(store, WRITER)  # so that the verse is kept all the time
    fake.delete(posted)
    for _ in range(2):
        await love(store, *FANS[:3])
        clock.now += EDIT_EVERY_S
        await honors.tick()
    assert fake.standing(CHANNEL) == []


async def test_verse_that_is_loved_again_while_its_message_is_deleted_is_a_new_message(
    fake, bot, store, page, honors, resources, clock, monkeypatch
):
    """Discord would answer with the deleted message if it were sent with the same nonce."""
    await love(store, WRITER, *FANS[:3])
    await honors.tick()
    await love(store, *FANS[:3])
    clock.now += EDIT_EVERY_S
    remove = store.honors.mark_not_shown

    async def remove_late(verse):
        await love(store, *FANS[:4])
        await remove(verse)

    monkeypatch.setattr(store.honors, "mark_not_shown", remove_late)
    await honors.tick()
    monkeypatch.setattr(store.honors, "mark_not_shown", remove)
    assert fake.standing(CHANNEL) == []
    for fan in FANS[4:7]:
        await honors.tick()
        await love(store, fan)
        clock.now += LEASE_S
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert shown(message)[0] == ["♥ 7"]
