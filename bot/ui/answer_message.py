"""What an answer says, whatever it looks like, and the remarks on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..answer_text import candidate_remarks, relaxed_by_all, relaxed_text
from ..characters import describe
from ..i18n import Localizer
from ..markdown import escape
from ..verse import (
    OPEN,
    WIDE_OPEN,
    Answer,
    Candidate,
    Couplet,
    Sample,
    simplify,
    to_traditional,
)
from ..verses import Verse
from .buttons import DetailsButton, RequestOptions, Writer

__all__ = ["AnswerMessage", "CandidateView", "answer_message", "general_remarks", "remarks"]


@dataclass(frozen=True)
class CandidateView:
    """A candidate together with what it continues: a couplet, or a whole poem.

    Attributes:
        verse: What a heart keeps.
        log_prob: Natural-log probability of the new lines.
        known: Whether the corpus has each new line; empty if the bundle has no corpus index.
        relaxed: The rules that were dropped.
        confidence: The share of such lines that readers found sound; None if that is not known, as
            of a message that was posted.
    """

    verse: Verse
    log_prob: float
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class AnswerMessage:
    """Everything that the message with an answer says, in whatever language.

    Attributes:
        prompt: What the user wrote, a verse line a line; for an acrostic its first characters, for
            a revised poem what was kept of it, on one line.
        candidates: The candidates, best first.
        options: The options of the request, and who made it.
        details: How the candidates were found.
        model: Name and version of the bundle.
        corpus_continuation: The line that follows the prompt in the corpus, if any.
        unknown: What the model does not know of the prompt.
    """

    prompt: str
    candidates: tuple[CandidateView, ...]
    options: RequestOptions
    details: DetailsButton
    model: str
    corpus_continuation: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def verses(self) -> list[Verse]:
        """What hearts keep, best first."""
        return [candidate.verse for candidate in self.candidates]

    @property
    def given(self) -> int:
        """The number of lines that the prompt gave, and that the candidates do not have."""
        if self.options.is_acrostic or self.options.is_revision:
            return 0
        return 1 + self.prompt.count("\n")

    @property
    def poems(self) -> list[tuple[str, ...]]:
        """All lines of each candidate, those before the last given one included.

        There are none for a couplet by itself, which no poem of lines in a row is.
        """
        if isinstance(self.options.form, Couplet):
            return []
        before: list[str] = [] if self.options.is_poem else self.prompt.split("\n")[:-1]
        if self.options.script != "auto":
            convert = to_traditional if self.options.script == "traditional" else simplify
            before = [convert(line) for line in before]
        return [(*before, *verse.lines) for verse in self.verses]

    @property
    def new_lines(self) -> list[str]:
        """The new lines of each candidate, separated by line breaks."""
        if self.options.is_upper:
            return [verse.line for verse in self.verses]
        if not self.options.is_poem:
            return [verse.answer for verse in self.verses]
        return ["\n".join(verse.lines[self.given :]) for verse in self.verses]

    @property
    def known_lines(self) -> list[list[int]]:
        """The numbers, from 1, of each candidate's new lines that the corpus has."""
        return [
            [number for number, known in enumerate(candidate.known, self.given + 1) if known]
            for candidate in self.candidates
        ]

    @property
    def relaxed_by_all(self) -> tuple[str, ...]:
        """The rules that were dropped, if these are the same for all candidates."""
        return relaxed_by_all(candidate.relaxed for candidate in self.candidates)


def answer_message(answer: Answer, user_id: int, writer: Writer | None) -> AnswerMessage:
    """Returns the content of the message with an answer.

    Args:
        answer: The answer.
        user_id: Id of the user who made the request.
        writer: Who wrote the line, if it was not the user.
    """
    request = answer.request
    options = RequestOptions(
        user_id,
        request.count,
        request.script,
        "sampled" if isinstance(request.search, Sample) else "chosen",
        request.form,
        answer.rhyme,
        request.rules,
        request.known,
        writer,
    )
    given = () if options.is_acrostic or options.is_revision else answer.shown
    generated = answer.length - options.is_acrostic  # the first characters are given
    lines = max(len(candidate.lines) for candidate in answer.candidates)
    if options.is_revision:  # of which the lines before the first open one are not scored
        lines -= [OPEN in line or WIDE_OPEN in line for line in answer.written].index(True)
    return AnswerMessage(
        # As the user wrote it: a conversion to the other script cannot always be undone.
        prompt=("，" if options.is_revision else "\n").join(answer.written),
        candidates=tuple(
            CandidateView(
                _verse(options, given, candidate),
                candidate.log_prob,
                candidate.known,
                candidate.relaxed,
                candidate.confidence,
            )
            for candidate in answer.candidates
        ),
        options=options,
        details=DetailsButton(
            generated * lines,
            request.search,
            answer.complete,
        ),
        model=f"{answer.bundle_name} {answer.bundle_version}",
        corpus_continuation=answer.corpus_continuation,
        unknown=tuple(map(describe, answer.unknown)),
    )


def remarks(message: AnswerMessage, rank: int, localizer: Localizer) -> list[str]:
    """Returns the remarks on one candidate: lines of the corpus, and dropped rules.

    Args:
        message: The answer.
        rank: The number of the candidate, from 1.
        localizer: The language.
    """
    relaxed = () if message.relaxed_by_all else message.candidates[rank - 1].relaxed
    known = message.known_lines[rank - 1]
    return candidate_remarks(localizer, known, relaxed, is_poem=message.options.is_poem)


def general_remarks(message: AnswerMessage, localizer: Localizer) -> list[str]:
    """Returns the remarks on all candidates: unknown characters, incomplete, new lines, rules.

    Only the unknown characters are bold, so that they can be parsed.

    Args:
        message: The answer.
        localizer: The language.
    """
    texts = []
    if message.unknown:
        unknown = f"**{escape(' '.join(message.unknown))}**"
        texts.append(
            localizer.format("answer-unknown", unknown=unknown, count=len(message.unknown))
        )
    if not message.details.complete:
        texts.append(localizer.format("answer-cut-short"))
    if all(candidate.known for candidate in message.candidates):
        texts.append(localizer.format("answer-new", known=sum(map(len, message.known_lines))))
    if message.relaxed_by_all:
        texts.append(relaxed_text(localizer, message.relaxed_by_all))
    return texts


def _verse(options: RequestOptions, given: Sequence[str], candidate: Candidate) -> Verse:
    """Returns what a heart keeps: the whole poem, or two lines in their order."""
    if options.is_poem:
        return Verse.of(*given, *candidate.lines)
    if options.is_upper:
        return Verse(candidate.text, given[-1])
    return Verse(given[-1], candidate.text)
