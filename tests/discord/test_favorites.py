import csv
import io
import json

import pytest
from lianju.bot.cogs.favorites import Favorites
from lianju.bot.store import StoreBusyError
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import custom_ids, slash, texts
from .limits import within

USER, STRANGER = 77, 78
LIST = slash("favorites list")
NONE_YET = "You have no favorites yet"


@pytest.fixture
async def keep(store):
    """Keeps so many couplets for a user, one a second; the answers are numbered from 0."""

    async def keep(count, user=USER, guild=42, line="黄河远上白云间"):
        for number in range(count):
            couplet = Verse(line, f"第{number}句")
            await store.favorites.toggle(user, guild, couplet, user, 1_700_000_000 + number)

    return keep


def numbers(message):
    """Which of the numbered couplets a page shows."""
    (page,) = (text for text in texts(message) if text.startswith("**"))
    return [int(row.split("第")[1][:-1]) for row in page.split("\n")[::2]]


def menu(message):
    (custom_id,) = custom_ids(message, "lianju:unfavourite:")
    return custom_id


def options(message):
    (select,) = (p for p in within(message["components"]) if p.get("custom_id") == menu(message))
    return [option["value"] for option in select["options"]]


EVERYWHERE = [
    {"guild": 42},
    {"guild": None},
    {"guild": None, "installed_by_user": True},
    {"guild": 43, "installed_by_user": True},
]


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_list_is_read_page_by_page(place, fake, bot, keep):
    await keep(23)
    message = await ask(fake, bot, LIST, **place)
    assert numbers(message) == list(range(22, 12, -1))
    assert "23 verses, newest first · page 1 of 3" in texts(message)[-1]
    assert texts(message)[1].startswith(
        "**1.** 黄河远上白云间，第22句\n-# <t:1700000022:D>\n**2.** "
    )
    for shown in (range(12, 2, -1), range(2, -1, -1)):
        message = await press(fake, bot, message, button(message, "Next"), **place)
        assert numbers(message) == list(shown)
    assert texts(message)[1].startswith("**21.** ")
    message = await press(fake, bot, message, button(message, "Previous"), **place)
    assert numbers(message) == list(range(12, 2, -1))


async def test_list_can_begin_with_the_oldest(fake, bot, keep):
    await keep(12)
    message = await ask(fake, bot, slash("favorites list", order="oldest"))
    assert numbers(message) == list(range(10))
    assert "oldest first" in texts(message)[-1]
    message = await press(fake, bot, message, button(message, "Next"))
    assert numbers(message) == [10, 11]


async def test_list_shows_only_the_users_own_favorites(fake, bot, keep):
    await keep(3, user=STRANGER)
    assert NONE_YET in texts(await ask(fake, bot, LIST))[-1]


async def test_buttons_work_after_a_restart(fake, bot, keep, resources):
    await keep(23)
    message = await ask(fake, bot, LIST)
    await bot.close()
    async with OtherBot() as reborn:
        await reborn.login(fake.token)
        await reborn.add_cog(Favorites(resources))
        reborn.add_dynamic_items(*Favorites.items)
        message = await press(fake, reborn, message, button(message, "Next"))
        assert numbers(message) == list(range(12, 2, -1))
        message = await press(fake, reborn, message, menu(message), [options(message)[0]])
        assert numbers(message) == list(range(11, 1, -1))


async def test_buttons_refuse_another_user(fake, bot, keep):
    await keep(23)
    message = await ask(fake, bot, LIST)
    for custom_id, values in (
        (button(message, "Next"), None),
        (menu(message), options(message)[:1]),
    ):
        refusal = await press(fake, bot, message, custom_id, values, user=STRANGER)
        assert "`/favorites list`" in refusal["content"]
    assert "23 verses" in texts(await ask(fake, bot, LIST))[-1]


async def test_page_beyond_the_end_shows_the_last_page(fake, bot, keep, store):
    await keep(23)
    first = await ask(fake, bot, LIST)
    second = await press(fake, bot, first, button(first, "Next"))
    for favorite in await store.favorites.all(USER):
        if favorite.verse.answer not in ("第0句", "第1句"):
            await store.favorites.remove(USER, favorite.id)
    message = await press(fake, bot, second, button(second, "Next"))
    assert numbers(message) == [1, 0]


async def test_list_that_became_empty_says_so(fake, bot, keep, store):
    await keep(23)
    message = await ask(fake, bot, LIST)
    await store.delete_user(USER, 0)
    message = await press(fake, bot, message, button(message, "Next"))
    assert NONE_YET in texts(message)[-1]


async def test_entry_is_removed_from_its_page(fake, bot, keep):
    await keep(12)
    message = await ask(fake, bot, LIST)
    message = await press(fake, bot, message, menu(message), [options(message)[2]])
    assert texts(message)[1] == "Removed: 黄河远上白云间，第9句"
    assert numbers(message) == [11, 10, 8, 7, 6, 5, 4, 3, 2, 1]
    assert "11 verses" in texts(message)[-1]


async def test_last_entry_leaves_an_empty_list(fake, bot, keep):
    await keep(1)
    message = await ask(fake, bot, LIST)
    message = await press(fake, bot, message, menu(message), options(message))
    assert texts(message)[1] == "Removed: 黄河远上白云间，第0句"
    assert NONE_YET in texts(message)[2]


async def test_entry_is_removed_once(fake, bot, keep):
    await keep(3)
    message = await ask(fake, bot, LIST)
    first, again = (fake.press(message, menu(message), options(message)[:1]) for _ in range(2))
    await bot.receive(first)
    await bot.receive(again)
    assert fake.exchange(again).updates
    message = fake.exchange(again).original
    assert texts(message)[1] == english("favorites-gone")
    assert numbers(message) == [1, 0]


# --- /favorites remove ---


async def suggested(fake, bot, typed, **place):
    payload = fake.complete(slash("favorites remove", focused="verse", verse=typed), **place)
    await bot.receive(payload)
    return fake.exchange(payload).choices


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_suggested_verse_is_removed(place, fake, bot, keep):
    await keep(12)
    choices = await suggested(fake, bot, "1", **place)
    assert [choice["name"][-4:] for choice in choices] == ["第11句", "第10句", "间，第1句"[-4:]]
    message = await ask(fake, bot, slash("favorites remove", verse=choices[1]["value"]), **place)
    assert texts(message) == ["Removed: 黄河远上白云间，第10句"]
    assert "11 verses" in texts(await ask(fake, bot, LIST))[-1]


async def test_suggestions_keep_the_limits(fake, bot, keep):
    await keep(30, line="很长" * 32)
    choices = await suggested(fake, bot, "")  # the fake checks them too
    assert len(choices) == 25
    assert all(len(choice["name"]) <= 100 for choice in choices)


async def test_suggestions_are_only_the_users_own(fake, bot, keep):
    await keep(3, user=STRANGER)
    assert await suggested(fake, bot, "") == []


async def test_no_suggestions_while_the_database_is_locked(fake, bot, store, monkeypatch):
    async def locked(*_):
        raise StoreBusyError

    monkeypatch.setattr(store.favorites, "matching", locked)
    assert await suggested(fake, bot, "") == []


@pytest.mark.parametrize("couplet", ["黄河", "0", "-1", "99999", "１", "9" * 400, "1 OR 1=1"])
async def test_text_that_is_not_a_suggestion_is_refused(couplet, fake, bot, keep):
    await keep(3)
    message = await ask(fake, bot, slash("favorites remove", verse=couplet))
    assert message["content"].startswith("That is none of your favorites: ")


async def test_favorite_of_another_user_is_not_removed(fake, bot, keep, store):
    await keep(1, user=STRANGER)
    (theirs,) = await store.favorites.all(STRANGER)
    message = await ask(fake, bot, slash("favorites remove", verse=str(theirs.id)))
    assert message["content"].startswith("That is none of your favorites: ")
    assert await store.favorites.all(STRANGER) == [theirs]


# --- /favorites export ---


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_export_is_a_private_file(place, fake, bot, keep):
    await keep(3)
    message = await ask(fake, bot, slash("favorites export", format="csv"), **place)
    (file,) = message["attachments"]
    assert file["filename"] == "lianju-favorites.csv"
    assert message["content"] == english("favorites-exported", count=3)
    content = fake.messages.files[file["id"]].decode("utf-8-sig")
    answers = [row[1] for row in csv.reader(io.StringIO(content))]
    assert answers == ["answer", "第0句", "第1句", "第2句"]


async def test_export_has_everything(fake, bot, keep):
    await keep(250)
    message = await ask(fake, bot, slash("favorites export", format="json"))
    (file,) = message["attachments"]
    couplets = json.loads(fake.messages.files[file["id"]])["couplets"]
    assert [each["answer"] for each in couplets] == [f"第{number}句" for number in range(250)]


@pytest.mark.parametrize("form", ["txt", "csv", "json"])
async def test_export_without_favorites_is_an_error_message(form, fake, bot):
    message = await ask(fake, bot, slash("favorites export", format=form))
    assert message["content"].startswith(NONE_YET)
    assert message["attachments"] == []


@pytest.mark.parametrize(
    ("locale", "heading"),
    [("zh-CN", "### 你的收藏"), ("zh-TW", "### 你的收藏"), ("fr", "### Your")],
)
async def test_list_is_in_the_users_language(locale, heading, fake, bot, keep):
    await keep(1)
    message = await ask(fake, bot, LIST, locale=locale, guild=None)
    assert texts(message)[0].startswith(heading)


async def test_verse_is_shown_without_markdown_or_mentions(fake, bot, store):
    naughty = "@everyone <@77> **b** [l](https://x.y) ||s|| `c` # h"
    await store.favorites.toggle(USER, 42, Verse(naughty, naughty), USER, 0)
    message = await ask(fake, bot, LIST)
    removed = await press(fake, bot, message, menu(message), options(message))
    for text in (texts(message)[1].split("\n")[0].removeprefix("**1.** "), texts(removed)[1]):
        plain = text.removeprefix("Removed: ")
        assert not any(
            character in "@<>*[]|`#" and before != "\\"
            for before, character in zip(" " + plain, plain, strict=False)
        )
