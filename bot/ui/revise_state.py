"""What the private message of a revision holds, in custom ids and the values of its menus.

The present poem is in the labels of the menu of lines, its versions are in the values of another
menu, once there are several, and the rest is in the custom id of the button that writes. So every
message works after a restart.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import discord
import numpy as np
from discord.components import Component, SelectMenu

from ..errors import LianjuError
from ..markdown import unescape
from ..revising import Credit, Kept, Revising, Version
from ..verse import Known, Rules, Script
from .buttons import Writer

__all__ = [
    "STEP_BUTTON",
    "Action",
    "Origin",
    "RevisionMessageError",
    "RevisionView",
    "parse_choice",
    "parse_revision",
    "parts_of",
    "step_id",
    "write_state",
    "write_version",
]

Action = Literal["choose", "lines", "version", "write", "form", "undo", "post"]
STEP_BUTTON = rf"lianju:revise:1:(?P<action>{'|'.join(get_args(Action))})(:.*)?"

BASE = 36  # of numbers: a custom id has at most 100 characters, and so has the value of an option
DROPPED = ("tones", "rhyme", "repetition")  # rules, in the order of their bits
SCALE = 10_000  # log-probabilities have four decimals
# Of the numbers before a version's characters: its own, that of the version before, and that of its
# lines; flags, known lines, log-probability, seed and width of the search, and what was kept, a bit
# a character.
WIDTHS = (1, 1, 1, 2, 2, 5, 7, 2, 13)
MOST_LOG_PROB = BASE**5 - 1
UNREADABLE = "revise-unreadable"


@dataclass(frozen=True)
class Origin:
    """Where a poem comes from that is revised, and by which rules.

    Attributes:
        owner: Id of the member who revises it.
        author: Who gave its line, and when.
        script: The characters of the answer.
        rhyme: The name of the requested rhyme group.
        rules: How tones bind.
        known: Whether lines of the corpus may be answers.
    """

    owner: int
    author: Writer
    script: Script = "auto"
    rhyme: str | None = None
    rules: Rules = "strict"
    known: Known = "exclude"


@dataclass(frozen=True)
class RevisionView:
    """What the private message shows.

    Attributes:
        origin: Where the poem comes from.
        revising: The poem and its versions.
        state: The number of the message's state, of which each is acted on once.
    """

    origin: Origin
    revising: Revising
    state: int = 0

    def after(self, revising: Revising) -> "RevisionView":
        """Returns the view after a step."""
        return replace(self, revising=revising, state=self.state + 1)


class RevisionMessageError(LianjuError):
    """A message is not that of a revision, or not in the present layout."""


def step_id(action: Action, *fields: str) -> str:
    """Returns the custom id of a button or menu, which `STEP_BUTTON` matches."""
    return ":".join(("lianju", "revise", "1", action, *fields))


def parse_choice(message: discord.Message, match: re.Match[str]) -> RevisionView:
    """Returns the poem that a button of `choice_layout` stands for.

    Raises:
        RevisionMessageError: The message is not such a one.
    """
    for section in parts_of(message.components):
        if isinstance(section, discord.SectionComponent):
            button, (text,) = section.accessory, section.children
            if isinstance(button, discord.Button) and button.custom_id == match[0]:
                lines = tuple(map(unescape, getattr(text, "content", "").split("\n")))
                return _read_state(match[0].rpartition(":")[0], lines)
    raise RevisionMessageError(UNREADABLE)


def parse_revision(message: discord.Message) -> RevisionView:
    """Returns what a message of `revision_layout` shows.

    Raises:
        RevisionMessageError: The message is not such a one.
    """
    lines: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    state, at = "", 0
    try:
        for part in parts_of(message.components):
            custom_id = getattr(part, "custom_id", None) or ""
            if isinstance(part, SelectMenu) and custom_id == step_id("lines"):
                lines = tuple(option.label for option in part.options)
            elif isinstance(part, SelectMenu) and custom_id == step_id("version"):
                versions = tuple(
                    _read_version(each.value, each.description or "") for each in part.options
                )
                at = [option.default for option in part.options].index(True)
            elif custom_id.startswith(step_id("write", "")):
                state = custom_id
        return _read_state(state, lines, versions, at)
    except ValueError:
        raise RevisionMessageError(UNREADABLE) from None


def write_state(action: Action, view: RevisionView) -> str:
    """Returns a custom id with all of a view but the versions."""
    origin, revising = view.origin, view.revising
    heads = "h" if revising.has_heads else "-"
    flags = "".join(name[0] for name in (origin.script, origin.rules, origin.known, heads))
    numbers = (revising.seed, _bits(revising.kept), view.state)
    return step_id(
        action,
        _number(origin.owner),
        flags,
        origin.rhyme or "",
        str(origin.author),
        *map(_number, numbers),
    )


def _read_state(
    custom_id: str, lines: tuple[str, ...], versions: tuple[Version, ...] = (), at: int = 0
) -> RevisionView:
    """Returns a view from what `write_state` wrote.

    Raises:
        ValueError: It did not.
    """
    _, _, _, _, owner, flags, rhyme, author, *numbers = custom_id.split(":")
    script, rules, known, heads = tuple(flags)
    seed, bits, state = (int(number, BASE) for number in numbers)
    origin = Origin(
        int(owner, BASE),
        Writer.parse(author),
        _beginning(get_args(Script), script),
        rhyme or None,
        _beginning(get_args(Rules), rules),
        _beginning(get_args(Known), known),
    )
    versions = versions or (Version(lines),)
    kept = _kept(bits, lines)
    return RevisionView(origin, Revising(versions, kept, seed, heads == "h", at), state)


def _beginning(names: Sequence[Any], letter: str) -> Any:
    (found,) = (name for name in names if name[0] == letter)
    return found


def write_version(number: int, version: Version) -> str:
    """Returns a version as the value of an option: numbers of fixed widths, then its characters."""
    flags = sum(1 << bit for bit, rule in enumerate(DROPPED) if rule in version.relaxed)
    flags |= version.complete << len(DROPPED)
    flags |= get_args(Credit).index(version.credit) << (len(DROPPED) + 1)
    known = sum(1 << bit for bit, is_known in enumerate(version.known) if is_known)
    numbers = (
        number,
        version.parent,
        len(version.lines),
        flags,
        known + 1 if version.known else 0,
        min(round(-version.log_prob * SCALE), MOST_LOG_PROB),
        version.seed,
        version.width,
        _bits(version.kept),
    )
    packed = (_number(value, width) for value, width in zip(numbers, WIDTHS, strict=True))
    return "".join((*packed, *version.lines))


def _read_version(value: str, description: str) -> Version:
    """Returns the version that an option stands for.

    Raises:
        ValueError: It stands for none.
    """
    numbers = []
    for width in WIDTHS:
        numbers.append(int(value[:width], BASE))
        value = value[width:]
    number, parent, size, flags, known, log_prob, seed, search, bits = numbers
    length = len(value) // size
    lines = tuple(value[start : start + length] for start in range(0, len(value), length))
    if not number:
        return Version(lines)
    return Version(
        lines,
        _kept(bits, lines),
        parent,
        get_args(Credit)[flags >> (len(DROPPED) + 1)],
        seed,
        search,
        -log_prob / SCALE,
        tuple(bool(known - 1 >> bit & 1) for bit in range(size)) if known else (),
        tuple(rule for bit, rule in enumerate(DROPPED) if flags >> bit & 1),
        bool(flags >> len(DROPPED) & 1),
        description,
    )


def _bits(kept: Kept) -> int:
    return sum(1 << place for place, each in enumerate(sum(kept, ())) if each)


def _kept(bits: int, lines: Sequence[str]) -> Kept:
    """Returns what `_bits` wrote.

    Raises:
        ValueError: There are no lines, or they are not equally long.
    """
    length = len(lines[0]) if lines else 0
    if not length or {*map(len, lines)} != {length}:
        raise ValueError("not the lines of a poem")
    return tuple(
        tuple(bool(bits >> (row * length + place) & 1) for place in range(length))
        for row in range(len(lines))
    )


def _number(value: int, width: int = 0) -> str:
    return np.base_repr(value, BASE).zfill(width)


def parts_of(components: Sequence[Component]) -> Iterator[Component]:
    """Yields everything in the message, but what is in a section."""
    for part in components:
        if isinstance(part, discord.ActionRow | discord.Container):
            yield from parts_of(part.children)
        else:
            yield part
