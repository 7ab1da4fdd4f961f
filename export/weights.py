"""Weights out of a model, and back out of the step graph that was built from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from lianju.bot.verse.model.bundle import Bundle
from lianju.training.checkpoint import save_checkpoint
from lianju.training.model import LanguageModel, current_weight_name
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray
from onnx import numpy_helper

from .errors import ExportError, VerificationError
from .graph import CONFIG, PRECISION
from .precision import PRECISIONS, Weight


def weights_of(model: LanguageModel) -> dict[str, Weight]:
    """Returns a model's weights by name in fp32; tied weights appear once."""
    return {
        name: parameter.detach().float().cpu().numpy()
        for name, parameter in model.named_parameters()
    }


def write_checkpoint(bundle: Bundle, out: Path) -> None:
    """Writes the model that a bundle's graph computes as a checkpoint.

    Raises:
        ExportError: The graph is not one of `lianju-export`, or `out` exists or cannot be written.
    """
    if out.exists():
        raise ExportError(f"{out} exists already: choose another --out.")
    model = StoredWeights(bundle.graph_path).model()
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    info = {**bundle.manifest.training, "bundle": bundle.manifest.version}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(out, model, weights, bundle.vocabulary, info)
    # PyTorch reports a file that it cannot open as a RuntimeError.
    except (OSError, RuntimeError) as error:
        raise ExportError(f"{out} cannot be written: choose another --out.") from error


class StoredWeights:
    """The weights in a step graph that this project wrote.

    Attributes:
        config: Of the model that the graph was built from.
        precision: How the graph stores its weights.

    Raises:
        ExportError: The file is not such a graph.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._graph = onnx.load(path)
            metadata = {entry.key: entry.value for entry in self._graph.metadata_props}
            self.config = ModelConfig.from_dict(json.loads(metadata[CONFIG]))
            self.precision = PRECISIONS[metadata[PRECISION]]
        except (DecodeError, OSError, KeyError, TypeError, ValueError) as error:
            raise self._foreign() from error
        self._stored = {
            current_weight_name(tensor.name): numpy_helper.to_array(tensor)
            for tensor in self._graph.graph.initializer
        }

    def model(self) -> LanguageModel:
        """Returns the PyTorch model that the graph computes, in evaluation mode."""
        model = LanguageModel(self.config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(self._read(name).copy()))
        return model.eval()

    def verify(self, model: LanguageModel) -> None:
        """Checks that no weight differs by more than half a step of the precision.

        Raises:
            VerificationError: One does; the message names its tensor.
        """
        for name, weight in weights_of(model).items():
            allowed = np.zeros_like(weight)
            if "bias" not in name:
                allowed = self.precision.step_size(name, self._stored) * np.float32(0.5 + 1e-3)
            if not (np.abs(self._read(name) - weight) <= allowed).all():
                raise VerificationError(f"The graph's {name} is not the checkpoint's.")

    def _read(self, name: str) -> NDArray[np.float32]:
        try:
            if "bias" in name:
                return self._stored[name]
            return self.precision.read(name, self._stored)
        except KeyError as error:
            raise self._foreign() from error

    def _foreign(self) -> ExportError:
        return ExportError(
            f"{self._path} is not a step graph of lianju-export: its weights cannot be read back."
        )
