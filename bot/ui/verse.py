"""Verse as text: the candidates of an answer, written and parsed, and the rows of lists.

In an answer, a couplet is on one line if it is Chinese, and else on two; its remark is below it.
The lines of a poem are on a line each, below its remark; the first characters of an acrostic are
bold.
"""

import re
from collections.abc import Sequence

from ..markdown import SMALL, escape, literal, small, unescape
from ..verse import is_han
from ..verses import Verse
from .buttons import RequestOptions

__all__ = [
    "one_line",
    "parse_candidate",
    "write_candidate",
    "write_list_item",
    "write_members",
]

COMMA, SEMICOLON, LINE_SEPARATOR = "，", "；", "\n/ "
MAX_MEMBERS = 4  # of ten poems on a page, beside each
BOLD_FIRST = re.compile(r"\*\*(\\?.)\*\*(.*)", re.DOTALL)


def write_candidate(rank: int, verse: Verse, remark: str, options: RequestOptions) -> str:
    """Returns a candidate as markdown.

    Args:
        rank: Its number, from 1.
        verse: The verse.
        remark: Remarks on it, in markdown on one line; may be empty.
        options: The options of the request.
    """
    if not options.is_poem:
        text = _number(rank) + _write_couplet(verse)
        return f"{text}\n{small(remark)}" if remark else text
    write = _write_bold_first if options.is_acrostic else escape
    heading = small(_number(rank) + remark).rstrip()
    return "\n".join((heading, *map(write, verse.lines)))


def parse_candidate(rank: int, text: str, options: RequestOptions) -> Verse:
    """Returns the verse that `write_candidate` wrote.

    Raises:
        ValueError: The text is not of this candidate.
    """
    prefix = small(_number(rank)).rstrip() if options.is_poem else _number(rank)
    if not text.startswith(prefix):
        raise ValueError(f"not candidate {rank}")
    if options.is_poem:
        first, second, *others = text.split("\n")[1:]
        parse = _parse_bold_first if options.is_acrostic else unescape
        return Verse.of(parse(first), parse(second), *map(parse, others))
    written, _, last = text.removeprefix(prefix).rpartition("\n")
    if not last.startswith(SMALL):
        written = text.removeprefix(prefix)
    # Escaped text has no bare slash, and a line before a comma has no comma of its own.
    line, answer = written.split(LINE_SEPARATOR if LINE_SEPARATOR in written else COMMA, 1)
    return Verse(unescape(line), unescape(answer))


def one_line(verse: Verse) -> str:
    """Returns the verse on one line, as plain text."""
    return "".join(_rows(verse))


def write_list_item(verse: Verse, limit: int) -> str:
    """Returns the verse as markdown, two lines a row, truncated to `limit` characters."""
    return literal("\n".join(_rows(verse)), limit)


def write_members(ids: Sequence[int]) -> str:
    """Returns the members who wrote a verse together, as mentions that ping nobody."""
    named = " ".join(f"<@{user_id}>" for user_id in ids[:MAX_MEMBERS])
    return f"{named} …" if len(ids) > MAX_MEMBERS else named


def _number(rank: int) -> str:
    return f"**{rank}.** "


def _write_couplet(verse: Verse) -> str:
    chinese = any(map(is_han, verse.line)) and COMMA not in verse.line
    return escape(verse.line) + (COMMA if chinese else LINE_SEPARATOR) + escape(verse.answer)


def _write_bold_first(line: str) -> str:
    return f"**{escape(line[:1])}**{escape(line[1:])}"


def _parse_bold_first(text: str) -> str:
    match = BOLD_FIRST.fullmatch(text)
    if match is None:
        raise ValueError("no bold first character")
    return unescape(match[1] + match[2])


def _rows(verse: Verse) -> list[str]:
    """Returns two lines a row; poems, which are always Chinese, have full stops."""
    lines = verse.lines
    if len(lines) == 2:
        separator = COMMA if any(map(is_han, verse.line)) else " / "
        if separator == COMMA and COMMA in verse.line:  # in each line of a couplet
            separator = SEMICOLON
        return [separator.join(lines)]
    return [COMMA.join(lines[i : i + 2]) + "。" for i in range(0, len(lines), 2)]
