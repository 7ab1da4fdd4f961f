"""Draws ranking groups: what a bundle writes where poets wrote, to train a re-ranker on.

The lines are drawn under the rules that answers obey, and warm enough to be about as unlikely as
poets' lines: from cooler draws a re-ranker would learn that poets write unlikely lines, and no
more. Where the poet's own line breaks the rules nothing is drawn, or it would learn the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lianju.bot.verse.errors import PromptError
from lianju.bot.verse.model.bundle import Bundle, load_bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.line_plan import LinePlan, LinePlanner
from lianju.bot.verse.planning.prepared import Line, prepare
from lianju.bot.verse.request import Request
from lianju.bot.verse.search.sampling import SampleParams, SampleSearch
from lianju.bot.verse.search.search import Hypothesis
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.prefix_cache import PrefixCache
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.reranker.groups import Group, RankingGroups
from tqdm import tqdm

from .corpus_index import Poem, read_lines, tested_poems
from .errors import ExportError

TOGETHER = 64  # searches in one batch
LENGTHS = range(3, 16)  # tokens of a line
LATEST = 7  # lines before the one to write, at most
ALONE = 0.5  # share of couplets whose second line follows the first alone, as in most requests


class Place(NamedTuple):
    """A line of a poem, and what it follows."""

    context: tuple[tuple[str, ...], ...]
    line: tuple[str, ...]


def draw_groups(
    directory: Path,
    corpus: Path,
    split: str,
    *,
    count: int,
    drawn: int,
    lines: int,
    seed: int,
    threads: int,
) -> RankingGroups:
    """Draws ranking groups from one part of a prepared corpus.

    Half of them are from the tested corpus, which comes first in the training part.

    Args:
        directory: The bundle.
        split: The part.
        count: Groups, at most.
        drawn: How many of them, from the first, get lines of the bundle.
        lines: Lines drawn for each of these.
        seed: Of all random choices.
        threads: Of the bundle; 0 takes every core.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        CorpusError: The corpus cannot be read.
        ExportError: It has no line that follows another one.
    """
    bundle = load_bundle(directory)
    places = islice(places_of(corpus, split, bundle.vocabulary, seed), count)
    model = OnnxModel(bundle, threads=threads)
    groups = groups_at(bundle, model, places, drawn=drawn, lines=lines, seed=seed)
    info = {
        "bundle": bundle.manifest.name,
        "version": bundle.manifest.version,
        "graph_sha256": bundle.manifest.files[bundle.manifest.graph.file].sha256,
        "corpus": corpus.name,
        "split": split,
        "drawn": drawn,
        "temperature": WARM.temperature,
        "top_k": WARM.top_k,
        "seed": seed,
    }
    shown = tqdm(groups, "groups", count, unit=" groups")
    found = RankingGroups.collect(shown, bundle.vocabulary.tokens, info)
    if not len(found):
        raise ExportError(
            f"{corpus / split}.txt has no line of {LENGTHS[0]} to {LENGTHS[-1]} tokens that "
            "follows one of the same length."
        )
    return found


def places_of(corpus: Path, split: str, vocabulary: Vocabulary, seed: int) -> Iterator[Place]:
    """Yields lines to write in random order, from the tested corpus and others in turn."""
    poems = list(read_lines(corpus / f"{split}.txt", lowercase=vocabulary.is_lowercase))
    tested = tested_poems(corpus) if split == "train" else None
    generator = np.random.default_rng(seed)
    parts = [poems[:tested], poems[tested:]] if tested else [poems]
    orders = []
    for part in parts:
        found = [
            (poem, number)
            for poem, content in enumerate(part)
            for number in range(1, min(len(content), LATEST + 1))
            if _usable(content[: number + 1], vocabulary)
        ]
        orders.append((part, found, generator.permutation(len(found))))
    for step in range(max((len(found) for _, found, _ in orders), default=0)):
        for part, found, order in orders:
            if step < len(order):
                number, line = found[order[step]]
                yield _place(part[number], line, generator)


def _place(poem: Poem, number: int, generator: np.random.Generator) -> Place:
    alone = number % 2 == 1 and generator.random() < ALONE
    context = poem[number - 1 if alone else 0 : number]
    return Place(tuple(map(tuple, context)), tuple(poem[number]))


def _usable(lines: Sequence[Sequence[str]], vocabulary: Vocabulary) -> bool:
    return (
        len({*map(len, lines)}) == 1
        and len(lines[0]) in LENGTHS
        and all(map(vocabulary.is_ordinary, chain.from_iterable(lines)))
    )


def groups_at(
    bundle: Bundle,
    model: LanguageModel,
    places: Iterator[Place],
    *,
    drawn: int,
    lines: int,
    seed: int,
) -> Iterator[Group]:
    """Yields the groups of some places.

    Args:
        model: The bundle's.
        places: The lines to write.
        drawn: How many of them, from the first, get lines of the bundle.
        lines: Lines drawn for each of these.
        seed: Of the draws.
    """
    kinds = Kinds(bundle)
    planner, prefix_cache = LinePlanner(bundle), PrefixCache(model)
    numbered = enumerate(places)
    while some := list(islice(numbered, TOGETHER)):
        plans = [
            plan_of(planner, bundle, place) if number < drawn else None for number, place in some
        ]
        searches = [
            search_for(bundle.vocabulary, plan, lines, WARM, (seed, number))
            for (number, _), plan in zip(some, plans, strict=True)
            if plan
        ]
        results = iter(run_searches(model, prefix_cache, searches))
        for (_, place), plan in zip(some, plans, strict=True):
            context = _context_ids(bundle.vocabulary, place)
            poet = tuple(bundle.vocabulary.encode(place.line))
            found = [path.tokens for path in next(results)] if plan else []
            others = [line for line in found if line != poet]
            yield Group(context, poet, others, kinds.number(poet))


def plan_of(planner: LinePlanner, bundle: Bundle, place: Place) -> LinePlan | None:
    """Returns how the bot would search for the line; None if the poet's own breaks the rules."""
    separator = "，" if bundle.vocabulary.is_chinese else "\n"
    joint = "" if bundle.vocabulary.is_chinese or not bundle.vocabulary.is_words else " "
    text = separator.join(map(joint.join, place.context))
    try:
        prepared = prepare(Request(text, known="allow"), bundle)
    except PromptError:
        return None
    plan = planner.plans(prepared, ())[0]
    line = tuple(bundle.vocabulary.encode(place.line))
    return plan if not plan.relaxed and plan.allows(line) else None


class Draws(NamedTuple):
    """How lines are drawn."""

    temperature: float
    top_k: int
    top_p: float


WARM = Draws(1.0, 400, 1.0)


def search_for(
    vocabulary: Vocabulary, plan: LinePlan, lines: int, draws: Draws, seed: tuple[int, int]
) -> SampleSearch:
    """Returns a search that draws lines under a plan."""
    return SampleSearch(
        SampleParams(
            prompt=plan.prompt,
            max_tokens=plan.length + (vocabulary.line is not None),
            endings=vocabulary.endings,
            constraints=plan.constraints,
            vocabulary_size=len(vocabulary),
            path_constraints=plan.path_constraints,
            line_tokens=plan.length,
            paths=lines,
            count=lines,
            temperature=draws.temperature,
            top_k=min(draws.top_k, len(vocabulary)),
            top_p=draws.top_p,
            seed=seed,
        )
    )


def run_searches(
    model: LanguageModel, prefix_cache: PrefixCache, searches: Sequence[SampleSearch]
) -> list[list[Hypothesis]]:
    """Returns the results of searches that run in one batch; none where the rules leave nothing."""
    batch = Batch(model, prefix_cache)
    slots = [batch.add(search) for search in searches]
    while len(batch):
        batch.step()
    return [[] if slot.error else slot.search.result() for slot in slots]


def _context_ids(vocabulary: Vocabulary, place: Place) -> list[int]:
    ending = [] if vocabulary.line is None else [vocabulary.line]
    ids: list[int] = []
    for line in place.context:
        ids += [*(ending if ids else []), *vocabulary.encode(line)]
    return ids


class Kinds:
    """Numbers for lines that could stand in for one another.

    They have one length, one rhyme group, and the same tones at the second and the last place.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._prosody = bundle.prosody
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, line: Line) -> int:
        """Returns the number of a line's kind."""
        kind: tuple[object, ...] = (len(line),)
        if self._prosody is not None:
            tones = [
                (bool(self._prosody.level[line[place]]), bool(self._prosody.oblique[line[place]]))
                for place in sorted({min(1, len(line) - 1), len(line) - 1})
            ]
            (groups,) = np.nonzero(self._prosody.readings[:, line[-1]])
            kind = (len(line), *tones, *groups.tolist())
        return self._numbers.setdefault(kind, len(self._numbers))
