"""The proof that a bundle computes what its checkpoint computes.

The bundle is opened and run as the bot does it, beside the PyTorch model, over random prompts
that start from random states; its rows change places at every step, as a beam's do.

Shapes: B rows, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.language_model import State
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.training.model import LanguageModel

from .errors import ProofError
from .states import as_trained, random_state, row_alone

PROMPTS = 200
ROWS = 8
LONGEST = 16  # tokens of a prompt
CANDIDATES = 20


@dataclass(frozen=True)
class Tolerance:
    """What may differ: in log-probability.

    Attributes:
        reference: between the graph and PyTorch, with the same weights.
        company: between a row in a batch and the same row alone.
    """

    reference: float
    company: float


EXACT = Tolerance(reference=1e-4, company=1e-5)
# Activations in 8 bits have moved the log-probabilities of trained models by 0.005 in the mean, and
# by up to 0.6 from random states; a gate in the wrong place moves them by several units.
QUANTISED = Tolerance(reference=1.0, company=0.0)


def prove_steps(bundle: Bundle, model: LanguageModel, tolerance: Tolerance, seed: int = 0) -> float:
    """Runs a bundle beside PyTorch.

    Args:
        model: what the bundle must compute, with the weights as the bundle stores them.
        seed: of the prompts and states.

    Returns:
        The largest difference of any log-probability.

    Raises:
        ProofError: the two differ by more than the tolerance; or the state does not follow its
            parents; or a row depends on the others; or the candidates are not the best ones; or
            asking for none changes the state; or several tokens read at once leave another one.
    """
    step_model = OnnxModel(bundle, provider="cpu", threads=1)
    model = copy.deepcopy(model).double()  # so that all rounding seen is the graph's
    rng = np.random.default_rng(seed)
    return max(_walk(bundle, step_model, model, tolerance, rng) for _ in range(PROMPTS // ROWS))


@torch.no_grad()
def _walk(
    bundle: Bundle,
    step_model: OnnxModel,
    model: LanguageModel,
    tolerance: Tolerance,
    rng: np.random.Generator,
) -> float:
    """Feeds `ROWS` prompts token by token; returns the largest difference."""
    state: State = random_state(model.config, ROWS, rng)
    reference = tuple(torch.from_numpy(each).double() for each in as_trained(model.config, state))
    worst = 0.0
    for _ in range(rng.integers(1, LONGEST + 1)):
        token = rng.integers(0, len(bundle.vocabulary), ROWS)
        parent = rng.integers(0, ROWS, ROWS)
        expected, reference = _torch_step(model, token, parent, reference)
        found, after = step_model.log_prob(token, parent, state)
        worst = max(worst, _difference(found, expected))
        _require(worst <= tolerance.reference, "its log-probabilities differ from PyTorch's", worst)

        row = rng.integers(ROWS)
        own = row_alone(model.config, state, parent[row])
        alone, _ = step_model.log_prob(token[[row]], np.zeros(1, np.int64), own)
        apart = _difference(alone, found[[row]])
        _require(apart <= tolerance.company, "a row's numbers depend on the other rows", apart)

        candidates = min(CANDIDATES, len(bundle.vocabulary))
        output = step_model.step(token, parent, state, candidates)
        _prove_candidates(bundle, found, output.top_log_prob, output.top_token)
        silent = step_model.step(token, parent, state, 0).state
        same = all(np.array_equal(one, other) for one, other in zip(silent, after, strict=True))
        if not same:
            raise ProofError("The bundle was not written: without candidates its state differs.")
        _prove_reading(step_model, parent, state, tolerance, rng)
        state = after
    return worst


def _prove_reading(
    step_model: OnnxModel,
    parent: np.ndarray,
    state: State,
    tolerance: Tolerance,
    rng: np.random.Generator,
) -> None:
    """Reads a few tokens at once, and one by one."""
    tokens = rng.integers(0, step_model.vocabulary_size, (rng.integers(1, 4), ROWS))
    at_once = step_model.prefill(tokens, parent, state)
    for token in tokens:
        state = step_model.step(token, parent, state, 0).state
        parent = np.arange(ROWS)
    apart = max(_difference(one, other) for one, other in zip(at_once, state, strict=True))
    _require(apart <= tolerance.company, "a text read at once leaves another state", apart)


def _torch_step(
    model: LanguageModel, token: np.ndarray, parent: np.ndarray, state: tuple[torch.Tensor, ...]
) -> tuple[np.ndarray, tuple[torch.Tensor, ...]]:
    continued = tuple(tensor[:, torch.from_numpy(parent)] for tensor in state)
    logits, after = model(torch.from_numpy(token)[:, None], continued)
    return logits[:, 0].log_softmax(-1).numpy(), after


def _prove_candidates(
    bundle: Bundle, log_prob: np.ndarray, top_log_prob: np.ndarray, top_token: np.ndarray
) -> None:
    allowed = log_prob.copy()
    allowed[:, bundle.vocabulary.unknown] = -np.inf
    best, tokens = top_k(allowed, top_token.shape[1])
    if not (np.array_equal(tokens, top_token) and np.array_equal(best, top_log_prob)):
        raise ProofError("The bundle was not written: its candidates are not the most probable.")


def top_k(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the `k` largest entries of every row, largest first; ties go to the lower index.

    Args:
        values: Scores [rows, V]; a row that holds a NaN comes back as NaN throughout.
        k: How many, at most V.

    Returns:
        Their values [rows, k] and indices [rows, k].
    """
    rows = len(values)
    top = np.empty((rows, k), values.dtype)
    index = np.empty((rows, k), np.int64)
    for row in range(rows):
        # A partition alone would break ties at the cut at random.
        cut = np.partition(values[row], -k)[-k]
        candidates = np.flatnonzero(~(values[row] < cut))
        best = candidates[np.argsort(-values[row, candidates], kind="stable")[:k]]
        top[row], index[row] = values[row, best], best
    top[np.isnan(values).any(axis=1)] = np.nan
    return top, index


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the largest absolute difference; infinity if anything is no number."""
    largest = float(np.abs(one - other).max())
    return largest if np.isfinite(largest) else np.inf


def _require(holds: bool, fault: str, measured: float) -> None:
    if not holds:
        raise ProofError(f"The bundle was not written: {fault} by {measured:.2g}.")
