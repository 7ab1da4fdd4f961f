"""One candidate in the text of an answer, written and read back.

A couplet stands on one line if it is Chinese, which takes little room, and else on two; a remark
is below it. A poem's lines stand one under another, below the remark; an acrostic's heads are bold.
"""

import re

from ..store import Verse
from ..verse.text.vocabulary import is_han
from .buttons import RequestOptions
from .markdown import escape, unescape

__all__ = ["SMALL", "read_verse", "write_verse"]

COMMA, BREAK = "，", "\n/ "
SMALL = "-# "
HEADED = re.compile(r"\*\*(\\?.)\*\*(.*)", re.DOTALL)


def write_verse(rank: int, couplet: Verse, remark: str, wish: RequestOptions) -> str:
    """A candidate as markdown.

    Args:
        rank: Its number, from 1.
        couplet: The verse.
        remark: What is said of it, in markdown on one line.
        wish: What was asked for.
    """
    if not wish.is_poem:
        return f"{_number(rank)}{_write_couplet(couplet)}\n{SMALL}{remark}"
    write = _write_headed if wish.is_acrostic else escape
    return "\n".join((f"{SMALL}{_number(rank)}{remark}", *map(write, couplet.lines)))


def read_verse(rank: int, text: str, wish: RequestOptions) -> Verse:
    """The verse that `write_verse` wrote.

    Raises:
        ValueError: It is none.
    """
    beginning = SMALL + _number(rank) if wish.is_poem else _number(rank)
    if not text.startswith(beginning):
        raise ValueError(f"no candidate {rank}")
    if wish.is_poem:
        first, second, *others = text.split("\n")[1:]
        read = _read_headed if wish.is_acrostic else unescape
        return Verse.of(read(first), read(second), *map(read, others))
    written, _, _ = text.removeprefix(beginning).rpartition("\n")
    # No escaped text has a bare slash, and a line before a comma has no comma of its own.
    line, answer = written.split(BREAK if BREAK in written else COMMA, 1)
    return Verse(unescape(line), unescape(answer))


def _number(rank: int) -> str:
    return f"**{rank}.** "


def _write_couplet(couplet: Verse) -> str:
    chinese = any(map(is_han, couplet.line)) and COMMA not in couplet.line
    return escape(couplet.line) + (COMMA if chinese else BREAK) + escape(couplet.answer)


def _write_headed(line: str) -> str:
    return f"**{escape(line[:1])}**{escape(line[1:])}"


def _read_headed(text: str) -> str:
    match = HEADED.fullmatch(text)
    if match is None:
        raise ValueError("no head")
    return unescape(match[1] + match[2])
