"""What a bundle writes: answers to first lines, and quatrains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lianju.bot.verse.composer import Composer
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.request import Answer, Request, Rerank
from lianju.bot.verse.serving.scheduler import Scheduler
from tqdm import tqdm

from .material import Couplet, Poem


@dataclass(frozen=True)
class GenerationResult:
    """What the bundle answered to one first line.

    Attributes:
        offered: the default answer, best first; nothing where the rules left nothing.
        unfiltered: the same where the bundle does not know which lines the corpus has.
        plain: what the reference search found, best first.
        milliseconds: that the default answer took.
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


@dataclass(frozen=True)
class Quatrain:
    """A 七绝 that the bundle wrote to its first line.

    Attributes:
        poem: with the first line; that alone where the rules left nothing.
        unruled: the same without rules of tone and rhyme.
        milliseconds: that the poem took.
    """

    poem: Poem
    unruled: Poem
    milliseconds: float


class Writers:
    """A bundle as the product runs it, and the same without its knowledge of the corpus.

    The held-out lines are among those that a bundle knows, so that with its knowledge it could
    neither find the true line, nor show what it would copy.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self.model = OnnxModel(bundle, threads=threads)
        self.product, self.unfiltered = (
            Composer(each, self.model, Scheduler(self.model))
            for each in (bundle, replace(bundle, known=None))
        )


def answer_couplets(
    writers: Writers, couplets: Sequence[Couplet], seed: int
) -> list[GenerationResult]:
    """Answers the first line of each couplet in every way that is graded."""
    written = []
    for couplet in tqdm(couplets, "next lines", unit=" lines"):
        request = Request(couplet.first, choosing=Rerank(seed), script="simplified")
        offered, taken = _ask(writers.product, request)
        unfiltered, _ = _ask(writers.unfiltered, request)
        plain, _ = _ask(writers.product, Request(couplet.first, plain=True, script="simplified"))
        texts = (tuple(line for (line,) in found) for found in (offered, unfiltered, plain))
        written.append(GenerationResult(couplet, *texts, taken))
    return written


def write_quatrains(writers: Writers, openings: Sequence[str], seed: int) -> list[Quatrain]:
    """Writes a 七绝 to each opening, with the rules of verse and without them."""
    written = []
    for opening in tqdm(openings, "quatrains", unit=" poems"):
        poems = []
        taken = []
        for strictness in ("strict", "free"):
            request = Request(
                opening,
                form="jueju",
                choosing=Rerank(seed),
                strictness=strictness,
                script="simplified",
            )
            found, milliseconds = _ask(writers.product, request)
            poems.append((opening, *(found[0] if found else ())))
            taken.append(milliseconds)
        written.append(Quatrain(*poems, taken[0]))
    return written


def _ask(composer: Composer, request: Request) -> tuple[list[Poem], float]:
    """The lines of each candidate, and the milliseconds that they took."""
    try:
        answer: Answer = composer.compose_now(request)
    except SearchError:
        return [], float("nan")
    return [each.lines for each in answer.candidates], answer.elapsed_ms


def answers_table(written: Sequence[GenerationResult]) -> str:
    """What was answered, as tab-separated values: the prompt, the poet's line, those offered."""
    rows = [("prompt", "poet", *("offered",) * 5)]
    rows += [(each.couplet.first, each.couplet.second, *each.offered) for each in written]
    return "".join("\t".join(row) + "\n" for row in rows)


def quatrains_text(quatrains: Sequence[Quatrain]) -> str:
    """The quatrains, one a line; the first line of each was given."""
    return "".join("，".join(each.poem) + "\n" for each in quatrains)
