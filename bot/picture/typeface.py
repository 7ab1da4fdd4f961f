"""The typeface of the pictures, in the sizes of one of them."""

from PIL import ImageFont

from .glyphs import FONT_FOLDER

__all__ = ["Typeface"]

MEASURED_AT = 200  # pixels an em


class Typeface:
    """The typeface in the sizes of one picture: FreeType's faces are not for several threads."""

    def __init__(self) -> None:
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Returns the typeface at so many pixels an em."""
        if size not in self._sizes:
            basic = ImageFont.Layout.BASIC  # each character has a place of its own
            path = str(FONT_FOLDER / "LianjuKai.ttf")
            self._sizes[size] = ImageFont.truetype(path, size, layout_engine=basic)
        return self._sizes[size]

    def width(self, text: str) -> float:
        """Returns how wide a text is, in em."""
        return self.at(MEASURED_AT).getlength(text) / MEASURED_AT
