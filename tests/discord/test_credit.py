"""To whom a verse is credited: whoever wrote its line."""

import pytest

from .commands import ask, button, press
from .interactions import BOT, custom_ids, person, poem, slash
from .messages import written

LINE = "黄河远上白云间"
MENU = "Answer this line"
ASKER, WRITER, READER = 77, 78, 79


@pytest.fixture
def wrote(fake):
    """A message that somebody writes now."""

    def wrote(user, **parts):
        author = person(user) if isinstance(user, int) else user
        return written(LINE, author, next(fake._ids), **parts)

    return wrote


@pytest.fixture
def answered(fake, bot, clock):
    """The answer to a message, which the asker picks."""

    async def answered(message):
        payload = fake.menu(MENU, message, user=ASKER)
        await bot.receive(payload)
        clock.now += 60
        (answer,) = fake.exchange(payload).messages
        return answer

    return answered


async def heart(fake, bot, answer, rank=1, user=READER):
    (custom_id,) = custom_ids(answer, f"lianju:heart:2:{rank}:")
    await press(fake, bot, answer, custom_id, user=user)


async def authors(store):
    return [each.author_id for each in (await store.leaderboard.verses(42, None, 0, 10)).items]


async def delete_data(fake, bot, user):
    message = await ask(fake, bot, slash("privacy"), user=user)
    for label in ("Delete my data", "Yes"):
        message = await press(fake, bot, message, button(message, label), user=user)


async def test_line_of_a_message_is_credited_to_its_writer(fake, bot, store, wrote, answered):
    answer = await answered(wrote(WRITER))
    await heart(fake, bot, answer, user=ASKER)
    assert await authors(store) == [WRITER]
    members = (await store.leaderboard.members(42, None, 0, 10)).items
    assert [(each.user_id, each.hearts) for each in members] == [(WRITER, 1)]


async def test_further_batches_are_credited_to_the_writer_as_well(
    fake, bot, store, wrote, answered
):
    first = await answered(wrote(WRITER))
    payload = fake.press(first, button(first, "Another batch"), user=ASKER)
    await bot.receive(payload)
    (second,) = fake.exchange(payload).messages
    await heart(fake, bot, second)
    assert await authors(store) == [WRITER]


async def test_own_message_is_credited_to_the_asker(fake, bot, store, wrote, answered):
    await heart(fake, bot, await answered(wrote(ASKER)))
    assert await authors(store) == [ASKER]


@pytest.mark.parametrize(
    ("author", "parts"),
    [({**BOT, "id": "1001"}, {}), (80, {"webhook_id": "80"})],
    ids=["bot", "webhook"],
)
async def test_bots_are_not_credited(author, parts, fake, bot, store, wrote, answered):
    await heart(fake, bot, await answered(wrote(author, **parts)))
    assert await authors(store) == [None]


async def test_writer_who_deletes_everything_is_no_longer_credited(
    fake, bot, store, wrote, answered
):
    message = wrote(WRITER)
    answer = await answered(message)
    await heart(fake, bot, answer, 1)
    await delete_data(fake, bot, WRITER)
    assert await authors(store) == [None]
    # Neither by that answer nor by a new one to the old message.
    await heart(fake, bot, answer, 2)
    await heart(fake, bot, await answered(message), 3)
    assert await authors(store) == [None] * 3
    for _ in range(1000):  # milliseconds later; buttons have whole seconds
        next(fake._ids)
    await heart(fake, bot, await answered(wrote(WRITER)), 4)
    assert sorted(map(str, await authors(store))) == [str(WRITER), *["None"] * 3]


async def test_askers_deletion_leaves_the_writers_credit(fake, bot, store, wrote, answered):
    answer = await answered(wrote(WRITER))
    await heart(fake, bot, answer)
    await delete_data(fake, bot, ASKER)
    await heart(fake, bot, answer, 2)
    assert await authors(store) == [WRITER, WRITER]


async def test_typed_line_is_credited_to_the_asker(fake, bot, store):
    await heart(fake, bot, await ask(fake, bot, poem(LINE), private=False))
    assert await authors(store) == [ASKER]
