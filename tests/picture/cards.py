"""Cards of the tests, whose pictures are in `golden/`.

`python -m tests.picture.cards` draws these anew, and those of docs/pictures.md: look at them before
you keep them.
"""

import datetime
import io
from pathlib import Path

from lianju.bot.picture import Card, render
from PIL import Image

GOLDEN = Path(__file__).parent / "golden"
REDUCED = 4  # times narrower than the pictures

DAY = datetime.date(2026, 11, 30)
QUATRAIN = ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
REGULATED = (
    *("空山新雨后", "天气晚来秋", "明月松间照", "清泉石上流"),
    *("竹喧归浣女", "莲动下渔舟", "随意春芳歇", "王孙自可留"),
)
HEPTASYLLABIC = (
    *("风急天高猿啸哀", "渚清沙白鸟飞回", "无边落木萧萧下", "不尽长江滚滚来"),
    *("万里悲秋常作客", "百年多病独登台", "艰难苦恨繁霜鬓", "潦倒新停浊酒杯"),
)
LONG_COUPLET = (
    "五百里滇池，奔来眼底，披襟岸帻，喜茫茫空阔无边，看东骧神骏，西翥灵仪，北走蜿蜒，南翔缟素",
    "数千年往事，注到心头，把酒凌虚，叹滚滚英雄谁在，想汉习楼船，唐标铁柱，宋挥玉斧，元跨革囊",
)

CARDS = {
    "quatrain": Card(
        title="登鹳雀楼", lines=QUATRAIN, writers=("王之涣",), seal="春江诗社", date=DAY
    ),
    "couplet": Card(
        lines=("黄河远上白云间", "万里行人独往还"), writers=("Alice", "联句"), date=DAY, style="ink"
    ),
    "regulated": Card(
        title="山居秋暝", lines=REGULATED, writers=("王維",), style="night", script="traditional"
    ),
    "linked": Card(
        title="冬夜与友人联句",
        lines=HEPTASYLLABIC * 3,
        writers=("小明", "Alice", "春风", "Robert de la Tour", "月下独酌", "联句"),
        seal="Poetry Club",
        date=DAY,
        style="night",
    ),
    "long": Card(title="大观楼长联", lines=LONG_COUPLET, writers=("孙髯翁",), style="ink"),
    "missing": Card(lines=("明月🎉松间照",), writers=("Émilie 🎉",)),
}


DOCS = Path(__file__).parents[2] / "docs" / "images"
SHOWN = {
    "picture-paper": CARDS["quatrain"],
    "picture-ink": CARDS["couplet"],
    "picture-night": CARDS["regulated"],
    "picture-linked": CARDS["linked"],
    "picture-long": CARDS["long"],
}


def reduced(png: bytes) -> Image.Image:
    """Returns a picture as the golden ones are kept."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.reduce(REDUCED)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, card in CARDS.items():
        reduced(render(card)).save(GOLDEN / f"{name}.png", optimize=True)
    for name, card in SHOWN.items():
        picture = Image.open(io.BytesIO(render(card))).convert("RGB").reduce(2)
        picture.quantize(128).save(DOCS / f"{name}.png", optimize=True)
