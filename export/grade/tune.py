"""What the choice of lines becomes under other settings: a table for whoever sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np
from lianju.bot.verse.errors import NothingAllowedError
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.generation import DIFFERENT, Composition, Planner
from lianju.bot.verse.planning.line_plan import LinePlanner
from lianju.bot.verse.planning.task import Task
from lianju.bot.verse.request import DEFAULT_COUNT, Request, Rerank
from lianju.bot.verse.search.sampling import SampleSearch
from lianju.bot.verse.search.search import Hypothesis, Search
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.text.prompt import read_prompt
from tqdm import tqdm

from .judging import prompts_found
from .material import read_couplets
from .measure import open_graded
from .rating import Rater, open_judge
from .statistics import Floats, distances, distinct, top_bigram

SPLIT = "validation"


@dataclass(frozen=True)
class Grid:
    """The settings to try, every one of each kind with every one of the others.

    Attributes:
        weights: how much of a line's own log-probability is taken off.
        pools: how many lines are drawn.
        temperatures: of the draw.
    """

    weights: tuple[float, ...]
    pools: tuple[int, ...]
    temperatures: tuple[float, ...]


@dataclass(frozen=True)
class Tried:
    """What a setting brings about; the same of the poets' own lines, which have none.

    Attributes:
        distinct_2: the share of different bigrams among those of all best answers.
        top_bigram: the share of best answers that have the most common bigram.
        log_prob: mean log-probability of the best answers after their prompts.
        fifth: how often the fifth is worth more than the plain beam's best line.
        judge: how often a judge finds the prompt.
    """

    name: str
    distinct_2: float
    top_bigram: float
    log_prob: float
    fifth: float | None
    judge: float | None


@dataclass(frozen=True)
class Pool:
    """Lines drawn for one prompt, and the plain beam's best, which comes last.

    Attributes:
        after: log-probability of each after the prompt.
        alone: and by itself.
    """

    lines: tuple[str, ...]
    after: Floats
    alone: Floats

    def choose(self, weight: float) -> tuple[str, float, bool]:
        """The best line, its log-probability, and whether the fifth beats the plain beam's best.

        The five differ as those of the product do; where there are fewer, the fifth beats nothing.
        """
        worth = self.after - weight * self.alone
        chosen: list[int] = []
        for place in np.argsort(-worth[:-1], kind="stable").tolist():
            others = (self.lines[each] for each in chosen)
            if all(distances((self.lines[place], other))[0] >= DIFFERENT for other in others):
                chosen.append(place)
            if len(chosen) == DEFAULT_COUNT:
                break
        beats = len(chosen) == DEFAULT_COUNT and bool(worth[chosen[-1]] > worth[-1])
        return self.lines[chosen[0]], float(self.after[chosen[0]]), beats


class Drawer:
    """Draws pools as the product does, of any size and at any temperature."""

    def __init__(self, bundle: Bundle, seed: int) -> None:
        self._model = OnnxModel(bundle)
        self._vocabulary = bundle.vocabulary
        self._choosing = Rerank(seed)
        lines = LinePlanner(bundle.vocabulary, bundle.prosody, bundle.known)
        self._planner = Planner(bundle.vocabulary, lines)
        self.rater = Rater(self._model, bundle.vocabulary)

    def pool(self, text: str, size: int, temperature: float) -> Pool:
        """Draws lines to choose the next one from."""
        request = Request(text, choosing=self._choosing)
        drawn: list[Hypothesis] = []
        composition = self._compose(request)
        (search,) = next(composition)
        while not drawn:  # the planner relaxes its rules where they leave nothing
            plan = replace(search.params, paths=size, count=size, temperature=temperature)
            drawn = self._run(SampleSearch(plan))
            if not drawn:
                (search,) = composition.send([[]])
        (search,) = next(self._compose(Request(text, plain=True)))
        paths = (*drawn, self._run(search)[0])
        tokens = self._vocabulary.tokens
        lines = tuple("".join(tokens[token] for token in path.tokens) for path in paths)
        after = np.array([path.log_prob for path in paths])
        return Pool(lines, after, self.rater.alone(lines))

    def _compose(self, request: Request) -> Composition:
        prompt = read_prompt(request.text, self._vocabulary, "simplified")
        return self._planner.compose(request, Task.of(request, prompt, self._vocabulary))

    def _run(self, search: Search) -> list[Hypothesis]:
        try:
            return run_search(self._model, search)
        except NothingAllowedError:
            return []


def tune(
    directory: Path, corpus: Path, grid: Grid, prompts: int, judge: Path | None, seed: int = 0
) -> list[Tried]:
    """Answers first lines of the validation part under every setting of a grid.

    A pool is drawn and rated once for all weights.

    Returns:
        The poets' own second lines, then every setting.

    Raises:
        BundleError: the bundle is damaged or cannot be run.
        ExportError: it cannot be graded, or the corpus has too little.
        CorpusError: the corpus cannot be read.
    """
    bundle, _ = open_graded(directory)
    judging = None if judge is None else open_judge(judge)
    couplets = read_couplets(corpus, bundle.vocabulary, prompts, seed, SPLIT)
    drawer = Drawer(bundle, seed)
    real = tuple(each.second for each in couplets)
    likely = fmean(float(drawer.rater.after(each.first, [each.second])[0]) for each in couplets)
    tried = [("poets", real, likely, None)]
    for temperature, size in product(grid.temperatures, grid.pools):
        title = f"temperature {temperature:g}, pool {size}"
        progress = tqdm(couplets, title, unit=" prompts")
        pools = [drawer.pool(each.first, size, temperature) for each in progress]
        for weight in grid.weights:
            chosen = [pool.choose(weight) for pool in pools]
            best, log_prob, beats = zip(*chosen, strict=True)
            name = f"{title}, weight {weight:g}"
            tried.append((name, best, fmean(log_prob), fmean(beats)))
    found: Sequence[float | None] = [None] * len(tried)
    if judging:
        texts = zip(*(lines for _, lines, _, _ in tried), strict=True)
        found = prompts_found(judging, couplets, list(texts))
    return [
        Tried(name, distinct(lines, 2), top_bigram(lines)[1], log_prob, fifth, judged)
        for (name, lines, log_prob, fifth), judged in zip(tried, found, strict=True)
    ]


def table(tried: Sequence[Tried]) -> str:
    """Returns a Markdown table, one line a setting."""
    lines = [
        "| | different bigrams | top bigram | log-probability | fifth beats beam | judge |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in tried:
        fifth, judge = (
            "" if share is None else f"{share:.1%}" for share in (each.fifth, each.judge)
        )
        lines.append(
            f"| {each.name} | {each.distinct_2:.3f} | {each.top_bigram:.1%} | "
            f"{each.log_prob:.2f} | {fifth} | {judge} |"
        )
    return "\n".join(lines)
