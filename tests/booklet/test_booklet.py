"""What a booklet may have in it, and how booklets wait for each other."""

import asyncio
import datetime
import threading

import pypdfium2 as pdfium
import pytest
from lianju.bot.booklet import MAX_POEMS, Booklet, BookletError, Booklets, Poem, missing, render
from lianju.bot.booklet.booklets import MOST_WAITING
from lianju.bot.picture import PictureError
from lianju.bot.verse import RequestError

DAY = datetime.date(2026, 11, 30)
POEM = Poem("", ("明月松间照", "清泉石上流"))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": " \n"}, BookletError("booklet-title")),
        ({"title": "题" * 41}, PictureError("picture-title", size=41, most=40)),
        ({"poems": ()}, BookletError("booklet-empty")),
        ({"poems": (POEM,) * 301}, BookletError("booklet-poems", size=301, most=MAX_POEMS)),
        ({"author": "名" * 33}, PictureError("picture-writer", size=33, most=32)),
        ({"seal": "印" * 10}, PictureError("picture-seal", most=9, letters=8)),
        ({"script": "cursive"}, RequestError("unknown-choice", value="cursive", choices="")),
    ],
)
def test_booklets_that_cannot_be_made(fields, error):
    with pytest.raises(type(error)) as caught:
        Booklet(**{"title": "集", "date": DAY, "poems": (POEM,)} | fields)
    assert caught.value.key == error.key
    if error.key != "unknown-choice":
        assert caught.value.facts == error.facts


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (("", ()), "picture-empty"),
        (("", ("山" * 61,)), "picture-line"),
        (("", ("山",) * 25), "picture-lines"),
        (("", ("山" * 60,) * 9), "picture-characters"),
        (("题" * 41, ("山",)), "picture-title"),
        (("", ("山",), ("",)), "picture-writer-empty"),
        (("", ("山",), (), -1), "booklet-hearts"),
    ],
)
def test_poems_that_have_no_room(fields, key):
    with pytest.raises((PictureError, BookletError)) as caught:
        Poem(*fields)
    assert caught.value.key == key


def test_control_characters_and_runs_of_spaces_are_left_out():
    poem = Poem(" 春\u200b晓\n", ("明月\t 松间",), ("A\x00 B",))
    assert (poem.title, poem.lines, poem.writers) == ("春晓", ("明月 松间",), ("A B",))


def test_missing_characters_are_named_once():
    poems = (Poem("🎉", ("明月🎉",), ("甲",)), Poem("", ("𢋙",), ("🦊",)))
    assert missing(Booklet("集", DAY, poems, author="🐉")) == ("🐉", "🎉", "𢋙", "🦊")


async def test_booklets_are_made_off_the_event_loop_one_at_a_time(monkeypatch):
    threads, running, free = [], threading.Semaphore(0), threading.Semaphore(0)

    def wait(booklet):
        threads.append(threading.current_thread())
        running.release()
        free.acquire()
        return render(booklet)

    monkeypatch.setattr("lianju.bot.booklet.pages.render", wait)
    booklets, booklet = Booklets(), Booklet("集", DAY, (POEM,))
    made = [asyncio.create_task(booklets.make(booklet)) for _ in range(MOST_WAITING)]
    await asyncio.to_thread(running.acquire)
    with pytest.raises(BookletError) as caught:
        await booklets.make(booklet)
    assert caught.value.key == "booklet-busy"
    assert len(threads) == 1  # the others wait
    free.release(MOST_WAITING)
    files = await asyncio.gather(*made)
    assert {len(pdfium.PdfDocument(each.pdf)) for each in files} == {2}
    assert set(threads) == {threads[0]} != {threading.current_thread()}
    booklets.close()
