"""The figures of a report card: a generator for each group, one statement a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from lianju.bot.verse.model.bundle import PROSODY, Bundle, load_bundle
from lianju.bot.verse.planning.ranking import MIN_DISTANCE
from lianju.bot.verse.prosody.forms import on_template, rhymes_level, tones_right
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.request import DEFAULT_COUNT
from lianju.training.evaluate import measure, open_scorer

from ..errors import ExportError
from .dataset import Dataset, Poem, read_dataset
from .generation import (
    Composers,
    CoupletAnswers,
    QuatrainAnswer,
    answer_couplets,
    line_pairs,
    quatrain_pairs,
    write_quatrains,
)
from .ngram_overlap import OVERLAP, known_lines, overlapping
from .readings import MarkedLine, correlation
from .report import Figure, ReportCard
from .statistics import distances, distinct, repeated, share_with, top_bigram
from .truth import POOL, WARM_DRAWS, true_among_draws, true_among_poets
from .two_sample import Pair, told_apart

FULL_SIZE = 1000  # quatrains; with fewer, more bigrams are different and a fixed target is too low
SPLIT = "test"
STOCK = ("不知", "何处")
DISTINCT_SHARE = 0.9  # of the poets' share of different bigrams
COUPLETS_PER_QUATRAIN = 4  # of the two-sample test, since a quatrain takes as long as four lines

Encoded = list[list[int]]
"""The token ids of a poem's lines."""


@dataclass(frozen=True)
class Results:
    """What the figures are computed from.

    Attributes:
        answers: To all first lines.
        answered: Those that no search left without a line.
    """

    bundle: Bundle
    prosody: Prosody
    corpus: Path
    dataset: Dataset
    answers: Sequence[CoupletAnswers]
    answered: Sequence[CoupletAnswers]
    quatrains: Sequence[QuatrainAnswer]
    composers: Composers
    seed: int
    readings: Sequence[MarkedLine] = ()

    @property
    def best(self) -> list[str]:
        """The best answer to each first line."""
        return [each.best for each in self.answered]

    @property
    def human(self) -> list[str]:
        """The poet's own next line after each first line."""
        return [each.couplet.second for each in self.answered]


def grade(
    directory: Path,
    corpus: Path,
    *,
    prompts: int,
    poems: int,
    seed: int,
    threads: int,
    pairs: int,
    readings: Sequence[MarkedLine] = (),
) -> tuple[ReportCard, Results]:
    """Measures all figures of a bundle.

    Args:
        directory: The bundle.
        corpus: A prepared corpus.
        prompts: Largest number of first lines to answer.
        poems: Largest number of quatrains to write.
        seed: Of all random choices.
        threads: Of the graded bundle; 0 takes every core.
        pairs: Largest number of first lines to train the two-sample test on; 0 leaves it out.
        readings: Lines with the marks of readers, if there are any.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        ExportError: It is not a model of Chinese verse, or lacks what the card needs.
        TrainingError: The corpus cannot be read.
    """
    bundle, prosody = open_graded(directory)
    dataset = read_dataset(corpus, bundle.vocabulary, prompts, poems, seed, pairs)
    composers = Composers(bundle, threads)
    answers = answer_couplets(composers, dataset.couplets, seed)
    quatrains = write_quatrains(composers, dataset.openings, seed)
    answered = [each for each in answers if each.offered and each.unfiltered and each.plain]
    if not answered:
        raise ExportError(f"{directory} finds no answer to any of the first lines.")
    results = Results(
        bundle=bundle,
        prosody=prosody,
        corpus=corpus,
        dataset=dataset,
        answers=answers,
        answered=answered,
        quatrains=quatrains,
        composers=composers,
        seed=seed,
        readings=readings,
    )
    manifest = bundle.manifest
    files = {name: file.sha256 for name, file in manifest.files.items()}
    conditions: dict[str, Any] = {
        "corpus": corpus.name,
        "couplets": len(answered),
        "quatrains": len(quatrains),
        "seed": seed,
    }
    card = ReportCard(
        {"name": manifest.name, "version": manifest.version, "files": files},
        conditions,
        tuple(figure for group in GROUPS for figure in group(results)),
    )
    return card, results


def open_graded(directory: Path) -> tuple[Bundle, Prosody]:
    """Opens a bundle that can be graded, with its tones and rhymes.

    Raises:
        BundleError: The bundle is damaged.
        ExportError: It is not a model of Chinese verse, or lacks what the card needs.
    """
    bundle = load_bundle(directory)
    vocabulary = bundle.vocabulary
    if not vocabulary.is_chinese:
        raise ExportError(
            f"{directory} is not a model of Chinese verse: the report card needs tones and rhymes."
        )
    if not vocabulary.has_lines:
        raise ExportError(
            f"{directory} has no tokens for the beginning of a poem and the end of a line, so it "
            "cannot choose lines: grade a bundle of a preset with data.line_tokens = true."
        )
    if bundle.prosody is None:
        raise ExportError(
            f"{directory} has no {PROSODY}, the table of tones and rhymes: write the bundle again "
            "with `lianju-export bundle --prosody`."
        )
    return bundle, bundle.prosody


def model_figures(results: Results) -> Iterator[Figure]:
    """Yields perplexities, from the manifest if it has them."""
    found = results.bundle.manifest.metrics.get("perplexity", {}).get(SPLIT)
    if found is None:
        scorer = open_scorer(results.bundle.directory)
        found = measure(scorer, results.corpus, SPLIT).as_dict()
    for kind, label, target in (
        ("regulated", "perplexity, characters of regulated forms", 120.0),
        ("han", "perplexity, all characters", None),
        ("all", "perplexity, line and end tokens as well", None),
    ):
        key = f"perplexity_{kind}"
        yield Figure(key, "model", label, "perplexity", found[kind], None, target, at_most=True)


def choosing_figures(results: Results) -> Iterator[Figure]:
    """Yields guards: what the best answers must not become, beside the poets' own next lines."""
    best, human = results.best, results.human

    share, reference = distinct(best, 2), distinct(human, 2)
    label = "different bigrams among all"
    target = DISTINCT_SHARE * reference
    yield Figure("distinct_2", "choosing", label, "share", share, reference, target)

    label = "answers with the most common bigram"
    (bigram, share), (human_bigram, human_share) = top_bigram(best), top_bigram(human)
    note = f"The most common bigram is {bigram}; of the poets' lines {human_bigram}."
    yield Figure("top_bigram", "choosing", label, "share", share, human_share, 0.03, True, note)

    label = f"answers with {' or '.join(STOCK)}"
    share, reference = share_with(best, STOCK), share_with(human, STOCK)
    yield Figure("stock", "choosing", label, "share", share, reference, 2 * reference, True)

    label = "mean log-probability after the prompt"
    scores = [
        [
            found.log_prob
            for found in results.composers.default.score_now(
                each.couplet.first, [each.best, each.couplet.second]
            )
        ]
        for each in results.answered
    ]
    mean, reference = np.mean(scores, axis=0).tolist()
    yield Figure("log_prob", "choosing", label, "nats", mean, reference)


def candidate_figures(results: Results) -> Iterator[Figure]:
    """Yields how much the candidates differ."""
    pairwise = [distances(each.offered) for each in results.answered]
    apart = [
        len(each.offered) == DEFAULT_COUNT and min(found, default=0) >= MIN_DISTANCE
        for each, found in zip(results.answered, pairwise, strict=True)
    ]
    label = f"each two differ in {MIN_DISTANCE} or more places"
    yield Figure("apart", "candidates", label, "share", fmean(apart), None, 0.95)

    label = "places in which two candidates differ"
    mean = fmean(distance for found in pairwise for distance in found)
    yield Figure("distance", "candidates", label, "characters", mean)


def form_figures(results: Results) -> Iterator[Figure]:
    """Yields length, rhyme, tones and repetition."""
    prosody, quatrains = results.prosody, results.quatrains
    human = results.dataset.quatrains

    def encode(poems: Iterable[Poem]) -> list[Encoded]:
        return [[results.bundle.vocabulary.encode(line) for line in poem] for poem in poems]

    def rhyming(poems: Sequence[Encoded]) -> float:
        return fmean(rhymes_level(poem, prosody) for poem in poems)

    def toned(poems: Sequence[Encoded]) -> float:
        right, total = np.sum([tones_right(poem, prosody) for poem in poems], axis=0)
        return float(right / total)

    def regular(poems: Sequence[Encoded]) -> float:
        return fmean(len(poem) == 4 and on_template(poem, prosody) for poem in poems)

    ruled, unruled = (encode(each) for each in zip(*(each[:2] for each in quatrains), strict=True))
    reference = encode(human)

    # A first line without an answer counts as one line of length 0.
    right = [
        len(line) == len(each.couplet.first)
        for each in results.answers
        for line in each.offered or ("",)
    ]
    right += [list(map(len, poem)) == [7] * 4 for poem in ruled]
    yield Figure("length", "form", "answers of the right length", "share", fmean(right), 1.0, 1.0)

    note = f"七绝; the human reference is {len(human)} held-out ones."
    for key, label, poems, share_of, target in (
        ("rhyme", "quatrains that rhyme", ruled, rhyming, 0.93),
        ("rhyme_unruled", "... without rules, as the model learned", unruled, rhyming, 0.50),
        ("tones", "right tones at places 2, 4, 6 and last", ruled, toned, 0.964),
        ("template", "whole quatrains on a template", ruled, regular, 0.84),
    ):
        values = share_of(poems), share_of(reference)
        yield Figure(key, "form", label, "share", *values, target, note=note)

    label = "repeated characters of a quatrain"
    share = fmean(repeated("".join(each.poem)) for each in quatrains)
    human_share = fmean(repeated("".join(poem)) for poem in human)
    yield Figure("repeated", "form", label, "share", share, human_share, 0.02, True, note)


def variety_figures(results: Results) -> Iterator[Figure]:
    """Yields the share of different n-grams among those of many quatrains."""
    poems = ["".join(each.poem) for each in results.quatrains]
    human = ["".join(poem) for poem in results.dataset.sample]
    note = f"Of {len(poems)} 七绝 with their given lines, and of as many of poets."
    for n in (1, 2, 4):
        share, reference = distinct(poems, n), distinct(human, n)
        target = None
        if n == 2:
            target = 0.817 if len(poems) >= FULL_SIZE else reference
        key, label = f"quatrains_distinct_{n}", f"different {n}-grams among all"
        yield Figure(key, "variety", label, "share", share, reference, target, note=note)


def novelty_figures(results: Results) -> Iterator[Figure]:
    """Yields what the training part of the corpus has already."""
    human = results.human
    before = [each.unfiltered[0] for each in results.answered]
    after = [line for each in results.answered for line in each.offered]
    after += [line for each in results.quatrains for line in each.poem[1:]]
    known = known_lines(results.corpus, (*human, *before, *after))
    share, share_after, reference = (
        fmean(line in known for line in lines) for lines in (before, after, human)
    )
    label = "lines of the corpus, before the filter"
    note = "The training part has no line that held-out poems share with it."
    yield Figure("known_before", "novelty", label, "share", share, reference, 0.034, True, note)

    label, note = "... and after it", f"Of {len(after):,} lines, offered or in quatrains."
    yield Figure("known_after", "novelty", label, "share", share_after, reference, 0.0, True, note)

    label = f"near-copies, {OVERLAP} characters in a row"
    share, reference = (fmean(overlapping(results.corpus, each)) for each in (results.best, human))
    yield Figure("near_copies", "novelty", label, "share", share, reference, reference, True)


def truth_figures(results: Results) -> Iterator[Figure]:
    """Yields how the score ranks the poet's own next line."""
    couplets = [each.couplet for each in results.answered]
    composer = results.composers.default
    found = true_among_poets(composer, couplets, results.dataset.poems, results.seed)
    label = f"ranked first among up to {POOL} lines of poets"
    note = (
        "Held-out lines of the same length and rhyme group, and of the same tones in two places. "
        f"By probability alone {found.by_probability:.1%}, by chance {found.chance:.1%}."
    )
    yield Figure("true_first", "truth", label, "share", found.by_score, None, 0.55, note=note)

    share = true_among_draws(composer, results.composers.model, couplets, results.seed)
    label = f"mean percentile among {WARM_DRAWS} warm draws"
    note = "Draws of the bundle under the rules, at temperature 1, as probable as poets' lines."
    yield Figure("true_warm", "truth", label, "share", share, None, 0.75, note=note)

    share = fmean(each.couplet.second in each.unfiltered for each in results.answered)
    plain = fmean(each.couplet.second in each.plain for each in results.answered)
    note = f"With lines of the corpus allowed; among the plain beam's five {plain:.1%}."
    yield Figure("true_offered", "truth", "among the five best", "share", share, note=note)


def reader_figures(results: Results) -> Iterator[Figure]:
    """Yields how well the score follows the marks of readers, if there are any."""
    if not results.readings:
        return
    by_score, by_probability = correlation(results.composers.default, results.readings)
    label = "rank correlation of the score with readers' marks"
    note = (
        f"Of the sense of {len(results.readings)} machine-made lines; of the log-probability "
        f"alone {by_probability:.2f}."
    )
    yield Figure("readers", "readers", label, "number", by_score, None, 0.65, note=note)


def two_sample_figures(results: Results) -> Iterator[Figure]:
    """Yields how often a classifier tells answers from poets' lines."""
    dataset, composers, seed = results.dataset, results.composers, results.seed
    if not dataset.training_couplets:
        return
    vocabulary = results.bundle.vocabulary
    couplets = [each.couplet for each in results.answered]
    train, test = (
        line_pairs(composers, each, seed) for each in (dataset.training_couplets, couplets)
    )
    note = (
        f"A classifier trained on {len(train.offered):,} pairs of a poet's line and the bundle's "
        "first answer, tested on held-out ones; 50 % would be indistinguishable."
    )

    def figure(key: str, label: str, train: Sequence[Pair], test: Sequence[Pair]) -> Figure:
        share = told_apart(train, test, vocabulary, seed + 1) if train and test else 0.5
        return Figure(key, "two-sample", label, "share", share, note=note)

    yield figure("told_lines", "first answers", train.offered, test.offered)
    yield figure("told_plain", "the plain beam's best lines", train.plain, test.plain)
    count = len(dataset.training_couplets) // COUPLETS_PER_QUATRAIN
    poems = [
        quatrain_pairs(composers, each, seed)
        for each in (dataset.training_quatrains[:count], dataset.quatrains)
    ]
    yield figure("told_quatrains", "quatrains", *poems)


def time_figures(results: Results) -> Iterator[Figure]:
    """Yields median times on the machine that grades."""
    for key, label, answers, target in (
        ("answer_ms", "five next lines, median", results.answered, 60.0),
        ("quatrain_ms", "quatrains, median", results.quatrains, 250.0),
    ):
        median = float(np.nanmedian([each.milliseconds for each in answers]))
        yield Figure(key, "time", label, "ms", median, None, target, at_most=True)


GROUPS = (
    model_figures,
    choosing_figures,
    candidate_figures,
    form_figures,
    variety_figures,
    novelty_figures,
    truth_figures,
    reader_figures,
    two_sample_figures,
    time_figures,
)
