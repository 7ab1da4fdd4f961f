"""The verse that is graded: a bundle's answers to first lines, and its quatrains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lianju.bot.verse import Beam, Composer, Request, Rerank, SearchError
from lianju.bot.verse.composer import open_reranker
from lianju.bot.verse.form import form_named
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler
from tqdm import tqdm

from .dataset import Couplet, Poem
from .two_sample import Pair


class CoupletAnswers(NamedTuple):
    """A bundle's answers to one first line, each best first; empty if the rules left nothing.

    Attributes:
        offered: The default answer.
        unfiltered: The default answer without the bundle's index of corpus lines.
        plain: The answer of the reference search.
        milliseconds: Time of the default answer.
    """

    couplet: Couplet
    offered: tuple[str, ...]
    unfiltered: tuple[str, ...]
    plain: tuple[str, ...]
    milliseconds: float

    @property
    def best(self) -> str:
        """The first line offered."""
        return self.offered[0]


class QuatrainAnswer(NamedTuple):
    """A 七绝 that a bundle wrote to its first line.

    Attributes:
        poem: With the first line; that line alone if the rules left nothing.
        unruled: The same without rules of tone and rhyme.
        milliseconds: Time of the poem.
    """

    poem: Poem
    unruled: Poem
    milliseconds: float


class Composers:
    """A bundle as the bot runs it, and the same without its index of corpus lines.

    The index holds the held-out lines too. With it the bundle can neither offer the poet's own
    line nor show what it would copy.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self.model = OnnxModel(bundle, threads=threads)
        reranker = open_reranker(bundle, threads)
        self.default, self.unfiltered = (
            Composer(each, self.model, Scheduler(self.model), reranker)
            for each in (bundle, replace(bundle, known=None))
        )


def answer_couplets(
    composers: Composers, couplets: Sequence[Couplet], seed: int
) -> list[CoupletAnswers]:
    """Answers the first line of each couplet in every way that is graded."""
    answers = []
    for couplet in tqdm(couplets, "next lines", unit=" lines"):
        request = Request(couplet.first, search=Rerank(seed), script="simplified")
        plain = Request(couplet.first, search=Beam(plain=True), script="simplified")
        offered, milliseconds = _compose(composers.default, request)
        unfiltered, _ = _compose(composers.unfiltered, request)
        reference, _ = _compose(composers.default, plain)
        lines = [tuple(line for (line,) in each) for each in (offered, unfiltered, reference)]
        answers.append(CoupletAnswers(couplet, lines[0], lines[1], lines[2], milliseconds))
    return answers


def write_quatrains(
    composers: Composers, openings: Sequence[str], seed: int
) -> list[QuatrainAnswer]:
    """Writes a 七绝 to each opening, with the rules of verse and without them."""

    def write(request: Request) -> tuple[Poem, float]:
        found, milliseconds = _compose(composers.default, request)
        return (request.text, *(found[0] if found else ())), milliseconds

    answers = []
    for opening in tqdm(openings, "quatrains", unit=" poems"):
        request = Request(opening, form_named("jueju"), Rerank(seed), script="simplified")
        poem, milliseconds = write(request)
        unruled, _ = write(replace(request, rules="free"))
        answers.append(QuatrainAnswer(poem, unruled, milliseconds))
    return answers


class LinePairs(NamedTuple):
    """The poet's line and the machine's after each of some first lines.

    Attributes:
        offered: With the first line of the default answer.
        plain: With the best line of the reference search, where it is as long as the poet's.
    """

    offered: list[Pair]
    plain: list[Pair]


def line_pairs(composers: Composers, couplets: Sequence[Couplet], seed: int) -> LinePairs:
    """Answers first lines, each with a seed of its own."""
    pairs = LinePairs([], [])
    for number, (first, second) in enumerate(tqdm(couplets, "pairs of lines", unit=" lines")):
        request = Request(first, search=Rerank(seed + number), script="simplified")
        plain = Request(first, search=Beam(plain=True), script="simplified")
        for found, (answers, _) in (
            (pairs.offered, _compose(composers.default, request)),
            (pairs.plain, _compose(composers.default, plain)),
        ):
            if answers and len(answers[0][0]) == len(second):
                found.append(Pair(first, second, answers[0][0]))
    return pairs


def quatrain_pairs(composers: Composers, poems: Sequence[Poem], seed: int) -> list[Pair]:
    """Writes quatrains to the first lines of others, each with a seed of its own."""
    pairs = []
    for number, (first, *rest) in enumerate(tqdm(poems, "pairs of poems", unit=" poems")):
        search = Rerank(seed + number)
        request = Request(first, form_named("jueju"), search, script="simplified")
        answers, _ = _compose(composers.default, request)
        if answers and len("".join(answers[0])) == len("".join(rest)):
            pairs.append(Pair(first, "".join(rest), "".join(answers[0])))
    return pairs


def _compose(composer: Composer, request: Request) -> tuple[list[Poem], float]:
    """Returns the new lines of each candidate, and the time in milliseconds."""
    try:
        answer = composer.compose_now(request)
    except SearchError:
        return [], float("nan")
    return [each.lines for each in answer.candidates], answer.elapsed_ms


def answers_table(answers: Sequence[CoupletAnswers]) -> str:
    """Returns tab-separated values: the prompt, the poet's line, the lines offered."""
    rows: list[tuple[str, ...]] = [("prompt", "poet", *("offered",) * 5)]
    rows += [(*each.couplet, *each.offered) for each in answers]
    return "".join("\t".join(row) + "\n" for row in rows)


def quatrains_text(quatrains: Sequence[QuatrainAnswer]) -> str:
    """Returns the quatrains, one a line; the first line of each was given."""
    return "".join("，".join(each.poem) + "\n" for each in quatrains)
