"""A poem that members have finished: its picture, and its beginning by a poet."""

import io

import pytest
from lianju.bot.cogs.housekeeping import Housekeeping
from lianju.bot.cogs.pictures import COOLDOWN_S
from lianju.bot.linked import KEPT_S, open_table
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.verse import Anthology, AnthologyPoem
from PIL import Image

from .bundle_with_prosody import LETTERS, READINGS, write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import slash, texts
from .linked_verse import fitting_line, next_of, poem_of, start, write

HOST, SECOND, THIRD, STRANGER = 77, 78, 79, 90
LINES = ("东风吹水绿", "天上月光明")


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


@pytest.fixture(autouse=True)
def _limiter(resources, clock):
    resources.picture_limiter = RequestLimiter(clock, clock)
    yield
    resources.pictures.close()


async def finished(fake, bot, clock, **options):
    """A poem of two lines, by two members."""
    message = await start(fake, bot, rules="free", **options)
    for line, user in zip(LINES, (SECOND, THIRD), strict=True):
        await write(fake, bot, message, line, user)
        clock.now += 60
    asked = await press(fake, bot, message, button(message, "Finish"), user=THIRD)
    await press(fake, bot, asked, button(asked, "Yes"), user=THIRD)
    return message


def picture_of(fake, message):
    """The text alternative of the picture of a message, which is one."""
    (attached,) = message["attachments"]
    assert Image.open(io.BytesIO(fake.messages.files[attached["id"]])).width == 1080
    return attached["description"]


async def test_the_picture_names_the_writers(fake, bot, clock):
    message = await finished(fake, bot, clock)
    shown = await press(fake, bot, message, button(message, "Picture"), user=STRANGER)
    alt = picture_of(fake, shown)
    assert all(line in alt for line in LINES)
    assert "member 78" in alt
    assert "member 79" in alt
    assert f"member {HOST}" not in alt  # who wrote nothing
    clock.now += COOLDOWN_S + 1
    payload = fake.press(shown, button(shown, "Post"), user=STRANGER)
    await bot.receive(payload)
    (posted,) = fake.exchange(payload).messages
    assert picture_of(fake, posted) == alt


async def test_names_are_not_asked_for_before_the_next_picture_may_be_drawn(fake, bot, clock):
    message = await finished(fake, bot, clock)
    await press(fake, bot, message, button(message, "Picture"), user=STRANGER)
    fake.requests.clear()
    payload = fake.press(message, button(message, "Picture"), user=STRANGER)
    await bot.receive(payload)
    (refused,) = fake.exchange(payload).messages
    at = f"<t:{int(clock.now + COOLDOWN_S)}:R>"
    assert at in refused["content"]
    assert [path for _, path in fake.requests if "/members/" in path] == []


async def test_a_writer_who_has_left_is_not_named(fake, bot, clock):
    message = await finished(fake, bot, clock)
    fake.left.add(str(SECOND))
    shown = await press(fake, bot, message, button(message, "Picture"), user=THIRD)
    alt = picture_of(fake, shown)
    assert "member 78" not in alt
    assert "reader" in alt  # who asks is known by name


async def test_a_picture_needs_the_permission_to_attach(fake, bot, clock):
    message = await finished(fake, bot, clock)
    payload = fake.press(message, button(message, "Picture"), user=STRANGER, may_attach=False)
    await bot.receive(payload)
    (refusal,) = fake.exchange(payload).messages
    assert refusal["content"] == english("picture-no-attach")


async def test_buttons_of_a_poem_that_is_no_longer_stored_say_where_it_is(
    fake, bot, clock, store, resources
):
    message = await finished(fake, bot, clock)
    await press(fake, bot, message, button(message, "♥"), user=STRANGER)
    housekeeping = Housekeeping(bot, resources, [])
    clock.now += KEPT_S - 60
    await housekeeping.purge()
    await press(fake, bot, message, button(message, "♥"), user=HOST)
    clock.now += 120
    await housekeeping.purge()
    for label in ("♥", "Picture"):
        payload = fake.press(message, button(message, label), user=HOST)
        await bot.receive(payload)
        (refused,) = fake.exchange(payload).messages
        assert refused["content"] == english("linked-poem-gone", slash="/")
    (kept,) = await store.favorites.all(HOST)
    assert kept.writers == (SECOND, THIRD)


async def test_a_poet_begins(fake, bot, clock, engine, monkeypatch):
    line = fitting_line(await start(fake, bot))
    poems = [
        AnthologyPoem("a", "静夜思", "李白", "五绝", 9, (line, LINES[1])),
        AnthologyPoem("b", "其一", "某", "七绝", 8, ("东风吹水绿天上", "天上月光明东风")),
    ]

    async def anthology():
        return Anthology(poems)

    monkeypatch.setattr(engine, "anthology", anthology)
    clock.now += 60
    message = await start(fake, bot, opening="poet", place={"channel": 100})
    assert texts(message)[1] == f"**1.** {line} · 李白《静夜思》"
    assert "**Line 2 of 4**" in next_of(message)
    clock.now += 60
    other = await start(
        fake, bot, opening="poet", place={"channel": 101, "locale": "zh-TW", "user": SECOND}
    )
    assert "李白《靜夜思》" in texts(other)[1]
    assert poem_of(message) == [line]


async def test_a_single_line_has_neither_heart_nor_picture(fake, bot, clock):
    message = await start(fake, bot, rules="free")
    await write(fake, bot, message, LINES[0], HOST)
    asked = await press(fake, bot, message, button(message, "Finish"))
    await press(fake, bot, asked, button(asked, "Yes"))
    assert texts(message)[2] == f"-# {english('linked-state', state='finished', lines=1)}"
    refused = await ask(fake, bot, slash("lianju show"), user=SECOND)
    assert refused["content"] == english("linked-none-here")


async def test_rhymes_are_in_the_characters_of_the_language(bot):
    """The group 东, which all of the poem's ends are in, and its characters."""
    rhyming = [letter for letter in LETTERS if READINGS[letter] == "东"]
    table = open_table(HOST, 42, 99, 0.0, form="pailu5", rules="loose", language="zh-TW")
    for end in rhyming[:3]:
        table = table.write(HOST, rhyming[3] * 4 + end, 0.0)
    cog = bot.get_cog("Lianju linked verse")
    told = [
        part.content
        for part in (await cog.layout(table)).walk_children()
        if hasattr(part, "content")
    ]
    assert "東韻" in told[2]
    assert "东" not in told[2]
