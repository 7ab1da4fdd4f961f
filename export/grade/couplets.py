"""The report card of a bundle for couplets, measured beside the couplets of poets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np
from lianju.bot.verse import (
    Answer,
    Composer,
    Couplet,
    PromptError,
    Request,
    Rerank,
    open_composer,
)
from lianju.bot.verse.model.bundle import Bundle, default_directory, load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.couplets import REVERSE_WEIGHT, CoupletScorer
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.serving.jobs import run_job
from lianju.bot.verse.serving.scheduler import Scheduler
from lianju.bot.verse.text.word_kinds import WordKinds
from tqdm import tqdm

from ..couplets import read_couplets
from ..errors import ExportError
from .report import Figure, Table
from .statistics import distinct

PROMPTS = (
    "烟锁池塘柳",
    "寂寞寒窗空守寡",
    "望江楼上望江流",
    "画上荷花和尚画",
    "雾锁山头山锁雾",
    "宝剑锋从磨砺出",
    "书山有路勤为径",
    "五湖四海皆春色",
    "天增岁月人增寿",
    "春回大地，日暖神州",
    "代码千行人未眠",
    "键盘声里听秋雨",
    "高铁穿山千里近",
    "外卖敲门惊午梦",
    "网上相逢不相识",
    "地铁匆匆人海里",
    "加班灯火明如昼",
    "手机屏上三更月",
    "咖啡一杯提神去",
    "低头看手机，抬手点外卖",
)
"""Lines that nobody trained on: ten classic upper lines (上联), then ten of today's language."""

POOL = 100  # real lower lines of one length
WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
SMALLEST = 2  # lower lines to rank

Pair = tuple[str, str]
"""An upper and a lower line."""

Encode = Callable[[Iterable[str]], list[int]]


class Ranked(NamedTuple):
    """Where the true lower lines stand among real ones of their length.

    Attributes:
        log_prob: Log-probabilities of the lower lines after each upper line, the true one first.
        reverse: Those of the upper line after each of them.
    """

    log_prob: list[np.ndarray]
    reverse: list[np.ndarray]

    def first(self, weight: float) -> float:
        """Returns the share of upper lines whose true lower line has the highest score."""
        totals = (a + weight * b for a, b in zip(self.log_prob, self.reverse, strict=True))
        return fmean(bool(each[0] > each[1:].max(initial=-np.inf)) for each in totals)


class Card(NamedTuple):
    """A report card, and what it was measured on.

    Attributes:
        bundle: Name, version and the checksums of its files.
        conditions: Corpus, numbers and seed.
        figures: The figures.
        answers: The five answers to each upper line.
        prompts: Those to `PROMPTS`.
    """

    bundle: dict[str, Any]
    conditions: dict[str, Any]
    figures: tuple[Figure, ...]
    answers: tuple[Answer, ...]
    prompts: tuple[Answer, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for JSON."""
        rows = [figure.as_dict() for figure in self.figures]
        return {"bundle": self.bundle, "conditions": self.conditions, "rows": rows}

    def markdown(self) -> str:
        """Returns the card in Markdown, with the answers to `PROMPTS`."""
        columns = ("Couplets", "measured", "poets'", "target", "")
        rows = [(figure.label, *figure.cells()) for figure in self.figures]
        given = self.conditions
        return (
            f"# Couplets of {self.bundle['name']} {self.bundle['version']}\n\n"
            f"{given['prompts']} held-out upper lines, five answers each, seed {given['seed']}\n\n"
            f"{Table(columns, rows).markdown()}\n{answers_table(self.prompts)}"
        )


def answers_table(answers: Iterable[Answer]) -> str:
    """Returns a table of lines and their answers, in Markdown."""
    rows = [(each.line, *(found.text for found in each.candidates)) for each in answers]
    return Table(("given", *"12345"), rows).markdown()


def grade_couplets(
    directory: Path, pairs: Path, *, beside: Path | None, prompts: int, seed: int, threads: int
) -> Card:
    """Measures a bundle for couplets.

    Args:
        directory: The bundle.
        pairs: The prepared couplets, of which held-out ones are used.
        beside: A bundle with a language model, whose ranking is compared; None is the one that
            ships with Lianju.
        prompts: Largest number of upper lines.
        seed: Of all random choices.
        threads: Of the models; 0 takes every core.

    Raises:
        BundleError: A bundle is damaged or cannot be run.
        ExportError: The bundle has no tones, or there are too few couplets.
        TrainingError: The corpus cannot be read.
    """
    bundle = load_bundle(directory)
    prosody, encode = bundle.prosody, bundle.vocabulary.encode
    if bundle.manifest.encoder is None or prosody is None:
        raise ExportError(f"{directory} is no bundle for couplets, or has no table of tones.")
    model = OnnxModel(bundle, "cpu", threads)
    composer = Composer(bundle, model, Scheduler(model))
    try:
        test, validation = (_held_out(pairs, split, bundle) for split in ("test", "validation"))
        generator = np.random.default_rng(seed)
        chosen = [test[number] for number in generator.permutation(len(test))[:prompts]]
        answers, times = [], []
        for upper, _ in tqdm(chosen, "answers", unit=" lines"):
            began = time.perf_counter()
            answers.append(composer.compose_now(_request(upper, seed)))
            times.append((time.perf_counter() - began) * 1e3)
        pools = [_pool(pair, test, generator) for pair in chosen]
        ranked = _rank(bundle, model, chosen, pools)
        others = [_pool(pair, validation, generator) for pair in validation]
        fitted = _rank(bundle, model, validation, others)
        figures = (
            *_form(chosen, answers, prosody, encode),
            *_kinds(chosen, answers, bundle.kinds, encode),
            *_truth(ranked, _beside(beside, chosen, pools, threads), fitted),
            *_variety(chosen, answers),
            *_costs(bundle, times),
        )
        manifest = bundle.manifest
        files = {name: file.sha256 for name, file in manifest.files.items()}
        return Card(
            {"name": manifest.name, "version": manifest.version, "files": files},
            {"corpus": pairs.name, "prompts": len(chosen), "seed": seed},
            figures,
            tuple(answers),
            tuple(_examples(composer, seed)),
        )
    finally:
        composer.close()


def _examples(composer: Composer, seed: int) -> Iterator[Answer]:
    """Yields the answers to `PROMPTS`, without those that a small model cannot read."""
    for line in PROMPTS:
        with suppress(PromptError):
            yield composer.compose_now(_request(line, seed))


def _request(line: str, seed: int) -> Request:
    return Request(line, Couplet(), Rerank(seed), script="simplified")


def _held_out(pairs: Path, split: str, bundle: Bundle) -> list[Pair]:
    """Returns the couplets of one part whose characters the bundle knows."""
    is_ordinary = bundle.vocabulary.is_ordinary
    found = {
        "".join(upper): "".join(lower)
        for upper, lower in read_couplets(pairs, split)
        if all(map(is_ordinary, (*upper, *lower)))
    }
    if len(found) < SMALLEST:
        raise ExportError(f"{pairs} has too few couplets in {split}.txt: prepare another corpus.")
    return [*found.items()]


def _pool(pair: Pair, couplets: Sequence[Pair], generator: np.random.Generator) -> list[str]:
    """Returns up to `POOL` real lower lines of the length of a true one, which comes first."""
    upper, true = pair
    others = dict.fromkeys(
        lower
        for other, lower in couplets
        if len(lower) == len(true) and lower != true and other != upper
    )
    drawn = generator.permutation(len(others))[: POOL - 1]
    lines = [*others]
    return [true, *(lines[number] for number in drawn)]


def _rank(
    bundle: Bundle, model: OnnxModel, couplets: Sequence[Pair], pools: Sequence[Sequence[str]]
) -> Ranked:
    """Scores lower lines after each upper line in both directions."""
    vocabulary, scorer = bundle.vocabulary, CoupletScorer(bundle.vocabulary)
    found = Ranked([], [])
    for (upper, _), pool in tqdm([*zip(couplets, pools, strict=True)], "ranks", unit=" lines"):
        line, *lines = (tuple(vocabulary.encode(text)) for text in (upper, *pool))
        parts = run_job(model, scorer.parts(line, upper=False, answers=lines))
        found.log_prob.append(parts.log_prob)
        found.reverse.append(parts.reverse)
    return found


def _beside(
    directory: Path | None, couplets: Sequence[Pair], pools: Sequence[Sequence[str]], threads: int
) -> float:
    """Returns how often a language model ranks the true lower line first."""
    composer = open_composer(directory or default_directory(), "cpu", threads)
    hits = []
    try:
        for (upper, _), pool in tqdm(
            [*zip(couplets, pools, strict=True)], "language model", unit=" lines"
        ):
            true, *others = (each.score for each in composer.score_now(upper, pool))
            hits.append(true > max(others, default=-math.inf))
    finally:
        composer.close()
    return fmean(hits)


def _texts(couplets: Sequence[Pair], answers: Sequence[Answer]) -> Iterator[Pair]:
    """Yields each upper line with each of its answers."""
    for (upper, _), answer in zip(couplets, answers, strict=True):
        for candidate in answer.candidates:
            yield upper, candidate.text


def _share(
    key: str, label: str, measured: float, poets: float | None = None, target: float | None = None
) -> Figure:
    return Figure(key, "couplets", label, "share", measured, poets, target)


def _form(
    couplets: Sequence[Pair], answers: Sequence[Answer], prosody: Prosody, encode: Encode
) -> Iterator[Figure]:
    found = [*_texts(couplets, answers)]

    def ends(pairs: Sequence[Pair]) -> float:
        return fmean(_opposed(prosody, *encode((one[-1], other[-1]))) for one, other in pairs)

    def evens(pairs: Sequence[Pair]) -> float:
        return fmean(
            _opposed(prosody, *encode(places))
            for one, other in pairs
            for places in zip(one[1::2], other[1::2], strict=True)
        )

    def shared(pairs: Sequence[Pair]) -> float:
        return fmean(any(one.count(each) == 1 for each in other) for one, other in pairs)

    def repeats(pairs: Sequence[Pair]) -> float:
        repeating = [pair for pair in pairs if len(set(pair[0])) < len(pair[0])]
        return fmean(map(_repeats_alike, repeating)) if repeating else 1.0

    complete = fmean(len(each.candidates) == each.request.count for each in answers)
    same_length = fmean(len(one) == len(other) for one, other in found)
    number = sum(len(set(upper)) < len(upper) for upper, _ in couplets)
    yield _share("answered", "lines that have five answers", complete)
    yield _share("length", "same length", same_length, 1.0, 1.0)
    yield _share("ends", "opposed tones at the end", ends(found), ends(couplets), 1.0)
    yield _share("evens", "opposed tones at even places", evens(found), evens(couplets), 0.95)
    yield _share(
        "repeats",
        f"repeated places answered ({number} lines)",
        repeats(found),
        repeats(couplets),
        1.0,
    )
    # Those that the upper line repeats may come again.
    yield _share("shared", "with a character of the upper line", shared(found), shared(couplets))


def _opposed(prosody: Prosody, one: int, other: int) -> bool:
    """Returns whether two characters can have opposed tones."""
    return (prosody.may_be(one, "level") and prosody.may_be(other, "oblique")) or (
        prosody.may_be(one, "oblique") and prosody.may_be(other, "level")
    )


def _repeats_alike(pair: Pair) -> bool:
    """Returns whether two lines repeat their characters at the same places."""
    first, second = ([line.index(each) for each in line] for line in pair)
    return first == second


def _kinds(
    couplets: Sequence[Pair], answers: Sequence[Answer], kinds: WordKinds | None, encode: Encode
) -> Iterator[Figure]:
    if kinds is None:
        return

    def kept(pairs: Iterable[Pair]) -> float:
        found = [
            bool(allowed[answer])
            for one, other in pairs
            for token, answer in zip(encode(one), encode(other), strict=True)
            if (allowed := kinds.answers(token)) is not None
        ]
        return fmean(found) if found else 1.0

    yield _share("kinds", "word kinds answered", kept(_texts(couplets, answers)), kept(couplets))


def _truth(ranked: Ranked, language_model: float, fitted: Ranked) -> Iterator[Figure]:
    among = f"true lower line first among {POOL}"
    yield _share("first", f"{among}: by the score", ranked.first(REVERSE_WEIGHT), None, 0.4)
    yield _share("first-forward", f"{among}: by p(lower given upper)", ranked.first(0))
    yield _share("first-language", f"{among}: by the language model", language_model)
    for weight in WEIGHTS:
        label = f"validation, with {weight} log p(upper given lower)"
        yield _share(f"fit-{weight}", label, fitted.first(weight))


def _variety(couplets: Sequence[Pair], answers: Sequence[Answer]) -> Iterator[Figure]:
    best = [answer.candidates[0].text for answer in answers]
    real = distinct((lower for _, lower in couplets), 2)
    yield _share(
        "distinct", "different bigrams, first answers", distinct(best, 2), real, 0.95 * real
    )
    openings = [{candidate.text[:2] for candidate in each.candidates} for each in answers]
    mean = fmean(map(len, openings))
    yield Figure("openings", "couplets", "different openings of five", "number", mean)


def _costs(bundle: Bundle, times: Sequence[float]) -> Iterator[Figure]:
    size = sum(file.bytes for file in bundle.manifest.files.values()) / 1e6
    yield Figure(
        "size", "couplets", "size of the bundle, MB", "number", size, None, 12.0, at_most=True
    )
    yield Figure(
        "time", "couplets", "five answers, median", "ms", median(times), None, 60.0, at_most=True
    )
