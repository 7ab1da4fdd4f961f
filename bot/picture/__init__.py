"""Verse as pictures to share, set vertically: no Discord, no engine.

`render` draws a `Card`; `Pictures` does so off the event loop. What needs Pillow is imported on
first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .card import (
    DEFAULT_SEAL,
    LIANJU,
    MAX_CHARACTERS,
    MAX_LINE,
    MAX_LINES,
    MAX_NAME,
    MAX_TITLE,
    MAX_WRITERS,
    STYLES,
    Card,
    PictureError,
    Style,
    alt_text,
    missing,
    seal_for,
    split_lines,
)

if TYPE_CHECKING:
    from .painter import render
    from .pictures import Picture, Pictures

_HOMES = {
    "Picture": "pictures",
    "Pictures": "pictures",
    "render": "painter",
}

__all__ = [
    "DEFAULT_SEAL",
    "LIANJU",
    "MAX_CHARACTERS",
    "MAX_LINE",
    "MAX_LINES",
    "MAX_NAME",
    "MAX_TITLE",
    "MAX_WRITERS",
    "STYLES",
    "Card",
    "Picture",
    "PictureError",
    "Pictures",
    "Style",
    "alt_text",
    "missing",
    "render",
    "seal_for",
    "split_lines",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
