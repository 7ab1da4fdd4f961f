import pytest
from lianju.bot.cogs.privacy import Privacy
from lianju.bot.store import StoreBusyError
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, labels, slash, texts

USER, STRANGER = 77, 78
PRIVACY = slash("privacy")
EVERYWHERE = [
    {"guild": 42},
    {"guild": None},
    {"guild": None, "installed_by_user": True},
    {"guild": 43, "installed_by_user": True},
]
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
    async def locked(_):
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
