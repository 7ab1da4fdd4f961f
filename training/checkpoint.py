"""Checkpoints: tensors and plain values, written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lianju.bot.verse.text.vocabulary import Vocabulary

from .errors import CheckpointError
from .model import LanguageModel, ModelConfig, current_weight_name

FORMAT = 1


@dataclass(frozen=True)
class Trained:
    """A trained model, ready to use.

    Attributes:
        model: in evaluation mode, with averaged weights where the recipe averages.
        info: where it comes from: preset, corpus, corpus_sha256, seed, commit, tokens_seen, …
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
        weights: what to use the model with: its own weights or their average.
        progress: what a resumed run needs; None where the checkpoint is only to be used.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    torch.save(
        {
            "format": FORMAT,
            "config": asdict(model.config),
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
    """Reads a checkpoint's raw content; only tensors and plain values are ever loaded.

    Raises:
        CheckpointError: it is missing, damaged or of another format.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}.")
    damaged = f"{path} is not a checkpoint, or it is damaged."
    if not zipfile.is_zipfile(path):  # torch.load would try an older format on any bytes
        raise CheckpointError(damaged)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged byte leads the unpickler to errors of any kind
        raise CheckpointError(damaged) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of format {FORMAT}.")
    return _with_current_names(content)


def load_trained(path: Path) -> Trained:
    """Loads a checkpoint for evaluation, sampling or export.

    Raises:
        CheckpointError: it is missing, damaged or of another format.
    """
    content = read_checkpoint(path)
    try:
        model = LanguageModel(ModelConfig.from_dict(content["config"]))
        # Tied weights are one parameter, so the averaged ones name it once.
        missing, unexpected = model.load_state_dict(content["weights"], strict=False)
        if unexpected or set(missing) - {"output.weight"} or (missing and not model.config.tied):
            raise CheckpointError(f"The weights in {path} do not fit its own configuration.")
        vocabulary = Vocabulary(
            tokens=tuple(content["vocabulary"]["tokens"]),
            counts=tuple(content["vocabulary"]["counts"]),
        )
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a checkpoint, or it is damaged.") from error
    return Trained(model.eval(), vocabulary, content["info"])


def _with_current_names(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {
        current_weight_name(key) if isinstance(key, str) else key: _with_current_names(value)
        for key, value in content.items()
    }


def code_commit() -> str | None:
    """Returns the commit of the code at hand, where it is a checkout."""
    here = Path(__file__).parent
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - git as the user has it
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None if done.returncode == 0 else None
