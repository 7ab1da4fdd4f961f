"""The rows of a report card, a function for each group of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.planning.generation import DIFFERENT, PRIOR_WEIGHT
from lianju.bot.verse.prosody.forms import on_template, rhymes_level, tones_right
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.request import DEFAULT_COUNT
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.evaluate import measure, open_scorer

from .card import Row
from .copies import Copies
from .judging import beside, prompts_found, true_lines_found
from .material import Material, Poem, lines_found
from .rating import Rater
from .statistics import Floats, distances, distinct, repeated, top_bigram
from .writing import GenerationResult, Quatrain

FULL_SIZE = 1000  # quatrains; among fewer more bigrams are different, and the yardstick is too low
SPLIT = "test"

Encoded = list[list[int]]
"""The token ids of a poem's lines."""


def model_rows(bundle: Bundle, corpus: Path) -> Iterator[Row]:
    """Perplexities, of the manifest where it has them."""
    found = bundle.manifest.metrics.get("perplexity", {}).get(SPLIT)
    if found is None:
        found = measure(open_scorer(bundle.directory), corpus, SPLIT).as_dict()
    for kind, label, target in (
        ("regulated", "perplexity, characters of regulated forms", 120.0),
        ("han", "perplexity, all characters", None),
        ("all", "perplexity, line and end tokens as well", None),
    ):
        key = f"perplexity_{kind}"
        yield Row(key, "model", label, "perplexity", found[kind], None, target, at_most=True)


def choosing_rows(
    written: Sequence[GenerationResult], rater: Rater, judge: Rater | None
) -> Iterator[Row]:
    """The best answers beside the poets' own second lines."""
    best = [each.best for each in written]
    real = [each.couplet.second for each in written]

    label, found, poets = "different bigrams among all", distinct(best, 2), distinct(real, 2)
    yield Row("distinct_2", "choosing", label, "share", found, poets, 0.95)

    label = "answers with the most common bigram"
    (common, found), (poets_common, poets) = top_bigram(best), top_bigram(real)
    note = f"The most common bigram is {common}; of the poets' lines {poets_common}."
    yield Row("top_bigram", "choosing", label, "share", found, poets, 0.03, True, note)

    label = "mean log-probability after the prompt"
    rated = [rater.after(each.couplet.first, [each.best, each.couplet.second]) for each in written]
    found, poets = np.mean(rated, axis=0).tolist()
    note = "Target: no less likely to the model than the poets' own lines are."
    yield Row("log_prob", "choosing", label, "nats", found, poets, poets, note=note)

    couplets = [each.couplet for each in written]
    label = f"a judge finds the prompt among {beside(couplets)}"
    if judge is None:
        yield Row("judge", "choosing", label, "share", None, note="No judge was given.")
        return
    pairs = list(zip(best, real, strict=True))
    found, poets = prompts_found(judge, couplets, pairs)
    note = f"The judge is {judge.name}. Target: as often as from the poets' own lines."
    yield Row("judge", "choosing", label, "share", found, poets, poets, note=note)


def candidate_rows(written: Sequence[GenerationResult], rater: Rater) -> Iterator[Row]:
    """How far the candidates lie apart, and what the last of them is worth."""
    between = [distances(each.offered) for each in written]
    apart = [
        len(each.offered) == DEFAULT_COUNT and min(found, default=0) >= DIFFERENT
        for each, found in zip(written, between, strict=True)
    ]
    better = []
    for each in written:
        last, plain = _objective(rater, each.couplet.first, (each.offered[-1], each.plain[0]))
        better.append(bool(last > plain))

    label = f"each two differ in {DIFFERENT} or more places"
    yield Row("apart", "candidates", label, "share", fmean(apart), None, 0.95)

    label = "... and the last beats the plain beam's best"
    both = fmean(one and other for one, other in zip(apart, better, strict=True))
    note = (
        f"By the objective of choosing, log p(line | prompt) - {PRIOR_WEIGHT:g} log p(line); "
        f"without regard to distance {fmean(better):.1%}."
    )
    yield Row("apart_and_better", "candidates", label, "share", both, None, 0.95, note=note)

    label = "places in which two candidates differ"
    mean = fmean(distance for found in between for distance in found)
    yield Row("distance", "candidates", label, "characters", mean)


def form_rows(
    written: Sequence[GenerationResult],
    quatrains: Sequence[Quatrain],
    material: Material,
    vocabulary: Vocabulary,
    prosody: Prosody,
) -> Iterator[Row]:
    """Length, rhyme and tones."""

    def encoded(poems: Iterable[Poem]) -> list[Encoded]:
        return [[vocabulary.encode(line) for line in poem] for poem in poems]

    ruled = encoded(each.poem for each in quatrains)
    unruled = encoded(each.unruled for each in quatrains)
    real = encoded(material.quatrains)

    # Where nothing was found, that is one line of no length.
    lines = [(len(each.couplet.first), line) for each in written for line in each.offered or ("",)]
    right = [
        *(len(line) == length for length, line in lines),
        *(list(map(len, poem)) == [7] * 4 for poem in ruled),
    ]
    yield Row("length", "form", "answers of the right length", "share", fmean(right), 1.0, 1.0)

    poets = _rhyming(real, prosody)
    note = f"七绝; {len(real)} held-out ones of poets stand beside them."
    found = _rhyming(ruled, prosody)
    yield Row("rhyme", "form", "quatrains that rhyme", "share", found, poets, 0.93, note=note)
    label, found = "... without rules, as the model learned", _rhyming(unruled, prosody)
    yield Row("rhyme_unruled", "form", label, "share", found, poets, 0.50, note=note)

    label = "right tones at places 2, 4, 6 and last"
    found, poets = _toned(ruled, prosody), _toned(real, prosody)
    yield Row("tones", "form", label, "share", found, poets, 0.964, note=note)

    found, poets = _regular(ruled, prosody), _regular(real, prosody)
    label = "whole quatrains on a template"
    yield Row("template", "form", label, "share", found, poets, 0.84, note=note)

    found = fmean(repeated("".join(each.poem)) for each in quatrains)
    poets = fmean(repeated("".join(poem)) for poem in material.quatrains)
    label = "repeated characters of a quatrain"
    yield Row("repeated", "form", label, "share", found, poets, 0.02, True, note)


def variety_rows(quatrains: Sequence[Quatrain], material: Material) -> Iterator[Row]:
    """Different n-grams among those of many quatrains."""
    poems = ["".join(each.poem) for each in quatrains]
    real = ["".join(poem) for poem in material.sample]
    note = f"Of {len(poems)} 七绝, their given lines included, and of as many of poets."
    for n in (1, 2, 4):
        found, poets = distinct(poems, n), distinct(real, n)
        bigrams = 0.817 if len(poems) >= FULL_SIZE else poets
        target = bigrams if n == 2 else None
        key, label = f"quatrains_distinct_{n}", f"different {n}-grams among all"
        yield Row(key, "variety", label, "share", found, poets, target, note=note)


def novelty_rows(
    written: Sequence[GenerationResult], quatrains: Sequence[Quatrain], corpus: Path
) -> Iterator[Row]:
    """What the training part of the corpus has already."""
    real = [each.couplet.second for each in written]
    before = [each.unfiltered[0] for each in written]
    offered = [line for each in written for line in each.offered]
    after = [*offered, *(line for each in quatrains for line in each.poem[1:])]
    copied = lines_found(corpus, (*real, *before, *after))
    found, found_after, poets = (
        fmean(line in copied for line in lines) for lines in (before, after, real)
    )
    note = "The training part was cleared of all lines that held-out poems share with it."
    label = "lines of the corpus, before the filter"
    yield Row("known_before", "novelty", label, "share", found, poets, 0.034, True, note)
    note = f"Of {len(after):,} lines that were offered or stand in quatrains."
    label = "... and after it"
    yield Row("known_after", "novelty", label, "share", found_after, poets, 0.0, True, note)

    copies = Copies.of_training(corpus)
    found = float(copies.near([each.best for each in written]).mean())
    poets = float(copies.near(real).mean())
    label = "near-copies, 4 characters in a row"
    yield Row("near_copies", "novelty", label, "share", found, poets, poets, True)


def truth_rows(written: Sequence[GenerationResult], rater: Rater) -> Iterator[Row]:
    """Where the poet's own next line stands."""
    couplets = [each.couplet for each in written]
    chosen, likely = true_lines_found(rater, couplets, PRIOR_WEIGHT)
    note = f"By the objective of choosing; by probability alone {likely:.1%}."
    label = f"ranked first among {beside(couplets)} real lines"
    yield Row("true_first", "truth", label, "share", chosen, note=note)

    offered = fmean(each.couplet.second in each.unfiltered for each in written)
    plain = fmean(each.couplet.second in each.plain for each in written)
    note = f"With lines of the corpus allowed; among the plain beam's five {plain:.1%}."
    yield Row("true_offered", "truth", "among the five best", "share", offered, note=note)


def time_rows(written: Sequence[GenerationResult], quatrains: Sequence[Quatrain]) -> Iterator[Row]:
    """How long a wish takes, on the machine that grades."""
    for key, label, taken, target in (
        ("answer_ms", "five next lines, median", [e.milliseconds for e in written], 60.0),
        ("quatrain_ms", "quatrains, median", [e.milliseconds for e in quatrains], 250.0),
    ):
        median = float(np.nanmedian(taken))
        yield Row(key, "time", label, "ms", median, None, target, at_most=True)


def _objective(rater: Rater, prompt: str, lines: Sequence[str]) -> Floats:
    """By how much a prompt calls for lines: [lines]."""
    return rater.after(prompt, lines) - PRIOR_WEIGHT * rater.alone(lines)


def _rhyming(poems: Sequence[Encoded], prosody: Prosody) -> float:
    return fmean(rhymes_level(poem, prosody) for poem in poems)


def _toned(poems: Sequence[Encoded], prosody: Prosody) -> float:
    right, asked = np.sum([tones_right(poem, prosody) for poem in poems], axis=0)
    return float(right / asked)


def _regular(poems: Sequence[Encoded], prosody: Prosody) -> float:
    return fmean(len(poem) == 4 and on_template(poem, prosody) for poem in poems)
