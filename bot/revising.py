"""A poem that a member revises step by step: its versions, and what the next one keeps.

Every step returns the state as it is afterwards. Undoing leads back step by step to the poem as it
was; undone versions are kept, so that none of them is written again.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from .characters import describe
from .errors import LianjuError, NotAllowedError
from .verse import (
    MAX_CHARACTERS,
    OPEN,
    SEED,
    WIDE_OPEN,
    Answer,
    Beam,
    PromptError,
    Sample,
    is_han,
    simplify,
    split_verse,
)
from .verse.form import REVISED_LINES

__all__ = [
    "MAX_VERSIONS",
    "Credit",
    "Draft",
    "Kept",
    "Revising",
    "Steps",
    "Version",
    "is_revisable",
]

Kept = tuple[tuple[bool, ...], ...]
"""For each character of each line whether it is kept."""

Credit = Literal["author", "member", "nobody"]
"""Who gave the line that a version begins with: whoever gave it before, the member who revises, or
nobody, as Lianju wrote it."""

MAX_VERSIONS = 25  # of a poem, the one as it was included
REMEMBERED = 4096  # steps
NAMED = 3  # characters that do not belong in a poem


@dataclass(frozen=True)
class Draft:
    """A poem with open places.

    Attributes:
        rows: Its lines, with ？ at every open place; all are of one length.
    """

    rows: tuple[str, ...]

    @property
    def kept(self) -> Kept:
        """Which characters are kept."""
        return tuple(tuple(character != WIDE_OPEN for character in row) for row in self.rows)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as a member writes them, with one ? for an open line."""
        return tuple(row if row.strip(WIDE_OPEN) else OPEN for row in self.rows)


@dataclass(frozen=True)
class Version:
    """A poem as it was, or as it was written anew at one step.

    Attributes:
        lines: The lines.
        kept: What was kept at that step; empty for the poem as it was.
        parent: The index of the version before that step.
        credit: Who gave the line that it begins with.
        seed: Seed of the random numbers.
        width: Width of the search.
        log_prob: Natural-log probability of the poem from its first open line on.
        known: Whether the corpus has each line; empty if the bundle has no corpus index.
        relaxed: The rules that were dropped.
        complete: Whether the search ended before the deadline.
        model: Name and version of the bundle.
    """

    lines: tuple[str, ...]
    kept: Kept = ()
    parent: int = 0
    credit: Credit = "author"
    seed: int = 0
    width: int = 1
    log_prob: float = 0.0
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()
    complete: bool = True
    model: str = ""

    @property
    def draft(self) -> Draft:
        """What it was written from."""
        return _draft(self.lines, self.kept)

    @property
    def scored(self) -> int:
        """The number of characters that its log-probability is of."""
        first = next(number for number, row in enumerate(self.kept) if not all(row))
        return sum(map(len, self.lines[first:]))


@dataclass(frozen=True)
class Revising:
    """A poem that is being revised.

    Attributes:
        versions: The poem as it was, and as it was written anew at each step, undone ones included.
        kept: What the next step keeps.
        seed: The seed of the next step.
        has_heads: Whether the first characters of the lines were given, as in an acrostic.
        at: The index of the present version.
    """

    versions: tuple[Version, ...]
    kept: Kept
    seed: int = 0
    has_heads: bool = False
    at: int = 0

    @classmethod
    def begin(
        cls, lines: Sequence[str], given: int = 1, seed: int = 0, *, has_heads: bool = False
    ) -> "Revising":
        """Begins to revise a poem, of which the next step keeps what was given.

        Args:
            lines: The poem; see `is_revisable`.
            given: How many lines were given.
            seed: The seed of the first step.
            has_heads: Whether the first characters of the lines were given, and no line.
        """
        poem = cls((Version(tuple(lines)),), (), seed, has_heads)
        rows = enumerate(lines)
        kept = tuple(poem.row(index, whole=index < given and not has_heads) for index, _ in rows)
        return replace(poem, kept=kept)

    @property
    def version(self) -> Version:
        """The present version."""
        return self.versions[self.at]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the present version."""
        return self.version.lines

    @property
    def is_changed(self) -> bool:
        """Whether it is another poem than it was."""
        return self.at > 0

    @property
    def draft(self) -> Draft:
        """What the next step is written from."""
        return _draft(self.lines, self.kept)

    def row(self, index: int, *, whole: bool) -> tuple[bool, ...]:
        """Returns what is kept of a line that is kept whole, or open but for what was given."""
        return tuple(
            whole or (self.has_heads and not place) for place, _ in enumerate(self.lines[index])
        )

    def keep(self, chosen: Collection[int]) -> "Revising":
        """Returns the state in which the next step keeps these lines whole.

        Lines of which some characters are kept stay so, unless they are chosen.
        """
        kept = tuple(
            row if (index in chosen) == all(row) else self.row(index, whole=index in chosen)
            for index, row in enumerate(self.kept)
        )
        return replace(self, kept=kept)

    def read(self, text: str) -> Draft:
        """Reads a poem with open places, of the same shape as this one.

        Raises:
            PromptError: It has another shape or new characters that are not Chinese, or is no text.
        """
        lines, length = split_verse(text, OPEN), len(self.lines[0])
        is_shaped = all(line == (OPEN,) or len(line) == length for line in lines)
        if len(lines) != len(self.lines) or not is_shaped:
            raise PromptError("revise-shape", lines=len(self.lines), length=length)
        own = {OPEN, *"".join(self.lines)}
        written = dict.fromkeys(character for line in lines for character in line)
        if others := [each for each in written if each not in own and not is_han(each)]:
            named = " ".join(map(describe, others[:NAMED]))
            raise PromptError("linked-line-characters", named=named)
        return Draft(
            tuple(
                WIDE_OPEN * length if line == (OPEN,) else "".join(line).replace(OPEN, WIDE_OPEN)
                for line in lines
            )
        )

    def check(self, draft: Draft) -> None:
        """Checks that a version can be written from a draft.

        Raises:
            NotAllowedError: Nothing is open or kept, or there were too many steps.
        """
        places = [kept for row in draft.kept for kept in row]
        if all(places):
            raise NotAllowedError("revise-all-kept")
        if not any(places):
            raise NotAllowedError("revise-none-kept")
        self._with_room()

    def after_try(self) -> "Revising":
        """Returns the state with another seed, since the last one has been used."""
        return replace(self, seed=(self.seed + 1) % (SEED.high + 1))

    def write(self, draft: Draft, answer: Answer) -> "Revising":
        """Returns the state with another version: the best one that the member has not seen.

        Args:
            draft: What it was written from.
            answer: What an engine wrote.

        Raises:
            NotAllowedError: All of the answer are versions already.
        """
        seen, search = {version.lines for version in self.versions}, answer.request.search
        new = next((each for each in answer.candidates if each.lines not in seen), None)
        if new is None:
            raise NotAllowedError("revise-nothing-new")
        state = self._with_room()
        version = Version(
            new.lines,
            draft.kept,
            state.at,
            self._credit(draft, new.lines),
            seed=0 if isinstance(search, Beam) else search.seed or 0,
            width=1 if isinstance(search, Sample) else search.width,
            log_prob=new.log_prob,
            known=new.known,
            relaxed=new.relaxed,
            complete=answer.complete,
            model=f"{answer.bundle_name} {answer.bundle_version}",
        )
        versions = (*state.versions, version)
        return replace(state, versions=versions, kept=draft.kept, at=len(state.versions))

    def undo(self) -> "Revising":
        """Returns the state before the step that wrote the present version.

        Raises:
            NotAllowedError: This is the poem as it was.
        """
        if not self.is_changed:
            raise NotAllowedError("revise-beginning")
        return replace(self, kept=self.version.kept, at=self.version.parent)

    def go_to(self, number: int) -> "Revising":
        """Returns the state in which a version is the present one; what it kept is kept again."""
        return replace(self, kept=self.versions[number].kept or self.kept, at=number)

    def _with_room(self) -> "Revising":
        """Returns the state with room for a version, if need be without the oldest undone one.

        Raises:
            NotAllowedError: All of them lead to the present one.
        """
        if len(self.versions) < MAX_VERSIONS:
            return self
        wanted = {version.parent for version in self.versions} | {self.at}
        gone = next(
            (number for number, _ in enumerate(self.versions) if number not in wanted), None
        )
        if gone is None:
            raise NotAllowedError("revise-full", most=MAX_VERSIONS)
        versions = (
            replace(version, parent=version.parent - (version.parent > gone))
            for number, version in enumerate(self.versions)
            if number != gone
        )
        return replace(self, versions=tuple(versions), at=self.at - (self.at > gone))

    def _given(self, lines: Sequence[str]) -> str:
        """Returns what the author has given: the first line, or the first characters of all."""
        return simplify("".join(line[0] for line in lines) if self.has_heads else lines[0])

    def _credit(self, draft: Draft, lines: Sequence[str]) -> Credit:
        if self._given(lines) == self._given(self.versions[0].lines):
            return "author"
        if self._given(lines) == self._given(self.lines):
            return self.version.credit
        is_typed = WIDE_OPEN not in self._given(draft.rows)
        return "member" if is_typed else "nobody"


class Steps:
    """Lets each state of a message be acted on once, of two presses that come at the same time.

    What a press has done is in its message; this is only what a late press may not know.
    """

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[int, int], None] = OrderedDict()

    @contextmanager
    def take(self, message_id: int, state: int) -> Iterator[None]:
        """Takes a state of a message, which is changed in the block; if it fails, gives it back.

        Raises:
            NotAllowedError: Somebody has acted on this state, or is doing so.
        """
        step = (message_id, state)
        if step in self._taken:
            raise NotAllowedError("revise-late")
        self._taken[step] = None
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)
        try:
            yield
        except BaseException:
            self._taken.pop(step, None)
            raise


def is_revisable(lines: Sequence[str]) -> bool:
    """Whether a poem can be revised: two to eight lines of Chinese verse, all equally long."""
    if not REVISED_LINES.low <= len(lines) <= REVISED_LINES.high:
        return False
    lengths = {len(line) for line in lines}
    if len(lengths) > 1 or lengths == {1} or len(lines) * max(lengths) > MAX_CHARACTERS:
        return False
    try:
        read = split_verse("\n".join(lines))
    except LianjuError:  # it is not text
        return False
    return read == tuple(map(tuple, lines)) and any(is_han(each) for each in "".join(lines))


def _draft(lines: Sequence[str], kept: Kept) -> Draft:
    rows = (zip(line, row, strict=True) for line, row in zip(lines, kept, strict=True))
    return Draft(tuple("".join(c if is_kept else WIDE_OPEN for c, is_kept in row) for row in rows))
