"""A booklet of poems of all kinds.

`python -m tests.booklet.sample` writes the pictures of its pages in docs/images.
"""

import datetime
from pathlib import Path

import pypdfium2 as pdfium
from lianju.bot.booklet import Booklet, Poem, render
from PIL import Image

DAY = datetime.date(2026, 11, 30)
TOWER = Poem("登鹳雀楼", ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"), ("王之涣",), 12)
BORDER = Poem(
    "",
    ("黄河远上白云间", "一片孤城万仞山", "羌笛何须怨杨柳", "春风不度玉门关"),
    ("Alice", "联句"),
    3,
)
SPRING = Poem(
    "春望",
    (
        *("国破山河在", "城春草木深", "感时花溅泪", "恨别鸟惊心"),
        *("烽火连三月", "家书抵万金", "白头搔更短", "浑欲不胜簪"),
    ),
    ("杜甫",),
)
COUPLET = Poem("", ("春风得意马蹄疾", "一日看尽长安花"), ("Bob the Builder",))
LINKED = Poem(
    "聯句",
    tuple(
        f"{'滾滾長江東逝'}{digit}" for digit in "一二三四五六七八九十百千萬東西南北春夏秋冬日月星"
    ),
    ("春江花月夜", "Señor Ünïcödé", "小明"),
    7,
)
SUMMER = Poem("A title in Latin letters", ("Shall I compare thee", "to a summer's day"))
POEMS = (TOWER, BORDER, SPRING, COUPLET, LINKED, SUMMER)
BOOKLET = Booklet("我的诗集", DAY, POEMS, author="小明", seal="春江诗社")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SHOWN = {"booklet-cover": 0, "booklet-page": 1, "booklet-long": 2}
WIDTH = 540  # pixels


def main() -> None:
    """Writes the pictures."""
    document = pdfium.PdfDocument(render(BOOKLET))
    for name, number in SHOWN.items():
        page = document[number]
        picture = page.render(scale=WIDTH / page.get_width()).to_pil().convert("RGB")
        picture.quantize(256, Image.Quantize.FASTOCTREE).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
