"""A member's favorites as a file to keep."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from ..store import Favorite
from .couplets import plain

__all__ = ["Format", "favorites_file"]

Format = Literal["txt", "csv", "json"]

# A spreadsheet runs a cell that begins so; https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def favorites_file(favorites: Sequence[Favorite], form: Format) -> bytes:
    """The content of a file in the order given.

    Args:
        favorites: What to write.
        form: `txt` has a couplet a line, `csv` opens in a spreadsheet, `json` has everything.
    """
    return {"txt": _txt, "csv": _csv, "json": _json}[form](favorites)


def _txt(favorites: Sequence[Favorite]) -> bytes:
    return "".join(f"{plain(favorite.verse)}\n" for favorite in favorites).encode()


def _csv(favorites: Sequence[Favorite]) -> bytes:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("line", "answer", "kept_at"))
    for favorite in favorites:
        couplet = favorite.verse
        table.writerow((_inert(couplet.line), _inert(couplet.answer), _iso(favorite.kept_at)))
    return file.getvalue().encode("utf-8-sig")  # without the mark Excel takes it for Latin


def _json(favorites: Sequence[Favorite]) -> bytes:
    couplets = [
        {
            "line": favorite.verse.line,
            "answer": favorite.verse.answer,
            "kept_at": _iso(favorite.kept_at),
            # A text, as it has more digits than JavaScript's numbers hold.
            "server_id": None if favorite.guild_id is None else str(favorite.guild_id),
        }
        for favorite in favorites
    ]
    return f"{json.dumps({'couplets': couplets}, ensure_ascii=False, indent=2)}\n".encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
