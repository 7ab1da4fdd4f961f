"""Perplexity of a bundle on held-out poems, and what its precision costs."""

from __future__ import annotations

from pathlib import Path

from lianju.training.evaluate import BundleScorer, CheckpointScorer, measure
from lianju.training.model import LanguageModel

from .errors import ProofError

SPLITS = ("validation", "test")
ALLOWED_CHANGE = 0.005  # of a perplexity, relative to the checkpoint's


def prove_perplexity(directory: Path, model: LanguageModel, corpus: Path) -> dict[str, dict]:
    """Measures a bundle's perplexity and checks it against its checkpoint's.

    Args:
        directory: the bundle.
        model: the checkpoint's.
        corpus: a prepared corpus, with validation and test files.

    Returns:
        The bundle's perplexities, by split.

    Raises:
        ProofError: the perplexity on a split moved by 0.5 % or more.
        CorpusError: the corpus cannot be read.
    """
    bundle = BundleScorer(directory)
    checkpoint = CheckpointScorer(model, bundle.vocabulary)
    metrics = {}
    for split in SPLITS:
        found, wanted = (measure(scorer, corpus, split) for scorer in (bundle, checkpoint))
        for kind in ("all", "han"):
            after, before = getattr(found, kind), getattr(wanted, kind)
            if before is not None and not abs(after / before - 1) < ALLOWED_CHANGE:
                raise ProofError(
                    f"The bundle was not written: its {split} perplexity ({kind}) is {after:.2f} "
                    f"where the checkpoint has {before:.2f}; use a larger precision."
                )
        metrics[split] = {**found.as_dict(), "checkpoint_all": round(wanted.all, 2)}
    return metrics
