"""Takes the pictures of the page in docs/images from the page itself.

    python -m tests.web.screens

It needs Playwright, Chromium, and fonts for Chinese (on Debian: chromium, fonts-noto-cjk). A
bundle's folder as an argument takes the place of the one that ships.
"""

import io
import sys
from pathlib import Path

from lianju.bot.verse import default_directory
from PIL import Image

from .browser import Tab, chromium
from .site import site

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DESKTOP, PHONE = {"width": 1000, "height": 760}, {"width": 360, "height": 740}
# Name, query string, size of the window, color scheme, language.
PICTURES = (
    ("page", "?line=黄河远上白云间&layout=vertical", DESKTOP, "light", "en"),
    ("page-dark", "?line=移舟泊烟渚&form=jueju", DESKTOP, "dark", "zh-CN"),
    ("page-phone", "?line=黃河遠上白雲間", PHONE, "light", "zh-TW"),
)
SCALE = 1.5


def take(browser, address, path, size, scheme, language):
    """Returns a picture of the whole page as PNG."""
    tab = Tab(
        browser,
        address,
        path,
        viewport=size,
        color_scheme=scheme,
        locale=language,
        device_scale_factor=SCALE,
    )
    try:
        return tab.page.screenshot(full_page=True)
    finally:
        tab.close()


def main():
    IMAGES.mkdir(parents=True, exist_ok=True)
    bundle = Path(sys.argv[1]) if sys.argv[1:] else default_directory()
    with site(bundle) as address, chromium() as browser:
        for name, *how in PICTURES:
            target = IMAGES / f"{name}.png"
            with Image.open(io.BytesIO(take(browser, address, *how))) as picture:
                # 64 colors are enough for text on a plain ground, at a third of the size.
                colors = picture.convert("RGB").quantize(64, Image.Quantize.MEDIANCUT)
                colors.save(target, optimize=True)
            print(target, f"{target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
