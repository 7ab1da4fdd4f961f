import asyncio

import pytest
from lianju.bot.cogs.privacy import Privacy
from lianju.bot.store import StoreBusyError
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, custom_ids, labels, poem, slash, texts

USER, STRANGER = 77, 78
PRIVACY = slash("privacy")
EVERYWHERE = [
    {"guild": 42},
    {"guild": None},
    {"guild": None, "installed_by_user": True},
    {"guild": 43, "installed_by_user": True},
]
LINE = "黄河远上白云间"
MINE, THEIRS = Verse("黄河远上白云间", "一片孤城万仞山"), Verse("白日依山尽", "黄河入海流")


@pytest.fixture
async def data(store):
    """The user keeps two couplets, asked twice, and is the author of one that a stranger keeps."""
    await store.favorites.toggle(USER, 42, MINE, USER, 0)
    await store.favorites.toggle(USER, None, THEIRS, STRANGER, 0)
    await store.favorites.toggle(STRANGER, 42, MINE, USER, 0)
    await store.recent_lines.add(USER, "黄河远上白云间", 0)
    await store.recent_lines.add(USER, "白日依山尽", 0)
    await store.recent_lines.add(STRANGER, "床前明月光", 0)


@pytest.fixture
def on_disk(tmp_path):
    """Whether an id is to be found in any file of the database."""

    def on_disk(user):
        stored = user.to_bytes(8, "big")
        return any(stored in file.read_bytes() for file in tmp_path.glob("lianju.sqlite3*"))

    return on_disk


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_privacy_says_what_is_stored(place, fake, bot, data):
    text = "\n".join(texts(await ask(fake, bot, PRIVACY, **place)))
    for said in (
        "couplets and poems that you keep",
        "for 30 days",
        "What is not stored",
        "Settings of a",
    ):
        assert said in text


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_deletion_asks_for_confirmation(place, fake, bot, data, store):
    message = await ask(fake, bot, PRIVACY, **place)
    message = await press(fake, bot, message, button(message, "Delete my data"), **place)
    assert texts(message)[0] == f"### {english('privacy-sure')}"
    assert len(await store.favorites.all(USER)) == 2
    message = await press(fake, bot, message, button(message, "Yes"), **place)
    assert texts(message) == [
        "### Deleted",
        "- 2 favorites\n- 2 recent lines\n- your name beside 1 favorite of somebody else",
    ]
    assert labels(message) == {}
    assert await store.favorites.all(USER) == []
    assert await store.recent_lines.recent(USER, "", 10) == []
    (ranked,) = (await store.leaderboard.verses(42, None, 0, 10)).items
    assert ranked.author_id is None


async def test_deletion_does_not_change_data_of_others(fake, bot, data, store):
    message = await ask(fake, bot, PRIVACY)
    message = await press(fake, bot, message, button(message, "Delete my data"))
    await press(fake, bot, message, button(message, "Yes"))
    (kept,) = await store.favorites.all(STRANGER)
    assert kept.verse == MINE
    assert await store.recent_lines.recent(STRANGER, "", 10) == ["床前明月光"]


async def test_keep_button_deletes_nothing(fake, bot, data, store):
    first = await ask(fake, bot, PRIVACY)
    message = await press(fake, bot, first, button(first, "Delete my data"))
    message = await press(fake, bot, message, button(message, "Keep it"))
    assert texts(message)[0] == f"### {english('privacy-heading')}"
    assert len(await store.favorites.all(USER)) == 2


async def test_deletion_twice_finds_nothing_the_second_time(fake, bot, data):
    message = await ask(fake, bot, PRIVACY)
    message = await press(fake, bot, message, button(message, "Delete my data"))
    presses = [fake.press(message, button(message, "Yes")) for _ in range(2)]
    for payload in presses:
        await bot.receive(payload)
    assert texts(fake.exchange(presses[1]).original) == [english("privacy-deleted-nothing")]


async def test_buttons_work_after_a_restart(fake, bot, data, resources, store):
    message = await ask(fake, bot, PRIVACY)
    await bot.close()
    async with OtherBot() as reborn:
        await reborn.login(fake.token)
        await reborn.add_cog(Privacy(resources))
        reborn.add_dynamic_items(*Privacy.items)
        message = await press(fake, reborn, message, button(message, "Delete my data"))
        await press(fake, reborn, message, button(message, "Yes"))
    assert await store.favorites.all(USER) == []


async def test_another_user_deletes_nothing(fake, bot, data, store):
    message = await ask(fake, bot, PRIVACY)
    message = await press(fake, bot, message, button(message, "Delete my data"))
    refusal = await press(fake, bot, message, button(message, "Yes"), user=STRANGER)
    assert "`/privacy`" in refusal["content"]
    assert len(await store.favorites.all(USER)) == 2
    assert len(await store.favorites.all(STRANGER)) == 1


async def test_locked_database_is_an_error_and_nothing_changes(fake, bot, data, store, monkeypatch):
    async def locked(*_):
        raise StoreBusyError

    monkeypatch.setattr(store, "delete_user", locked)
    message = await ask(fake, bot, PRIVACY)
    message = await press(fake, bot, message, button(message, "Delete my data"))
    refusal = await press(fake, bot, message, button(message, "Yes"))
    assert refusal["content"] == english("store-busy")
    assert refusal["flags"] & EPHEMERAL


@pytest.mark.parametrize(("locale", "days"), [("zh-CN", "保留 30 天"), ("zh-TW", "保留 30 天")])
async def test_privacy_is_in_the_users_language(locale, days, fake, bot):
    text = "\n".join(texts(await ask(fake, bot, PRIVACY, locale=locale)))
    assert days in text


async def forget(fake, bot, user=USER):
    """Presses the buttons of `/privacy`."""
    message = await ask(fake, bot, PRIVACY, user=user)
    message = await press(fake, bot, message, button(message, "Delete my data"), user=user)
    await press(fake, bot, message, button(message, "Yes"), user=user)


async def authors(store):
    return [each.author_id for each in (await store.leaderboard.verses(42, None, 0, 10)).items]


async def test_heart_on_an_old_answer_does_not_bring_its_author_back(
    fake, bot, store, clock, on_disk
):
    member = 271_828_182_845_904_523
    old = await ask(fake, bot, poem(LINE), private=False, user=member)
    await press(fake, bot, old, custom_ids(old, "lianju:heart:2:1:")[0], user=STRANGER)
    assert await authors(store) == [member]
    assert on_disk(member)
    await forget(fake, bot, member)
    assert not on_disk(member)
    for rank in (1, 2):  # once more, and another one
        (heart,) = custom_ids(old, f"lianju:heart:2:{rank}:")
        await press(fake, bot, old, heart, user=STRANGER + 1)
    assert await authors(store) == [None, None]
    assert (await store.leaderboard.members(42, None, 0, 10)).items == []
    assert not on_disk(member)
    clock.now += 60
    new = await ask(fake, bot, poem(LINE), private=False, user=member)
    await press(fake, bot, new, custom_ids(new, "lianju:heart:2:3:")[0], user=STRANGER)
    assert sorted(map(str, await authors(store))) == sorted(["None", "None", str(member)])


async def test_answer_that_is_composed_meanwhile_has_no_author(
    fake, bot, store, composer, monkeypatch
):
    """The request is older than the deletion, though its message is not."""
    compose, go = composer.compose, asyncio.Event()

    async def held(*arguments):
        await go.wait()
        return await compose(*arguments)

    monkeypatch.setattr(composer, "compose", held)
    asked = fake.interaction(poem(LINE))
    answering = bot.begin(asked)
    await fake.exchange(asked).until(lambda: fake.exchange(asked).acknowledged)
    await forget(fake, bot)
    go.set()
    await answering
    (answer,) = fake.exchange(asked).messages
    await press(fake, bot, answer, custom_ids(answer, "lianju:heart:")[0], user=STRANGER)
    assert await authors(store) == [None]
    assert await store.recent_lines.recent(USER, "", 10) == []
