"""A member's favourites as a file to keep."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from ..store import Favourite
from .couplets import plain

__all__ = ["Format", "favourites_file"]

Format = Literal["txt", "csv", "json"]

# A spreadsheet runs a cell that begins so; https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def favourites_file(favourites: Sequence[Favourite], form: Format) -> bytes:
    """The content of a file in the order given.

    Args:
        favourites: What to write.
        form: `txt` has a couplet a line, `csv` opens in a spreadsheet, `json` has everything.
    """
    return {"txt": _txt, "csv": _csv, "json": _json}[form](favourites)


def _txt(favourites: Sequence[Favourite]) -> bytes:
    return "".join(f"{plain(favourite.couplet)}\n" for favourite in favourites).encode()


def _csv(favourites: Sequence[Favourite]) -> bytes:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("line", "answer", "kept_at"))
    for favourite in favourites:
        couplet = favourite.couplet
        table.writerow((_inert(couplet.line), _inert(couplet.answer), _iso(favourite.kept_at)))
    return file.getvalue().encode("utf-8-sig")  # without the mark Excel takes it for Latin


def _json(favourites: Sequence[Favourite]) -> bytes:
    couplets = [
        {
            "line": favourite.couplet.line,
            "answer": favourite.couplet.answer,
            "kept_at": _iso(favourite.kept_at),
            # A text, as it has more digits than JavaScript's numbers hold.
            "server_id": None if favourite.guild_id is None else str(favourite.guild_id),
        }
        for favourite in favourites
    ]
    return f"{json.dumps({'couplets': couplets}, ensure_ascii=False, indent=2)}\n".encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
