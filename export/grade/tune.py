"""How the best next lines change under other settings of reranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import NamedTuple, cast

import numpy as np
from lianju.bot.verse import Beam, NothingAllowedError, Request, Rerank
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.generation import GenerationResult, Planner
from lianju.bot.verse.planning.prepared import prepare
from lianju.bot.verse.planning.ranking import MIN_DISTANCE
from lianju.bot.verse.request import DEFAULT_COUNT
from lianju.bot.verse.search.sampling import SampleSearch
from lianju.bot.verse.search.search import Hypothesis, Job, Search
from lianju.bot.verse.serving.jobs import run_search
from tqdm import tqdm

from .dataset import read_couplets
from .figures import open_graded
from .report import Table
from .retrieval import prompt_retrieval
from .scoring import Floats, onnx_scorer, open_judge
from .statistics import distances, distinct, top_bigram

SPLIT = "validation"


class Grid(NamedTuple):
    """The settings to try, in all combinations.

    Attributes:
        weights: Share of a line's own log-probability that is subtracted.
        pools: Numbers of lines to draw.
        temperatures: Of the draw.
    """

    weights: tuple[float, ...]
    pools: tuple[int, ...]
    temperatures: tuple[float, ...]


class Setting(NamedTuple):
    """The best lines under one setting, or the poets' own.

    Attributes:
        log_prob: Mean log-probability of the best lines after their prompts.
        fifth: Share of prompts whose fifth line scores above the plain beam's best.
        judge: Share of lines whose prompt a judge finds.
    """

    name: str
    best: tuple[str, ...]
    log_prob: float
    fifth: float | None = None
    judge: float | None = None


class Pool(NamedTuple):
    """Lines drawn for one prompt; the plain beam's best comes last.

    Attributes:
        after: Log-probability of each line after the prompt.
        alone: Log-probability of each line by itself.
    """

    lines: tuple[str, ...]
    after: Floats
    alone: Floats

    def choose(self, weight: float) -> tuple[str, float, bool]:
        """Returns the best line, its log-probability, and whether the fifth beats the plain beam.

        Five lines are chosen that differ as the bot's candidates do.
        """
        scores = self.after - weight * self.alone
        chosen: list[int] = []
        for place in np.argsort(-scores[:-1], kind="stable").tolist():
            others = (self.lines[each] for each in chosen)
            if all(distances((self.lines[place], other))[0] >= MIN_DISTANCE for other in others):
                chosen.append(place)
            if len(chosen) == DEFAULT_COUNT:
                break
        beats = len(chosen) == DEFAULT_COUNT and bool(scores[chosen[-1]] > scores[-1])
        return self.lines[chosen[0]], float(self.after[chosen[0]]), beats


class PoolSampler:
    """Draws pools as the bot does, of any size and at any temperature."""

    def __init__(self, bundle: Bundle, seed: int) -> None:
        self._model = OnnxModel(bundle)
        self._vocabulary = bundle.vocabulary
        self._rerank = Rerank(seed)
        self._bundle = bundle
        self._planner = Planner(bundle)
        self.scorer = onnx_scorer(self._model, bundle.vocabulary)

    def draw(self, text: str, size: int, temperature: float) -> Pool:
        """Draws next lines for a prompt."""
        job = self._generate(Request(text, search=self._rerank))
        (search,) = next(job)
        drawn: list[Hypothesis] = []
        while not drawn:  # the planner drops rules until they leave a line
            params = cast(SampleSearch, search).params
            params = replace(params, paths=size, count=size, temperature=temperature)
            drawn = self._run(SampleSearch(params))
            if not drawn:
                (search,) = job.send([[]])
        (search,) = next(self._generate(Request(text, search=Beam(plain=True))))
        paths = (*drawn, self._run(search)[0])
        tokens = self._vocabulary.tokens
        lines = tuple("".join(tokens[token] for token in path.tokens) for path in paths)
        return Pool(lines, np.array([path.log_prob for path in paths]), self.scorer.alone(lines))

    def _generate(self, request: Request) -> Job[GenerationResult]:
        return self._planner.generate(prepare(request, self._bundle))

    def _run(self, search: Search) -> list[Hypothesis]:
        try:
            return run_search(self._model, search)
        except NothingAllowedError:
            return []


def tune(
    directory: Path, corpus: Path, grid: Grid, prompts: int, judge: Path | None, seed: int = 0
) -> list[Setting]:
    """Answers first lines of the validation part under every setting of a grid.

    Returns:
        The poets' own next lines, then every setting.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        ExportError: It cannot be graded, or the corpus has too few lines.
        TrainingError: The corpus or the judge cannot be read.
    """
    bundle, _ = open_graded(directory)
    scorer = None if judge is None else open_judge(judge)
    couplets = read_couplets(corpus, bundle.vocabulary, prompts, seed, SPLIT)
    sampler = PoolSampler(bundle, seed)
    human = [float(sampler.scorer.after(first, [second])[0]) for first, second in couplets]
    settings = [Setting("human reference", tuple(each.second for each in couplets), fmean(human))]
    for temperature, size in product(grid.temperatures, grid.pools):
        title = f"temperature {temperature:g}, pool {size}"
        progress = tqdm(couplets, title, unit=" prompts")
        pools = [sampler.draw(each.first, size, temperature) for each in progress]
        for weight in grid.weights:
            best, log_prob, beats = zip(*(pool.choose(weight) for pool in pools), strict=True)
            name = f"{title}, weight {weight:g}"
            settings.append(Setting(name, best, fmean(log_prob), fmean(beats)))
    if scorer:
        texts = list(zip(*(each.best for each in settings), strict=True))
        shares = prompt_retrieval(scorer, couplets, texts)
        return [each._replace(judge=j) for each, j in zip(settings, shares, strict=True)]
    return settings


def as_table(settings: Sequence[Setting]) -> Table:
    """Returns a table with one row a setting."""
    columns = (
        "",
        "different bigrams",
        "top bigram",
        "log-probability",
        "fifth beats beam",
        "judge",
    )
    rows = [
        (
            each.name,
            f"{distinct(each.best, 2):.3f}",
            f"{top_bigram(each.best)[1]:.1%}",
            f"{each.log_prob:.2f}",
            *("" if share is None else f"{share:.1%}" for share in (each.fifth, each.judge)),
        )
        for each in settings
    ]
    return Table(columns, rows)
