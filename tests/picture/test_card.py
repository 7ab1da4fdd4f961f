"""Cards: their bounds, texts in either script, and what stands for a picture."""

import asyncio
import datetime
import io
import subprocess
import sys
import threading

import pytest
from lianju.bot.picture import (
    LIANJU,
    Card,
    PictureError,
    Pictures,
    alt_text,
    missing,
    render,
    seal_for,
    split_lines,
)
from lianju.bot.picture.card import chinese_date, in_script
from lianju.bot.verse import RequestError, Vocabulary
from lianju.bot.verse.text.prompt import read_prompt
from PIL import Image

from tests.picture.cards import CARDS, DAY, QUATRAIN


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"lines": ()}, "picture-empty"),
        ({"lines": ("白日", " ")}, "picture-empty"),
        ({"lines": ("\u200b",)}, "picture-empty"),
        ({"lines": ("山",) * 25}, "picture-lines"),
        ({"lines": ("山" * 61,)}, "picture-line"),
        ({"lines": ("山" * 41,) * 12}, "picture-characters"),
        ({"title": "山" * 41}, "picture-title"),
        ({"writers": ("甲",) * 25}, "picture-writers"),
        ({"writers": ("甲" * 33,)}, "picture-writer"),
        ({"writers": ("",)}, "picture-writer-empty"),
        ({"seal": "一二三四五六七八九十"}, "picture-seal"),
        ({"seal": "Extraordinary"}, "picture-seal"),
        ({"seal": "a b c d"}, "picture-seal"),
        ({"seal": ""}, "picture-seal-empty"),
    ],
)
def test_what_has_no_room_is_refused(fields, key):
    with pytest.raises(PictureError) as refusal:
        Card(**{"lines": QUATRAIN} | fields)
    assert refusal.value.key == key


@pytest.mark.parametrize("fields", [{"style": "gold"}, {"script": "cursive"}])
def test_unknown_choices_are_refused(fields):
    with pytest.raises(RequestError):
        Card(lines=QUATRAIN, **fields)


def test_the_largest_card_is_drawn():
    names = tuple(f"Wwwwwwwwwwwwwwwwwwww{number}" for number in range(24))
    card = Card(lines=("山水" * 10,) * 24, title="秋" * 40, writers=names, seal="Www Www Www")
    assert Image.open(io.BytesIO(render(card))).width == 1080


def test_traditional_pictures_have_the_characters_of_the_bot():
    card = in_script(
        Card(lines=("征人后园里", "千里发"), title="云里", seal="诗社", script="traditional")
    )
    assert (card.lines, card.title, card.seal) == (("征人後園裏", "千里發"), "雲裏", "詩社")
    assert in_script(Card(lines=("皇后聽雲",), script="traditional")).lines == ("皇后聽雲",)
    assert in_script(Card(lines=("雲里",), script="simplified")).lines == ("云里",)
    assert in_script(Card(lines=("著我旧时裳",), script="traditional")).lines == ("著我舊時裳",)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("黄河远上白雲间", "一片孤城万仞山"), "联句"),
        (("黃河遠上白雲间", "一片孤城萬仞山"), "聯句"),
        (("白日依山", "空山"), "联句"),
    ],
)
def test_pictures_are_in_the_script_of_most_characters_as_answers_are(lines, name):
    shown = in_script(Card(lines=lines, writers=(LIANJU,), seal=LIANJU))
    assert (shown.lines, shown.writers, shown.seal) == (lines, (name,), name)
    tokens = "黄河远上白云间一片孤城万仞山日依空"
    vocabulary = Vocabulary(("<unk>", "<e>", *tokens), (-1, -1, *[1] * len(tokens)))
    prompt = read_prompt("，".join(lines), vocabulary)
    assert prompt.traditional == (name == "聯句")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("白日依山尽，黄河入海流。", ("白日依山尽", "黄河入海流")),
        ("白日依山尽 黄河入海流", ("白日依山尽", "黄河入海流")),
        (
            "四海升平，九州安乐；\n万家和睦，百业兴隆。\n",
            ("四海升平，九州安乐", "万家和睦，百业兴隆"),
        ),
        ("白日依山尽", ("白日依山尽",)),
        ("Shall I compare thee\nto a summer's day?", ("Shall I compare thee", "to a summer's day")),
        ("，。", ()),
    ],
)
def test_lines_of_a_text(text, lines):
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("name", "seal"),
    [
        ("春江诗社", "春江诗社"),
        ("Poetry Club", "Poetry Club"),
        ("诗社 🎋 Poetry Lovers of the World", "诗社"),
        ("The Extraordinarily Long Name", "联句"),
        ("🎋", "联句"),
        ("", "联句"),
        (None, "联句"),
    ],
)
def test_the_seal_of_a_server(name, seal):
    assert seal_for(name) == seal
    Card(lines=QUATRAIN, seal=seal)


@pytest.mark.parametrize(
    ("date", "written"),
    [
        (DAY, "二〇二六年十一月三十日"),
        (datetime.date(2030, 1, 5), "二〇三〇年一月五日"),
        (datetime.date(2027, 10, 21), "二〇二七年十月二十一日"),
    ],
)
def test_dates_are_written_as_on_a_scroll(date, written):
    assert chinese_date(date) == written


def test_the_text_alternative_has_the_poem():
    card = CARDS["quatrain"]
    assert alt_text(card) == "\n".join(
        ("《登鹳雀楼》", *QUATRAIN, "王之涣", "二〇二六年十一月三十日")
    )
    longest = Card(lines=("山" * 20,) * 24, title="秋" * 40, writers=("甲" * 32,) * 24, date=DAY)
    text = alt_text(longest)
    assert len(text) <= 1024
    assert text.count("山") == 480


def test_missing_characters_are_told():
    assert missing(CARDS["missing"]) == ("🎉",)
    assert missing(Card(lines=("👩‍👩‍👧‍👦山", "ا"), seal="ا")) == ("👩‍👩‍👧‍👦", "ا")
    assert missing(CARDS["linked"]) == ()


def test_names_cannot_turn_the_text():
    assert Card(lines=QUATRAIN, writers=("a\u202eb\n\tc",)).writers == ("ab c",)


def test_a_bot_that_draws_nothing_does_not_load_pillow():
    code = "import sys, lianju.bot.cogs, lianju.bot.cli; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_pictures_are_drawn_in_another_thread(monkeypatch):
    threads, go = [], threading.Event()

    def slow(card):
        threads.append(threading.get_ident())
        go.wait(30)
        return render(card)

    monkeypatch.setattr("lianju.bot.picture.painter.render", slow)
    pictures = Pictures()
    waiting = [asyncio.create_task(pictures.draw(CARDS["missing"])) for _ in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(PictureError) as refusal:
        await pictures.draw(CARDS["missing"])
    assert refusal.value.key == "picture-busy"
    go.set()
    first, *_ = await asyncio.gather(*waiting)
    assert first.png.startswith(b"\x89PNG")
    assert (first.alt, first.missing) == (alt_text(CARDS["missing"]), ("🎉",))
    assert set(threads).isdisjoint({threading.get_ident()})
    await pictures.draw(CARDS["missing"])  # there is room again
    pictures.close()
