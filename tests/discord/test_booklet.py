"""`/favorites export` as a booklet."""

import asyncio
import threading

import pypdfium2 as pdfium
import pytest
from lianju.bot.booklet import MAX_POEMS, render
from lianju.bot.cogs.favorites import BOOKLET_COOLDOWN_S, MAX_NAMES
from lianju.bot.picture.glyphs import glyph_for
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.store import Store
from lianju.bot.verses import Verse

from .commands import ask, english
from .interactions import slash

USER, SECOND, THIRD, STRANGER = 77, 78, 79, 90
EXPORT = slash("favorites export", format="pdf")
QUATRAIN = Verse.of("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
COUPLET = Verse("明月松间照", "清泉石上流")
PLACES = [{"guild": 42}, {"guild": None}, {"guild": None, "installed_by_user": True}]


@pytest.fixture(autouse=True)
def _limiter(resources, clock):
    resources.booklet_limiter = RequestLimiter(clock, clock)
    yield
    resources.booklets.close()


async def keep(store: Store, verse, at=0, *, user=USER, guild=42, writers=()):
    await store.favorites.toggle(
        user, guild, verse, None, 1_700_000_000 + at, writers=dict.fromkeys(writers, 0.0)
    )


def booklet_of(fake, message):
    """The texts of the pages of the booklet of a message."""
    (file,) = message["attachments"]
    assert file["filename"] == "lianju-favorites.pdf"
    document = pdfium.PdfDocument(fake.messages.files[file["id"]])
    return document, [page.get_textpage().get_text_range() for page in document]


@pytest.mark.parametrize("place", PLACES)
async def test_a_booklet_has_the_members_own_favorites(place, fake, bot, store):
    await keep(store, COUPLET, 1)
    await keep(store, QUATRAIN, 0)
    await keep(store, Verse("春眠不觉晓", "处处闻啼鸟"), user=STRANGER)
    message = await ask(fake, bot, EXPORT, **place)
    assert message["content"] == english("favorites-booklet", count=2)
    document, pages = booklet_of(fake, message)
    assert pages[1].split() == [*QUATRAIN.lines, *COUPLET.lines, "1"]
    assert len(pages) == 2
    assert "2023" not in pages[0]
    assert document.get_metadata_value("Title") == english("favorites-booklet-title")
    author = document.get_metadata_value("Author")
    assert author
    assert author in pages[0]


async def test_its_title_is_in_the_language_of_the_member(fake, bot, store):
    await keep(store, COUPLET)
    message = await ask(fake, bot, EXPORT, locale="zh-TW", guild=None)
    assert booklet_of(fake, message)[0].get_metadata_value("Title") == "藏詩集"


async def test_linked_verse_is_signed_by_the_members_of_the_server(fake, bot, store):
    await keep(store, QUATRAIN, 0, writers=(SECOND, THIRD))
    await keep(store, COUPLET, 1, guild=43, writers=(STRANGER,))
    _, pages = booklet_of(fake, await ask(fake, bot, EXPORT))
    assert f"member {STRANGER}" not in pages[1]
    assert pages[1].count("member 78") == pages[1].count("member 79") == 1


async def test_verse_by_members_some_of_whom_left_is_not_signed(fake, bot, store):
    await keep(store, QUATRAIN, 0, writers=(SECOND, THIRD))
    fake.left.add(str(SECOND))
    _, pages = booklet_of(fake, await ask(fake, bot, EXPORT))
    assert "member" not in pages[1]
    assert QUATRAIN.lines[0] in pages[1]


async def test_only_so_many_names_are_asked_for(fake, bot, store):
    for number in range(4):
        writers = range(100 + 20 * number, 120 + 20 * number)
        await keep(store, Verse("明月松间照", f"第{number}首"), number, writers=writers)
    _, pages = booklet_of(fake, await ask(fake, bot, EXPORT))
    signed = [name for name in range(100, 180) if f"member {name}" in "".join(pages)]
    assert set(signed) <= set(range(140, 180))
    assert 0 < len(signed) <= MAX_NAMES


async def test_of_more_verses_than_there_is_room_for_it_has_the_latest(fake, bot, store):
    names = "".join(each for each in map(chr, range(0x4E00, 0x5400)) if glyph_for(each) == each)[
        : MAX_POEMS + 2
    ]
    for number, name in enumerate(names):
        await keep(store, Verse("明月松间照", f"{name}字第一"), number)
    message = await ask(fake, bot, EXPORT)
    part = english("favorites-booklet-latest", most=MAX_POEMS, count=MAX_POEMS + 2)
    assert message["content"].split("\n") == [english("favorites-booklet", count=MAX_POEMS), part]
    found = "".join(booklet_of(fake, message)[1])
    places = [found.find(f"{name}字第一") for name in names]
    assert places[:2] == [-1, -1]
    assert places[2:] == sorted(places[2:])
    assert -1 not in places[2:]


async def test_verse_that_no_page_has_room_for_is_left_out_and_told(fake, bot, store):
    await keep(store, COUPLET)
    await keep(store, Verse("山" * 61, "水"), 1)
    message = await ask(fake, bot, EXPORT)
    assert english("favorites-booklet-long", count=1) in message["content"]
    assert english("favorites-booklet", count=1) in message["content"]
    await keep(store, COUPLET)  # again: no longer
    message = await ask(fake, bot, EXPORT, user=USER, guild=43)
    assert message["content"] == english("picture-line", size=61, most=60)
    assert message["attachments"] == []


async def test_missing_characters_are_told(fake, bot, store):
    await keep(store, Verse("明月🎉", "清风"))
    message = await ask(fake, bot, EXPORT)
    assert english("picture-missing", missing="🎉") in message["content"]


async def test_without_favorites_there_is_none(fake, bot):
    message = await ask(fake, bot, EXPORT)
    assert message["content"] == english("favorites-none")
    assert message["attachments"] == []


async def test_booklets_of_a_member_are_limited(fake, bot, store, clock):
    await keep(store, COUPLET)
    await ask(fake, bot, EXPORT)
    clock.now += BOOKLET_COOLDOWN_S / 2
    message = await ask(fake, bot, EXPORT)
    retry_at = str(int(clock.now + BOOKLET_COOLDOWN_S / 2))
    assert message["content"] == english("booklet-limit-cooldown", retry_at=retry_at)
    assert (await ask(fake, bot, slash("favorites export", format="txt")))["attachments"]
    clock.now += BOOKLET_COOLDOWN_S
    assert (await ask(fake, bot, EXPORT))["attachments"]


async def test_a_member_has_one_booklet_made_at_a_time(fake, bot, store, monkeypatch):
    begun, end = threading.Event(), threading.Event()

    def wait(booklet):
        begun.set()
        assert end.wait(30)
        return render(booklet)

    monkeypatch.setattr("lianju.bot.booklet.pages.render", wait)
    await keep(store, COUPLET)
    payload = fake.interaction(EXPORT)
    first = asyncio.create_task(bot.receive(payload))
    await asyncio.to_thread(begun.wait)
    message = await ask(fake, bot, EXPORT)
    assert message["content"] == english("booklet-limit-running")
    end.set()
    await first
    (message,) = fake.exchange(payload).messages
    assert message["attachments"]
