"""Poems as a booklet to read on a phone or to print: no Discord, no engine.

`render` makes a PDF of a `Booklet`; `Booklets` does so off the event loop. What needs
fontTools, Pillow and pypdf is imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .booklet import MAX_POEMS, Booklet, BookletError, Poem, missing
from .reading import read_poems

if TYPE_CHECKING:
    from .booklets import Booklets, PrintedBooklet
    from .pages import render

_HOMES = {
    "Booklets": "booklets",
    "PrintedBooklet": "booklets",
    "render": "pages",
}

__all__ = [
    "MAX_POEMS",
    "Booklet",
    "BookletError",
    "Booklets",
    "Poem",
    "PrintedBooklet",
    "missing",
    "read_poems",
    "render",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
