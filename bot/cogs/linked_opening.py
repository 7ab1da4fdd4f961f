"""First lines of linked verse that no member has written: a poet's, or one of Lianju's."""

import random
from typing import Literal

from ..errors import NotAllowedError
from ..guild_settings import GuildSettings
from ..linked import Line, Table
from ..linked.next_line import NextLineRules
from ..verse import NothingAllowedError, PoemLine, Request, Rerank, Script, to_traditional
from .linked_base import TRADITIONAL, LinkedCog

__all__ = ["Opening", "line_request", "opening_line"]

Opening = Literal["members", "poet", "lianju"]
KNOWN = 500  # poems to draw from, the best known ones


def line_request(
    table: Table, rules: NextLineRules, guild_settings: GuildSettings, count: int
) -> Request:
    """Returns the request for the next line of a table.

    Args:
        table: The table.
        rules: What the line must be.
        guild_settings: The settings of the server.
        count: How many lines.
    """
    form = PoemLine(rules.length, rules.patterns, rules.rhymes)
    width = max(guild_settings.beam_size, count)
    script = _script(table, guild_settings)
    text = "\n".join(table.texts)
    return Request(text, form, Rerank(None, width), count, script, rules=table.rules)


async def opening_line(
    cog: LinkedCog, table: Table, opening: Opening, guild_settings: GuildSettings, group: int
) -> Line | None:
    """Returns the first line of a table; None if a member is to write it.

    Args:
        cog: Knows the rules.
        table: The table, without a line.
        opening: Where the line comes from.
        guild_settings: The settings of the server.
        group: Whose share of the engine's queue it takes.

    Raises:
        NotAllowedError: There is no anthology, or no line in it that fits.
        LianjuError: Lianju cannot write now.
    """
    if opening == "members":
        return None
    if opening == "poet":
        return await _poets_line(cog, table, guild_settings)
    request = line_request(table, await cog.rules_for(table), guild_settings, 1)
    deadline = cog.resources.settings.deadline
    answer = await cog.resources.engine.compose(request, deadline, group)
    if not answer.candidates:
        raise NothingAllowedError("search-nothing")
    return Line(answer.candidates[0].text, "lianju", None, table.touched_at)


async def _poets_line(cog: LinkedCog, table: Table, guild_settings: GuildSettings) -> Line:
    anthology = await cog.resources.engine.anthology()
    rules, readings = await cog.rules_for(table), await cog.readings(table)
    fitting = [
        poem
        for poem in anthology.poems[:KNOWN]
        if len(poem.lines[0]) == table.length and not rules.check(poem.lines[0], readings).faults
    ]
    if not fitting:
        raise NotAllowedError("linked-no-poet")
    poem = random.choice(fitting)  # noqa: S311 -- no secret
    text, source = poem.lines[0], f"{poem.poet}《{poem.title}》"
    if _script(table, guild_settings) == "traditional":
        text, source = to_traditional(text), to_traditional(source)
    return Line(text, "poet", None, table.touched_at, source)


def _script(table: Table, guild_settings: GuildSettings) -> Script:
    """Returns the script of a line of Lianju's: that of the poem so far, if it has lines."""
    if guild_settings.script == "auto" and not table.lines and table.language == TRADITIONAL:
        return "traditional"
    return guild_settings.script
