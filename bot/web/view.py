"""An answer as the page shows it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..answer_text import candidate_remarks, relaxed_by_all, relaxed_text
from ..characters import describe
from ..confidence import bars, perplexity
from ..i18n import Localizer
from ..picture import Card, PictureError, missing
from ..verse import (
    Acrostic,
    Answer,
    Beam,
    Candidate,
    Couplet,
    NextLine,
    Sample,
    is_han,
    is_traditional,
)

__all__ = ["AnswerView", "CandidateView", "LineView", "view_answer"]

COMMA, SEMICOLON, STOP = "，", "；", "。"
COLUMN = 16  # characters of a column; longer lines take several


@dataclass(frozen=True)
class LineView:
    """A line of verse.

    Attributes:
        text: The line.
        end: The punctuation after it.
        is_given: Whether it is of the prompt.
        is_known: Whether it is a new line that the corpus has.
    """

    text: str
    end: str
    is_given: bool
    is_known: bool


@dataclass(frozen=True)
class CandidateView:
    """A couplet or poem.

    Attributes:
        lines: Its lines.
        bars: How many are full, from 1 to `CONFIDENCES`; None without a confidence.
        percent: The confidence in percent; None if there is none.
        is_new: Whether the corpus has none of the new lines; None if that is not known.
        remarks: What is to be said of it.
        figures: Its score where that is more than the log-probability, that, and the perplexity.
    """

    lines: tuple[LineView, ...]
    bars: int | None
    percent: str | None
    is_new: bool | None
    remarks: tuple[str, ...]
    figures: str

    @property
    def verse(self) -> str:
        """Its lines, for a picture."""
        return "\n".join(line.text for line in self.lines)

    @property
    def missing(self) -> str:
        """The characters that a picture lacks."""
        try:
            return " ".join(map(describe, missing(Card(lines=tuple(self.verse.split("\n"))))))
        except PictureError:  # it has no room for the verse, and says so
            return ""

    @property
    def text(self) -> str:
        """The verse to be copied, a couplet a line if it has punctuation."""
        ends = (
            line.end if line.end in (COMMA, SEMICOLON) else f"{line.end}\n" for line in self.lines
        )
        return "".join(line.text + end for line, end in zip(self.lines, ends, strict=True)).strip()


@dataclass(frozen=True)
class AnswerView:
    """An answer.

    Attributes:
        title: What was asked.
        lang: The language tag of its verse; empty if that is not Chinese.
        is_acrostic: Whether the first characters of lines are given.
        candidates: Best first.
        remarks: What is to be said of all.
        original: How the corpus goes on, if it does.
        method: How the candidates were found.
        model: Name and version of the bundle.
        seed: The seed; empty if there is none.
    """

    title: str
    lang: str
    is_acrostic: bool
    candidates: tuple[CandidateView, ...]
    remarks: tuple[str, ...]
    original: str | None
    method: tuple[str, ...]
    model: str
    seed: str

    @property
    def columns(self) -> int:
        """How many columns the candidates may need if they are set vertically: 2, 4 or 8."""
        needed = max(
            (
                sum(math.ceil(len(line.text) / COLUMN) for line in candidate.lines)
                for candidate in self.candidates
            ),
            default=0,
        )
        return next((size for size in (2, 4) if needed <= size), 8)


def view_answer(answer: Answer, localizer: Localizer) -> AnswerView:
    """Returns what the page shows of an answer.

    Args:
        answer: The answer.
        localizer: The language of remarks.
    """
    form = answer.request.form
    if isinstance(form, Acrostic):
        given: tuple[str, ...] = ()
    else:
        given = answer.shown[-1:] if isinstance(form, NextLine | Couplet) else answer.shown
    dropped = relaxed_by_all(candidate.relaxed for candidate in answer.candidates)
    search = answer.request.search
    return AnswerView(
        title=answer.line,
        lang=_language_tag(answer),
        is_acrostic=isinstance(form, Acrostic),
        candidates=tuple(
            _candidate(answer, candidate, given, localizer, is_relaxed_alone=not dropped)
            for candidate in answer.candidates
        ),
        remarks=tuple(_remarks(answer, dropped, localizer)),
        original=answer.corpus_continuation,
        method=tuple(_method(answer, localizer)),
        model=f"{answer.bundle_name} {answer.bundle_version}",
        seed="" if isinstance(search, Beam) else str(search.seed),
    )


def _candidate(
    answer: Answer,
    candidate: Candidate,
    given: tuple[str, ...],
    localizer: Localizer,
    *,
    is_relaxed_alone: bool,
) -> CandidateView:
    form = answer.request.form
    written = candidate.known or (False,) * len(candidate.lines)
    rows = [(line, True, False) for line in given]
    rows += ((line, False, known) for line, known in zip(candidate.lines, written, strict=True))
    if isinstance(form, Couplet) and form.upper:
        rows.reverse()
    lines, are_given, known = zip(*rows, strict=True)
    is_poem = not isinstance(form, NextLine | Couplet)
    numbers = [number for number, is_known in enumerate(known, 1) if is_known]
    relaxed = candidate.relaxed if is_relaxed_alone else ()
    remarks = candidate_remarks(localizer, numbers, relaxed, is_poem=is_poem)
    # The first characters of an acrostic are given.
    tokens = len(candidate.lines) * (answer.length - isinstance(form, Acrostic))
    return CandidateView(
        lines=tuple(
            LineView(line, end, is_given, is_known)
            for line, end, is_given, is_known in zip(
                lines, _punctuation(lines), are_given, known, strict=True
            )
        ),
        bars=None if candidate.confidence is None else bars(candidate.confidence),
        percent=None if candidate.confidence is None else f"{100 * candidate.confidence:.0f}",
        is_new=not any(candidate.known) if candidate.known else None,
        remarks=tuple(remarks),
        figures=" · ".join(_figures(candidate, tokens, localizer)),
    )


def _figures(candidate: Candidate, tokens: int, localizer: Localizer) -> Iterable[str]:
    if candidate.score != candidate.log_prob:
        yield localizer.format("details-ranked", score=f"{candidate.score:.4f}")
    yield localizer.format(
        "details-score",
        log_prob=f"{candidate.log_prob:.4f}",
        perplexity=perplexity(candidate.log_prob, tokens),
    )


def _punctuation(lines: tuple[str, ...]) -> Iterable[str]:
    """Returns what is written after each line: a full stop after two, if they are Chinese.

    A line that has a comma ends with a semicolon.
    """
    if not any(is_han(character) for line in lines for character in line):
        return [""] * len(lines)
    last = len(lines)
    return [
        STOP if number % 2 == 0 or number == last else SEMICOLON if COMMA in line else COMMA
        for number, line in enumerate(lines, 1)
    ]


def _remarks(answer: Answer, dropped: tuple[str, ...], localizer: Localizer) -> Iterable[str]:
    if answer.unknown:
        unknown = " ".join(map(describe, answer.unknown))
        yield localizer.format("answer-unknown", unknown=unknown, count=len(answer.unknown))
    if not answer.complete:
        yield localizer.format("answer-cut-short")
    if dropped:
        yield relaxed_text(localizer, dropped)
    found, wanted = len(answer.candidates), answer.request.count
    if answer.complete and found < wanted:
        yield localizer.format("answer-fewer", count=found, wanted=wanted)


def _method(answer: Answer, localizer: Localizer) -> Iterable[str]:
    search = answer.request.search
    if not isinstance(search, Sample):  # which the page has no option for
        key = "details-beam" if isinstance(search, Beam) else "details-reranked"
        seed = {} if isinstance(search, Beam) else {"seed": str(search.seed)}
        yield localizer.format(key, width=str(search.width), **seed)
    yield localizer.format("details-scale")
    if any(set(candidate.relaxed) - {"end"} for candidate in answer.candidates):
        yield localizer.format("details-relaxed")


def _language_tag(answer: Answer) -> str:
    """Returns the tag by which browsers choose glyphs, and screen readers a voice."""
    text = "".join(line for candidate in answer.candidates for line in candidate.lines)
    if not any(map(is_han, text)):
        return ""
    return "zh-Hant" if is_traditional([text]) else "zh-Hans"
