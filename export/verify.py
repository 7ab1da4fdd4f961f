"""Verifies that a bundle computes what its checkpoint computes.

The bundle runs as the bot runs it, beside the PyTorch model, over random prompts that start from
random states, or from random sources of an encoder; its rows are reordered at every step, as in a
beam search. A graph that rounds activations clips them at what texts need: its prompts begin as
texts do, and have rare tokens as rarely.

Shapes: B rows, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.encoder import Encoder
from lianju.bot.verse.model.language_model import Targets
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.training.evaluate import BundleScorer, CheckpointScorer, measure
from lianju.training.model import LanguageModel
from numpy.typing import NDArray
from onnx import ModelProto

from .errors import VerificationError
from .precision import PRECISIONS, without_activation_rounding
from .states import State, random_state, single_row, torch_state

PROMPTS = 200
ROWS = 8
MAX_TOKENS = 16  # of a prompt
MAX_SOURCE = 14  # tokens
CANDIDATES = 20

SPLITS = ("validation", "test")
# Of a perplexity, relative to the checkpoint's. Both graphs of an encoder-decoder round.
ALLOWED_CHANGE, ALLOWED_CHANGE_ENCODED = 0.005, 0.01

Ids = NDArray[np.int64]
Floats = NDArray[Any]


@dataclass(frozen=True)
class Tolerance:
    """Largest differences of log-probabilities.

    Attributes:
        reference: Between the graph and PyTorch, with the same weights.
        average: The same, on average over the tokens of a step.
        batch: Between a row in a batch and the same row alone.
    """

    reference: float
    average: float
    batch: float


EXACT = Tolerance(reference=1e-4, average=1e-4, batch=1e-5)
# 8-bit activations have moved the log-probabilities of trained models by up to 0.9, and by 0.2 on
# average in one step; by up to 2.0 after random sources of the encoder-decoder for couplets, 0.3 on
# average in one step. A gate in the wrong place moves all of them by several units, which the
# average shows.
QUANTIZED = Tolerance(reference=3.0, average=0.5, batch=0.0)


def verify_steps(
    bundle: Bundle,
    model: LanguageModel,
    tolerance: Tolerance,
    seed: int = 0,
    *,
    gpu_graph: bool = False,
) -> float:
    """Runs a bundle beside PyTorch.

    Args:
        bundle: The bundle to verify.
        model: What it must compute, with the weights as the bundle stores them.
        tolerance: Of the comparison.
        seed: Of prompts and states.
        gpu_graph: Whether to run the graph for GPUs, if there is one; on the CPU. The encoder runs
            without rounding its activations then.

    Returns:
        The largest difference of any log-probability.

    Raises:
        VerificationError: The two differ by more than the tolerance, or the states that they make
            of a source do; or the state does not follow its parents; or a row depends on the
            others; or the candidates are not the best ones; or a step without candidates changes
            the state; or prefill gives another state than single steps.
    """
    onnx_model = OnnxModel(bundle, provider="cpu", threads=1, gpu_graph_on_cpu=gpu_graph)
    model = copy.deepcopy(model).double()  # so that all rounding is the graph's
    rng = np.random.default_rng(seed)
    encode = _exact_encode(bundle) if gpu_graph else None
    precision = PRECISIONS[bundle.manifest.graph.precision]
    is_rounded = precision.quantizes_activations and not gpu_graph
    counts = (
        np.maximum(bundle.vocabulary.counts, 1) if is_rounded else np.ones(len(bundle.vocabulary))
    )
    worst = 0.0
    for _ in range(PROMPTS // ROWS):
        if model.config.has_encoder:
            start = _encode_sources(encode or onnx_model.encode, onnx_model, model, tolerance, rng)
        else:
            state = (
                onnx_model.initial_state(ROWS)
                if is_rounded
                else random_state(model.config, ROWS, rng)
            )
            start = state, _as_torch(model, state)
        tokens = rng.choice(
            len(counts), (rng.integers(1, MAX_TOKENS + 1), ROWS), p=counts / counts.sum()
        )
        worst = max(worst, _verify_batch(bundle, onnx_model, model, tolerance, rng, tokens, *start))
    return worst


def verify_perplexity(
    directory: Path, model: LanguageModel, corpus: Path
) -> dict[str, dict[str, Any]]:
    """Measures a bundle's perplexity and compares it with its checkpoint's.

    Args:
        directory: The bundle.
        model: The checkpoint's.
        corpus: A prepared corpus, with validation and test files.

    Returns:
        The bundle's perplexities, by split.

    Raises:
        VerificationError: The perplexity on a split changed by 0.5 % or more, or that of an
            encoder-decoder by 1 %.
        CorpusError: The corpus cannot be read.
    """
    bundle = BundleScorer(directory)
    checkpoint = CheckpointScorer(model, bundle.vocabulary)
    allowed = ALLOWED_CHANGE_ENCODED if model.config.has_encoder else ALLOWED_CHANGE
    metrics = {}
    for split in SPLITS:
        found, expected = (measure(scorer, corpus, split) for scorer in (bundle, checkpoint))
        for kind in ("all", "han"):
            after, before = getattr(found, kind), getattr(expected, kind)
            if before is not None and not abs(after / before - 1) < allowed:
                raise VerificationError(
                    f"The bundle was not written: its {split} perplexity ({kind}) is {after:.2f} "
                    f"where the checkpoint has {before:.2f}; use a larger precision."
                )
        metrics[split] = {**found.as_dict(), "checkpoint_all": round(expected.all, 2)}
    return metrics


@torch.no_grad()
def _verify_batch(
    bundle: Bundle,
    onnx_model: OnnxModel,
    model: LanguageModel,
    tolerance: Tolerance,
    rng: np.random.Generator,
    tokens: Ids,
    state: State,
    reference: tuple[torch.Tensor, ...],
) -> float:
    """Feeds `ROWS` prompts token by token; returns the largest difference.

    Args:
        bundle: The bundle.
        onnx_model: Its model.
        model: The same in PyTorch.
        tolerance: Of the comparison.
        rng: Of what else is random.
        tokens: The prompts, [S, ROWS].
        state: The state before the prompts.
        reference: The same in PyTorch.
    """
    worst = 0.0
    for token in tokens:
        parent = rng.integers(0, ROWS, ROWS)
        expected, reference = _torch_step(model, token, parent, reference)
        found, after = onnx_model.log_prob(token, parent, state)
        worst = max(worst, _difference(found, expected))
        _require(worst <= tolerance.reference, "its log-probabilities differ from PyTorch's", worst)
        average = float(np.abs(found - expected).mean())
        _require(average <= tolerance.average, "on average its log-probabilities differ", average)

        row = rng.integers(ROWS)
        own = single_row(model.config, state, parent[row])
        alone, _ = onnx_model.log_prob(token[[row]], np.zeros(1, np.int64), own)
        apart = _difference(alone, found[[row]])
        _require(apart <= tolerance.batch, "a row's numbers depend on the other rows", apart)

        candidates = min(CANDIDATES, len(bundle.vocabulary))
        targets = Targets(rng.permutation(ROWS), rng.integers(0, len(bundle.vocabulary), ROWS))
        output = onnx_model.step(token, parent, state, candidates, targets=targets)
        _verify_candidates(bundle, found, output.top_log_prob, output.top_token)
        assert output.target_log_prob is not None  # noqa: S101 - targets were given
        apart = _difference(output.target_log_prob, found[targets])
        _require(apart == 0, "single log-probabilities differ from the others", apart)
        without = onnx_model.step(token, parent, state, 0).state
        changed = max(_difference(one, other) for one, other in zip(without, after, strict=True))
        _require(changed == 0, "without candidates its state differs", changed)
        _verify_prefill(onnx_model, parent, state, tolerance, rng)
        state = after
    return worst


@torch.no_grad()
def _encode_sources(
    encode: Callable[[Ids], State],
    onnx_model: OnnxModel,
    model: LanguageModel,
    tolerance: Tolerance,
    rng: np.random.Generator,
) -> tuple[State, tuple[torch.Tensor, ...]]:
    """Returns the state after `ROWS` random sources of different lengths, and PyTorch's."""
    size = onnx_model.vocabulary_size
    states, references = [], []
    for _ in range(ROWS):
        sources = rng.integers(0, size, (3, rng.integers(1, MAX_SOURCE + 1)))
        together, row = encode(sources), int(rng.integers(len(sources)))
        alone = encode(sources[[row]])
        found = single_row(model.config, together, row)
        apart = max(_difference(one, other) for one, other in zip(found, alone, strict=True))
        _require(apart <= tolerance.batch, "a source's state depends on the other sources", apart)
        expected = tuple(each.numpy() for each in model.encode(torch.from_numpy(sources[[row]])))
        off = max(map(_difference, torch_state(model.config, alone), expected))
        _require(off <= tolerance.reference, "its encoder's state differs from PyTorch's", off)
        states.append(alone)
        references.append(expected)
    state = onnx_model.join(states)
    longest = max(each[-1].shape[-2] for each in references)
    joined = []
    for parts in zip(*references, strict=True):
        if parts[0].ndim == 4:  # a memory [1, 1, L, 2ND + 1]: its absent entries are zeros
            missing = [longest - part.shape[2] for part in parts]
            parts = [
                np.pad(part, ((0, 0), (0, 0), (size, 0), (0, 0)))
                for part, size in zip(parts, missing, strict=True)
            ]
        joined.append(torch.from_numpy(np.concatenate(parts, axis=1)))
    return state, tuple(joined)


def _as_torch(model: LanguageModel, state: State) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(each).double() for each in torch_state(model.config, state))


def _exact_encode(bundle: Bundle) -> Callable[[Ids], State] | None:
    """Returns the encoder without rounding of activations."""
    part, graph = bundle.manifest.encoder, bundle.read_encoder()
    if part is None or graph is None:
        return None
    model = without_activation_rounding(ModelProto.FromString(graph.content))
    exact = replace(graph, content=model.SerializeToString())
    return Encoder(exact, part, bundle.manifest.graph.state, threads=1).encode


def _verify_prefill(
    onnx_model: OnnxModel, parent: Ids, state: State, tolerance: Tolerance, rng: np.random.Generator
) -> None:
    """Compares the state after several tokens at once with the state after single steps."""
    tokens = rng.integers(0, onnx_model.vocabulary_size, (rng.integers(1, 4), ROWS))
    at_once = onnx_model.prefill(tokens, parent, state)
    for token in tokens:
        state = onnx_model.step(token, parent, state, 0).state
        parent = np.arange(ROWS)
    apart = max(_difference(one, other) for one, other in zip(at_once, state, strict=True))
    _require(apart <= tolerance.batch, "a text read at once leaves another state", apart)


def _torch_step(
    model: LanguageModel, token: Ids, parent: Ids, state: tuple[torch.Tensor, ...]
) -> tuple[Floats, tuple[torch.Tensor, ...]]:
    reordered = tuple(tensor[:, torch.from_numpy(parent)] for tensor in state)
    logits, after = model(torch.from_numpy(token)[:, None], reordered)
    return logits[:, 0].log_softmax(-1).numpy(), after


def _verify_candidates(
    bundle: Bundle, log_prob: Floats, top_log_prob: Floats, top_token: Ids
) -> None:
    allowed = log_prob.copy()
    allowed[:, bundle.vocabulary.unknown] = -np.inf
    # Ties go to the lower id.
    best = np.argsort(-allowed, axis=1, kind="stable")[:, : top_token.shape[1]]
    values = np.take_along_axis(allowed, best, axis=1)
    if not (np.array_equal(best, top_token) and np.array_equal(values, top_log_prob)):
        raise VerificationError(
            "The bundle was not written: its candidates are not the most probable."
        )


def _difference(one: Floats, other: Floats) -> float:
    """Returns the largest absolute difference; infinity if a value is not finite."""
    largest = float(np.abs(one - other).max(initial=0))  # an empty cache has none
    return largest if np.isfinite(largest) else np.inf


def _require(holds: bool, fault: str, measured: float) -> None:
    if not holds:
        raise VerificationError(f"The bundle was not written: {fault} by {measured:.2g}.")
