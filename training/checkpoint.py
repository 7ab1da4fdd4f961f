"""Checkpoints: tensors and plain values, written completely or not at all."""

from __future__ import annotations

import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from pydantic import ValidationError

from .errors import CheckpointError
from .model import LanguageModel, current_weight_name
from .recipe import ModelConfig, Recipe
from .seq2seq import build_model

FORMAT = 1

_CHECKED_POEMS = 1000


@dataclass(frozen=True)
class Trained:
    """A trained model, ready to use.

    Attributes:
        model: The model in evaluation mode, with averaged weights where the recipe averages.
        info: Its origin: preset, corpus, corpus_sha256, seed, commit, tokens_seen, …
    """

    model: LanguageModel
    vocabulary: Vocabulary
    info: dict[str, Any]


def save_checkpoint(
    path: Path,
    model: LanguageModel,
    weights: dict[str, torch.Tensor],
    vocabulary: Vocabulary,
    info: dict[str, Any],
    progress: dict[str, Any] | None = None,
) -> None:
    """Writes a checkpoint.

    Args:
        weights: The weights to use the model with: its own or their average.
        progress: What a resumed run needs; None for a checkpoint that is only to be used.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    torch.save(
        {
            "format": FORMAT,
            "config": model.config.model_dump(),
            "weights": weights,
            "vocabulary": {
                "tokens": list(vocabulary.tokens),
                "counts": list(vocabulary.counts),
            },
            "info": info,
            "progress": progress,
        },
        temporary,
    )
    temporary.replace(path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads the raw content of a checkpoint, with weights under their present names.

    Only tensors and plain values are ever loaded, never code.

    Raises:
        CheckpointError: It is missing, damaged or of another format.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}.")
    if not zipfile.is_zipfile(path):  # torch.load would try an older format on any bytes
        raise _damaged(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged byte can raise anything in the unpickler
        raise _damaged(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of format {FORMAT}.")
    current: dict[str, Any] = _with_current_names(content)
    return current


def load_trained(path: Path) -> Trained:
    """Loads a checkpoint for evaluation, sampling or export.

    Raises:
        CheckpointError: It is missing, damaged or of another format.
    """
    content = read_checkpoint(path)
    try:
        model = build_model(ModelConfig.from_dict(content["config"]))
        # Tied weights are one parameter, so the checkpoint has them once.
        missing, unexpected = model.load_state_dict(content["weights"], strict=False)
        if unexpected or set(missing) - {"output.weight"} or (missing and not model.config.tied):
            raise CheckpointError(f"The weights in {path} do not fit its own configuration.")
        vocabulary = vocabulary_of(content)
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise _damaged(path) from error
    return Trained(model.eval(), vocabulary, content["info"])


def vocabulary_of(content: dict[str, Any]) -> Vocabulary:
    """Returns the vocabulary in a checkpoint's raw content."""
    saved = content["vocabulary"]
    return Vocabulary(tokens=tuple(saved["tokens"]), counts=tuple(saved["counts"]))


def load_initial(path: Path, recipe: Recipe, poems: list[list[str]]) -> Trained:
    """Loads a checkpoint whose weights and vocabulary a new run is to begin with.

    Args:
        recipe: The new run's recipe; its model must have the same shape.
        poems: The tokens of each of the new run's training poems.

    Raises:
        CheckpointError: It is missing or damaged, or does not fit the recipe or the poems.
    """
    initial = load_trained(path)
    wanted = recipe.model.config(len(initial.vocabulary))
    if initial.model.config.model_copy(update={"dropout": wanted.dropout}) != wanted:
        raise CheckpointError(
            f"The model in {path} has another shape than the recipe's: give the --preset and "
            "--set options that it was trained with."
        )
    has_lines = initial.vocabulary.line is not None
    if has_lines != recipe.data.line_tokens:
        raise CheckpointError(
            f"The vocabulary of {path} has {'' if has_lines else 'no '}line tokens: give "
            f"--set data.line_tokens={str(has_lines).lower()}."
        )
    tokens = [token for poem in poems[:_CHECKED_POEMS] for token in poem]
    if 2 * sum(token in initial.vocabulary for token in tokens) < len(tokens):
        raise CheckpointError(
            f"The vocabulary of {path} lacks most tokens of the corpus: give a checkpoint that was "
            "trained on a similar one."
        )
    return initial


def read_resumable(path: Path, recipe: Recipe, corpus_sha256: str) -> dict[str, Any]:
    """Reads the raw content of a run's last checkpoint, to go on from it.

    Raises:
        CheckpointError: It is missing or damaged, or of another recipe or corpus.
    """
    content = read_checkpoint(path)
    if not content.get("progress"):
        raise CheckpointError(f"{path} has no training state, so it cannot be resumed.")
    if not _is_same_recipe(content["info"]["recipe"], recipe):
        raise CheckpointError(
            f"{path} was trained with another recipe: resume with the same preset and overrides."
        )
    if content["info"]["corpus_sha256"] != corpus_sha256:
        raise CheckpointError(f"{path} was trained on another corpus: resume with the same one.")
    return content


def provenance(initial: Trained) -> dict[str, Any]:
    """Returns the part of a checkpoint's origin that runs which begin with it keep."""
    keys = (
        *("preset", "corpus_sha256", "commit", "tokens_seen", "seed"),
        *("initial", "averaged_with", "preferences", "transferred", "widened"),
    )
    info = inherited(initial)
    return {key: info[key] for key in keys if key in info}


def inherited(trained: Trained) -> dict[str, Any]:
    """Returns a checkpoint's origin for one with other weights, without what was measured."""
    info = {key: value for key, value in trained.info.items() if key != "validation_perplexity"}
    if isinstance(info.get("averaged_with"), dict):  # older ones have one only
        info["averaged_with"] = [info["averaged_with"]]
    return info


def code_commit() -> str | None:
    """Returns the commit of this code, or None where it is not a Git checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - git as the user has it
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None if done.returncode == 0 else None


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(f"{path} is not a checkpoint, or it is damaged.")


def _with_current_names(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {
        current_weight_name(key) if isinstance(key, str) else key: _with_current_names(value)
        for key, value in content.items()
    }


def _is_same_recipe(saved: dict[str, Any], recipe: Recipe) -> bool:
    """Whether a saved recipe has the same values; a key that it lacks has its default."""
    try:
        return Recipe.model_validate(saved) == recipe
    except ValidationError:
        return False
