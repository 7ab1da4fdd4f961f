"""Pictures look as they did when they were looked at.

The tolerance allows for another version of FreeType, and for nothing that a reader would see.
"""

from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.picture import render
from PIL import Image

from tests.picture.cards import CARDS, GOLDEN, reduced

FARTHEST, MEAN = 48, 1.0  # of 255: a pixel, all of them


def differs(name, card):
    """Whether the picture of a card is another one than the golden picture."""
    golden, drawn = Image.open(GOLDEN / f"{name}.png"), reduced(render(card))
    if drawn.size != golden.size:
        return True
    apart = np.abs(np.asarray(golden, np.int16) - np.asarray(drawn, np.int16))
    return bool(apart.max() > FARTHEST or apart.mean() > MEAN)


@pytest.mark.parametrize("name", CARDS)
def test_pictures_look_as_before(name):
    assert not differs(name, CARDS[name])


def without_seal(monkeypatch):
    monkeypatch.setattr("lianju.bot.picture.painter.stamp", lambda *_: None)


def from_left_to_right(monkeypatch):
    def mirrored(card, *options):
        from lianju.bot.picture.layout import lay_out  # the real one

        laid = lay_out(card, *options)
        places = sorted({mark.x for mark in laid.verse})
        swapped = dict(zip(places, reversed(places), strict=True))
        return replace(laid, verse=[replace(mark, x=swapped[mark.x]) for mark in laid.verse])

    monkeypatch.setattr("lianju.bot.picture.painter.lay_out", mirrored)


@pytest.mark.parametrize("fault", [without_seal, from_left_to_right])
@pytest.mark.parametrize("name", ["quatrain", "couplet", "regulated"])
def test_the_comparison_notices_faults(name, fault, monkeypatch):
    fault(monkeypatch)
    assert differs(name, CARDS[name])


@pytest.mark.parametrize(
    "change",
    [
        {"title": "登鸛雀樓"},
        {"writers": ("王之渙",)},
        {"seal": "春江诗会"},
        {"date": None},
        {"style": "ink"},
        {"lines": ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层搂")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_comparison_notices_another_character(change):
    assert differs("quatrain", replace(CARDS["quatrain"], **change))
