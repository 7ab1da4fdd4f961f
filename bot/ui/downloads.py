"""Files of what is stored about a member."""

import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from typing import Literal

from ..booklet import Booklet, Poem
from ..errors import LianjuError
from ..linked import Table
from ..places import OUTSIDE
from ..rounds import GuessScore
from ..verses import Favorite
from .verse import one_line

__all__ = [
    "FileFormat",
    "Format",
    "favorites_booklet",
    "favorites_file",
    "guesses_file",
    "linked_file",
]

FileFormat = Literal["txt", "csv", "json"]
Format = Literal[FileFormat, "pdf"]

# Spreadsheets evaluate cells that begin with these; https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def favorites_file(favorites: Sequence[Favorite], form: FileFormat) -> bytes:
    """Returns the content of a file.

    Args:
        favorites: The favorites, in the order of the file.
        form: `txt` has one verse a line, `csv` is for spreadsheets, `json` has all fields.
    """
    return {"txt": _txt, "csv": _csv, "json": _json}[form](favorites)


def favorites_booklet(
    favorites: Sequence[Favorite],
    names: Mapping[int, str],
    title: str,
    author: str,
    seal: str,
    date: datetime.date,
) -> Booklet:
    """Returns a booklet of the favorites that have room on a page.

    Args:
        favorites: The favorites, in the order of the booklet.
        names: The names of members; a verse that others wrote as well is not signed.
        title: The title.
        author: The name of the member who keeps them.
        seal: What the seal says.
        date: The day.

    Raises:
        LianjuError: None of them has room.
    """
    poems, refused = [], None
    for favorite in favorites:
        writers = favorite.writers if all(each in names for each in favorite.writers) else ()
        try:
            signed = tuple(dict.fromkeys(names[each] for each in writers))
            poems.append(Poem("", favorite.verse.lines, signed))
        except LianjuError as error:
            refused = error
    if refused is not None and not poems:
        raise refused
    return Booklet(title, date, tuple(poems), author=author, seal=seal)


def guesses_file(scores: Mapping[int, GuessScore]) -> bytes:
    """Returns a file with a member's scores of `/guess`, by server, as JSON."""
    rows = [
        {
            "server_id": None if guild_id == OUTSIDE else str(guild_id),
            "guesses": score.guesses,
            "right": score.hits,
            "streak": score.streak,
            "best_streak": score.best_streak,
        }
        for guild_id, score in scores.items()
    ]
    return f"{json.dumps({'guesses': rows}, indent=2)}\n".encode()


def linked_file(tables: Sequence[Table], user_id: int) -> bytes:
    """Returns a file with a member's part in linked verse, as JSON: nothing of the others."""
    rows = [
        {
            "server_id": None if table.guild_id is None else str(table.guild_id),
            "channel_id": str(table.channel_id),
            "form": table.form,
            "started": table.host_id == user_id,
            "has_a_place": user_id in table.players,
            "last_used_at": _iso(table.touched_at),
            "lines": [
                {
                    "number": number,
                    "text": line.text,
                    "chosen_of_lianju": line.by == "lianju",
                    "written_at": _iso(line.written_at),
                }
                for number, line in enumerate(table.lines, 1)
                if line.user_id == user_id
            ],
        }
        for table in tables
    ]
    return f"{json.dumps({'tables': rows}, ensure_ascii=False, indent=2)}\n".encode()


def _txt(favorites: Sequence[Favorite]) -> bytes:
    return "".join(f"{one_line(favorite.verse)}\n" for favorite in favorites).encode()


def _csv(favorites: Sequence[Favorite]) -> bytes:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("line", "answer", "kept_at"))
    for favorite in favorites:
        verse = favorite.verse
        table.writerow(
            (_escape_formula(verse.line), _escape_formula(verse.answer), _iso(favorite.kept_at))
        )
    return file.getvalue().encode("utf-8-sig")  # without the byte order mark Excel reads Latin-1


def _json(favorites: Sequence[Favorite]) -> bytes:
    verses = [
        {
            "line": favorite.verse.line,
            "answer": favorite.verse.answer,
            "kept_at": _iso(favorite.kept_at),
            # A string, as JavaScript's numbers are exact to 53 bits only.
            "server_id": None if favorite.guild_id is None else str(favorite.guild_id),
        }
        for favorite in favorites
    ]
    file = {"couplets": verses}  # the key is older than poems, and stays for those who read it
    return f"{json.dumps(file, ensure_ascii=False, indent=2)}\n".encode()


def _escape_formula(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def _iso(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat()
