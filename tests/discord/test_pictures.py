"""*Picture* on answers and favorites."""

import io
from urllib.parse import urlsplit

import pytest
from lianju.bot.cogs.pictures import COOLDOWN_S, Pictures
from lianju.bot.picture import Card, alt_text
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.ui.picture import ANSWER_PICTURE
from lianju.bot.verses import Verse
from PIL import Image

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import VIEW_CHANNEL, custom_ids, labels, poem, slash, texts
from .limits import GALLERY, within

USER, STRANGER = 77, 78
LINE = "黄河远上白云间"
QUATRAIN = Verse.of("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
PLACES = [{"guild": 42}, {"guild": None}, {"guild": None, "installed_by_user": True}]


@pytest.fixture(autouse=True)
def _limiter(resources, clock):
    resources.picture_limiter = RequestLimiter(clock, clock)
    yield
    resources.pictures.close()


@pytest.fixture
def later(clock):
    def later():
        clock.now += COOLDOWN_S + 1

    return later


@pytest.fixture
async def favorite(store):
    """Keeps a quatrain; returns the value of its entry in the menu."""
    await store.favorites.toggle(USER, 42, QUATRAIN, USER, 1_700_000_000)
    (kept,) = await store.favorites.all(USER)
    return str(kept.id)


def shown(fake, message):
    """The picture of a message, and its text alternative, which is in two places."""
    (attached,) = message["attachments"]
    (gallery,) = (part for part in within(message["components"]) if part["type"] == GALLERY)
    (item,) = gallery["items"]
    assert urlsplit(item["media"]["url"]).netloc == attached["filename"]
    assert item["description"] == attached["description"]
    picture = Image.open(io.BytesIO(fake.messages.files[attached["id"]]))
    assert picture.width == 1080
    return picture.tobytes() + bytes(picture.getpalette()), item["description"]


def menu(message, action):
    (custom_id,) = custom_ids(message, f"lianju:picture:{action}:")
    return custom_id


@pytest.mark.parametrize("place", PLACES)
async def test_a_verse_of_an_answer_is_chosen_shown_and_posted(fake, bot, later, place):
    answer = await ask(fake, bot, poem(LINE), private=False, **place)
    choice = await press(fake, bot, answer, button(answer, "Picture"), user=STRANGER, **place)
    assert texts(choice)[0] == english("picture-choose")
    verses = texts(choice)[1:]
    assert len(verses) == 5
    message = await press(fake, bot, choice, list(labels(choice))[2], user=STRANGER, **place)
    _, alt = shown(fake, message)
    first, second, *signed = verses[2].split("\n")
    assert first == LINE
    assert signed == ["-# reader", "-# 联句"]  # who asked for the answer, and the bot
    assert alt.startswith(f"{first}\n{second}\nreader、联句\n二〇二")
    assert texts(message) == [verses[2]]
    later()
    payload = fake.press(message, menu(message, "post"), user=STRANGER, **place)
    await bot.receive(payload)
    (posted,) = fake.exchange(payload).messages
    assert not posted["flags"] & 64
    assert posted["allowed_mentions"]["parse"] == []
    assert shown(fake, posted) == shown(fake, message)
    assert texts(posted) == [f"-# {english('picture-posted', user='<@78>')}"]


async def test_nothing_of_a_picture_is_stored_or_logged(fake, bot, later, tmp_path, caplog):
    caplog.set_level("INFO", "lianju")
    answer = await ask(fake, bot, poem(LINE, count=1), private=False)
    message = await press(fake, bot, answer, ANSWER_PICTURE, user=STRANGER)
    later()
    await bot.receive(fake.press(message, menu(message, "post"), user=STRANGER))
    drawn = [record.getMessage() for record in caplog.records if "style=paper" in record.msg]
    assert [line.split()[0] for line in drawn] == ["command=picture"] * 2
    new = texts(message)[0].split("\n")[1]
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("lianju.sqlite3*"))
    for text in (new, "reader"):
        assert text not in caplog.text
        assert text.encode() not in stored


async def test_an_answer_with_one_verse_needs_no_choice(fake, bot):
    answer = await ask(fake, bot, poem(LINE, count=1), private=False)
    message = await press(fake, bot, answer, ANSWER_PICTURE)
    assert shown(fake, message)[1].startswith(LINE)


async def test_an_acrostic_has_its_characters_as_the_title(fake, bot):
    answer = await ask(fake, bot, slash("acrostic", heads="山海", count=1), private=False)
    message = await press(fake, bot, answer, ANSWER_PICTURE)
    assert shown(fake, message)[1].startswith("《山海》\n山")


async def test_style_and_script_change_in_place_also_after_a_restart(
    fake, bot, favorite, later, resources
):
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [favorite])
    plain, alt = shown(fake, message)
    lines = "\n".join(QUATRAIN.lines)
    assert alt == f"{lines}\n二〇二三年十一月十四日"  # when it was kept
    await bot.close()
    async with OtherBot() as reborn:
        await reborn.login(fake.token)
        await reborn.add_cog(Pictures(resources))
        reborn.add_dynamic_items(*Pictures.items)
        later()
        message = await press(fake, reborn, message, menu(message, "style"), ["night"])
        night, night_alt = shown(fake, message)
        assert night != plain
        assert night_alt == alt
        later()
        message = await press(fake, reborn, message, button(message, "Traditional"))
        traditional, alt = shown(fake, message)
        assert traditional != night
        assert alt.splitlines()[:4] == ["白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓"]
        assert texts(message) == [lines]
        later()
        message = await press(fake, reborn, message, button(message, "Simplified"))
        assert shown(fake, message) == (night, night_alt)


async def test_the_seal_has_the_name_of_the_server(fake, bot, favorite, later, monkeypatch):
    cards, draw = [], bot.get_cog("Lianju pictures").resources.pictures.draw

    async def noted(card):
        cards.append(card)
        return await draw(card)

    monkeypatch.setattr(bot.get_cog("Lianju pictures").resources.pictures, "draw", noted)
    for name in (None, "春江诗社"):
        if name:
            bot._connection._add_guild_from_data({"id": "42", "name": name})
        page = await ask(fake, bot, slash("favorites list"))
        await press(fake, bot, page, menu(page, "favorite"), [favorite])
        later()
    assert [card.seal for card in cards] == ["联句", "春江诗社"]


async def test_missing_characters_are_told(fake, bot, store):
    await store.favorites.toggle(USER, 42, Verse("山🎉", "水"), USER, 1_700_000_000)
    (kept,) = await store.favorites.all(USER)
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [str(kept.id)])
    assert f"-# {english('picture-missing', missing='🎉')}" in texts(message)


async def refused(fake, bot, message, custom_id, *values, **place):
    answer = await press(fake, bot, message, custom_id, *values, **place)
    assert answer["attachments"] == []
    return answer["content"]


async def test_who_asks_too_often_waits(fake, bot, favorite, later, clock):
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [favorite])
    told = await refused(fake, bot, message, menu(message, "style"), ["ink"])
    retry_at = str(int(clock.now + COOLDOWN_S))
    assert told == english("picture-limit-cooldown", retry_at=retry_at)
    later()
    await press(fake, bot, message, menu(message, "style"), ["ink"])


async def test_without_permission_to_attach_nothing_is_sent(fake, bot, favorite, later):
    answer = await ask(fake, bot, poem(LINE), private=False)
    sentence = english("picture-no-attach")
    assert await refused(fake, bot, answer, ANSWER_PICTURE, may_attach=False) == sentence
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [favorite])
    later()
    post = menu(message, "post")
    assert await refused(fake, bot, message, post, may_attach=False) == sentence
    later()
    fake.failures["/callback"] = [403]  # whatever the permissions say
    assert await refused(fake, bot, message, post) == sentence


async def test_pictures_are_posted_only_where_the_bot_answers(fake, bot, favorite, later, store):
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [favorite])
    later()
    await store.guild_settings.change(42, channels=frozenset({98}))
    told = await refused(fake, bot, message, menu(message, "post"))
    assert told == english("poem-elsewhere", channels="<#98>")


async def test_who_may_not_write_posts_no_picture(fake, bot, favorite, later):
    page = await ask(fake, bot, slash("favorites list"))
    message = await press(fake, bot, page, menu(page, "favorite"), [favorite])
    later()
    told = await refused(fake, bot, message, menu(message, "post"), permissions=VIEW_CHANNEL)
    assert told == english("post-no-right")


async def test_favorites_are_of_their_owner(fake, bot, favorite, store):
    page = await ask(fake, bot, slash("favorites list"))
    custom_id = menu(page, "favorite")
    told = await refused(fake, bot, page, custom_id, [favorite], user=STRANGER)
    assert "`/favorites list`" in told
    await store.favorites.remove(USER, int(favorite))
    assert await refused(fake, bot, page, custom_id, [favorite]) == english("picture-gone")


async def test_verse_that_is_too_long_is_refused(fake, bot, store):
    await store.favorites.toggle(USER, 42, Verse("山" * 61, "水"), USER, 1_700_000_000)
    (kept,) = await store.favorites.all(USER)
    page = await ask(fake, bot, slash("favorites list"))
    told = await refused(fake, bot, page, menu(page, "favorite"), [str(kept.id)])
    assert told == english("picture-line", size=61, most=60)


async def test_answers_of_earlier_versions_keep_their_buttons(fake, bot, store):
    answer = await ask(fake, bot, poem(LINE), private=False)
    (row,) = (part for part in within(answer["components"]) if part["type"] == 1)
    del row["components"][2:]
    heart = custom_ids(answer, "lianju:heart:")[0]
    await press(fake, bot, answer, heart)
    assert len(await store.favorites.all(USER)) == 1


def test_the_text_alternative_fits_discord():
    card = Card(lines=("山" * 20,) * 24, title="秋" * 40)
    assert len(alt_text(card)) <= 1024
