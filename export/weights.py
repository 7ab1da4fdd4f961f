"""Weights out of a model, and back out of the graphs that were built from it."""

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
from lianju.training.seq2seq import build_model
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


def is_fp32(name: str) -> bool:
    """Whether a weight is stored in fp32 in every precision; it is no matrix that is multiplied."""
    return "bias" in name or name.endswith(".energy")


def write_checkpoint(bundle: Bundle, out: Path) -> None:
    """Writes the model that a bundle's graph computes as a checkpoint.

    Raises:
        ExportError: The graph is not one of `lianju-export`, or `out` exists or cannot be written.
    """
    if out.exists():
        raise ExportError(f"{out} exists already: choose another --out.")
    model = StoredWeights.of(bundle).model()
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    info = {**bundle.manifest.training, "bundle": bundle.manifest.version}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(out, model, weights, bundle.vocabulary, info)
    # PyTorch reports a file that it cannot open as a RuntimeError.
    except (OSError, RuntimeError) as error:
        raise ExportError(f"{out} cannot be written: choose another --out.") from error


class StoredWeights:
    """The weights in graphs that this project wrote.

    Args:
        path: The step graph.
        encoder: The graph of the encoder, if there is one.

    Attributes:
        config: Of the model that the graphs were built from.
        precision: How they store its weights.

    Raises:
        ExportError: The files are not such graphs.
    """

    def __init__(self, path: Path, encoder: Path | None = None) -> None:
        self._path = path
        try:
            step = onnx.load(path)
            graphs = [step, *([] if encoder is None else [onnx.load(encoder)])]
            metadata = {entry.key: entry.value for entry in step.metadata_props}
            self.config = ModelConfig.from_dict(json.loads(metadata[CONFIG]))
            self.precision = PRECISIONS[metadata[PRECISION]]
        except (DecodeError, OSError, KeyError, TypeError, ValueError) as error:
            raise self._foreign() from error
        self._stored = {
            current_weight_name(tensor.name): numpy_helper.to_array(tensor)
            for graph in graphs
            for tensor in graph.graph.initializer
        }

    @classmethod
    def of(cls, bundle: Bundle) -> StoredWeights:
        """Reads the weights of a bundle.

        Raises:
            ExportError: Its graphs are not of this project.
        """
        encoder = bundle.manifest.encoder
        path = None if encoder is None else bundle.directory / encoder.file
        return cls(bundle.graph_path, path)

    def model(self) -> LanguageModel:
        """Returns the PyTorch model that the graph computes, in evaluation mode."""
        model = build_model(self.config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(self._read(name).copy()))
        return model.eval()

    def verify(self, model: LanguageModel) -> None:
        """Checks that no weight differs by more than half a step of the precision.

        Those that are clipped must be the largest ones that the precision can store.

        Raises:
            VerificationError: One does; the message names its tensor.
        """
        for name, weight in weights_of(model).items():
            allowed = np.zeros_like(weight)
            if not is_fp32(name):
                allowed = self.precision.step_size(name, self._stored) * np.float32(0.5 + 1e-3)
                weight = self.precision.clipped(name, weight, self._stored)
            if not (np.abs(self._read(name) - weight) <= allowed).all():
                raise VerificationError(f"The graph's {name} is not the checkpoint's.")

    def _read(self, name: str) -> NDArray[np.float32]:
        try:
            if is_fp32(name):
                return self._stored[name]
            return self.precision.read(name, self._stored)
        except KeyError as error:
            raise self._foreign() from error

    def _foreign(self) -> ExportError:
        return ExportError(
            f"{self._path} is not a step graph of lianju-export: its weights cannot be read back."
        )
