"""Measuring a bundle: every row of its report card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lianju.bot.verse.model.bundle import PROSODY, Bundle, load_bundle
from lianju.bot.verse.prosody.table import Prosody

from ..errors import ExportError
from . import rows
from .card import Card
from .material import read_material
from .rating import Rater, open_judge
from .writing import GenerationResult, Quatrain, Writers, answer_couplets, write_quatrains


@dataclass(frozen=True)
class Grading:
    """What a bundle is graded with.

    Attributes:
        corpus: a prepared corpus.
        judge: a checkpoint or a bundle, of another seed and size than the one graded.
        prompts: first lines to answer, at most.
        poems: quatrains to write, at most.
        seed: of all that is left to chance.
        threads: of the bundle that is graded; 0 takes every core.
    """

    corpus: Path
    judge: Path | None = None
    prompts: int = 1000
    poems: int = 1000
    seed: int = 0
    threads: int = 0


@dataclass(frozen=True)
class Graded:
    """A card, and the verse that it is about."""

    card: Card
    written: list[GenerationResult]
    quatrains: list[Quatrain]


def grade(directory: Path, grading: Grading) -> Graded:
    """Measures everything that stands on a bundle's report card.

    Raises:
        BundleError: the bundle is damaged or cannot be run.
        ExportError: it has no card: it is no model of Chinese verse, or lacks what the card needs.
        CorpusError: the corpus cannot be read.
    """
    bundle, prosody = open_graded(directory)
    judge = None if grading.judge is None else open_judge(grading.judge)
    material = read_material(
        grading.corpus, bundle.vocabulary, grading.prompts, grading.poems, grading.seed
    )
    writers = Writers(bundle, grading.threads)
    rater = Rater(writers.model, bundle.vocabulary)
    written = answer_couplets(writers, material.couplets, grading.seed)
    quatrains = write_quatrains(writers, material.openings, grading.seed)
    answered = [each for each in written if each.offered and each.unfiltered and each.plain]
    if not answered:
        raise ExportError(f"{directory} finds no answer to any of the first lines.")
    measured = (
        *rows.model_rows(bundle, grading.corpus),
        *rows.choosing_rows(answered, rater, judge),
        *rows.candidate_rows(answered, rater),
        *rows.form_rows(written, quatrains, material, bundle.vocabulary, prosody),
        *rows.variety_rows(quatrains, material),
        *rows.novelty_rows(answered, quatrains, grading.corpus),
        *rows.truth_rows(answered, rater),
        *rows.time_rows(answered, quatrains),
    )
    manifest = bundle.manifest
    card = Card(
        bundle={
            "name": manifest.name,
            "version": manifest.version,
            "files": {name: file.sha256 for name, file in manifest.files.items()},
        },
        conditions={
            "corpus": grading.corpus.name,
            "couplets": len(answered),
            "quatrains": len(quatrains),
            "seed": grading.seed,
            "judge": judge.name if judge else None,
        },
        rows=measured,
    )
    return Graded(card, written, quatrains)


def open_graded(directory: Path) -> tuple[Bundle, Prosody]:
    """Opens a bundle that can be graded, with its tones and rhymes.

    Raises:
        BundleError: the bundle is damaged.
        ExportError: it is no model of Chinese verse, or lacks what the card needs.
    """
    bundle = load_bundle(directory)
    vocabulary = bundle.vocabulary
    if not vocabulary.is_chinese:
        raise ExportError(
            f"{directory} is no model of Chinese verse: the report card asks for tones and rhymes."
        )
    if vocabulary.start is None or vocabulary.line is None:
        raise ExportError(
            f"{directory} has no tokens for the beginning of a poem and the end of a line, so it "
            "cannot choose lines: grade a bundle of a preset with data.line_tokens = true."
        )
    if bundle.prosody is None:
        raise ExportError(
            f"{directory} has no {PROSODY}, by which tones and rhymes are told: write the bundle "
            "anew with `lianju-export bundle --prosody`."
        )
    return bundle, bundle.prosody
