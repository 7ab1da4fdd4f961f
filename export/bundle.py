"""From a checkpoint to a bundle: written to a temporary folder, verified, then moved into place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianju.bot.verse.model.bundle import (
    KNOWN,
    MANIFEST,
    PROSODY,
    VOCABULARY,
    load_bundle,
)
from lianju.training.checkpoint import Trained
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

from .calibration import Limits, measure_limits
from .corpus_index import build_corpus_index
from .encoder import build_encoder_graph, encoder_inputs, encoder_outputs
from .errors import ExportError, VerificationError
from .graph import OPSET, build_step_graph, graph_inputs, graph_outputs
from .precision import PRECISIONS
from .prosody import Table, build_prosody
from .rotation import rotated
from .shared_weights import build_gpu_graph, refer
from .states import state_tensors
from .verify import EXACT, PROMPTS, QUANTIZED, verify_perplexity, verify_steps
from .weights import StoredWeights, weights_of

FORMAT = 1
STEP = "step.onnx"
GPU_STEP = "step.gpu.onnx"
ENCODER = "encode.onnx"
ROLES = ("unknown", "end", "start", "line", "lower", "upper")
CONTENTS = {
    STEP: "one step of the language model",
    GPU_STEP: "the same for GPUs, in fp32; the weights are in step.onnx",
    ENCODER: "the encoder, whose embedding is in step.onnx: a source to the first state of a step",
    VOCABULARY: "tokens and how often the training text has them",
    PROSODY: "the vocabulary's readings in the 106 rhyme groups of the 平水韵",
    KNOWN: "fingerprints of the corpus' lines, and the second lines of its couplets by the first",
}


@dataclass(frozen=True)
class BundleOptions:
    """What the checkpoint does not determine.

    Attributes:
        name: Of the bundle; None joins the preset and the cell.
        version: Of the bundle.
        license: Of the bundle.
        precision: "fp32" or "int8".
        corpus: A prepared corpus, to measure perplexity on, and if it has poems to index.
        prosody: Whether to include a table of tones and rhymes, for a Chinese vocabulary.
        force: Whether to replace an existing bundle.
    """

    name: str | None = None
    version: str = "1.0.0"
    license: str = "MIT"
    precision: str = "fp32"
    corpus: Path | None = None
    prosody: bool = False
    force: bool = False


def write_bundle(trained: Trained, out: Path, options: BundleOptions) -> dict[str, Any]:
    """Writes a bundle that has been verified to compute what the checkpoint computes.

    Returns:
        The manifest, which `lianju.bot.verse.model.manifest.Manifest` describes.

    Raises:
        VerificationError: The bundle computes something else; nothing is written.
        ExportError: `out` cannot be written to, or the corpus that the precision needs is missing.
        CorpusError: The corpus cannot be read.
    """
    if options.precision != "fp32" and options.corpus is None:
        raise ExportError(
            f"Precision {options.precision} is written only if the perplexity stays: give "
            "--evaluate with the folder of a prepared corpus."
        )
    if options.prosody and not trained.vocabulary.is_chinese:
        raise ExportError("Tones and rhymes are for Chinese verse: drop --prosody.")
    with _temporary_folder(out, options.force) as folder:
        trained.vocabulary.save(folder / VOCABULARY)
        precision = PRECISIONS[options.precision]
        limits: Limits = {}
        if precision.quantizes_activations and options.corpus is not None:
            trained = replace(trained, model=rotated(trained.model))
            limits = measure_limits(trained.model, trained.vocabulary, options.corpus)
        config, weights = trained.model.config, weights_of(trained.model)
        graph = build_step_graph(config, weights, precision, trained.vocabulary.unknown, limits)
        content = graph.SerializeToString()
        (folder / STEP).write_bytes(content)
        if config.has_encoder:
            encoder = build_encoder_graph(config, weights, precision, limits)
            refer(encoder, content, STEP)
            (folder / ENCODER).write_bytes(encoder.SerializeToString())
        if precision.quantizes_activations:
            on_gpu = build_gpu_graph(content, STEP).SerializeToString()
            (folder / GPU_STEP).write_bytes(on_gpu)
        poems = None if config.has_encoder else options.corpus
        table = build_prosody(trained.vocabulary, poems) if options.prosody else None
        if table is not None:
            (folder / PROSODY).write_text(table.text, encoding="utf-8", newline="\n")
        if poems is not None:
            (folder / KNOWN).write_bytes(build_corpus_index(poems, trained.vocabulary))
        manifest = _manifest(trained, folder, options)
        write_manifest(folder, manifest)
        manifest["metrics"] = verify_bundle(folder, trained.model, options.corpus)
        if table is not None:
            manifest["metrics"]["prosody"] = prosody_metrics(table)
        write_manifest(folder, manifest)
    return manifest


def prosody_metrics(table: Table) -> dict[str, int | None]:
    """Returns what the manifest says of a table: how many readings no poet uses."""
    return {"left_out": None if table.used is None else len(table.used.unused)}


def verify_bundle(
    directory: Path, model: LanguageModel, corpus: Path | None = None
) -> dict[str, Any]:
    """Verifies that a bundle computes what a model computes, and measures it.

    Every stored weight is the model's, up to half a step of the precision. Over random prompts and
    states, or random pairs through encoder and step, the graphs give what PyTorch gives with the
    stored weights; the graph for GPUs closely, a graph with 8-bit activations loosely. The
    perplexity on a corpus, if there is one, is the model's within 0.5 %.

    Returns:
        What was measured, for the manifest.

    Raises:
        VerificationError: One of these does not hold.
        CorpusError: The corpus cannot be read.
    """
    bundle = load_bundle(directory)
    stored = StoredWeights.of(bundle)
    stored.verify(model)
    reference = stored.model()
    if stored.precision.quantizes_activations and bundle.manifest.gpu_graph is None:
        raise VerificationError("The bundle has no graph for GPUs: export it again.")
    difference = verify_steps(bundle, reference, EXACT, gpu_graph=True)
    proof = {"prompts": PROMPTS, "largest_log_prob_difference": _rounded(difference)}
    if stored.precision.quantizes_activations:
        quantized = verify_steps(bundle, reference, QUANTIZED)
        proof["with_quantised_activations"] = _rounded(quantized)  # the spelling of format 1
    metrics: dict[str, Any] = {"proof": proof}
    if corpus is not None:
        metrics["perplexity"] = verify_perplexity(directory, model, corpus)
    return metrics


@contextmanager
def _temporary_folder(out: Path, force: bool) -> Iterator[Path]:
    """Yields a folder that becomes `out`, or is removed after an error."""
    if out.exists():
        if not (out / MANIFEST).is_file():
            raise ExportError(f"{out} exists and is not a bundle: choose another --out.")
        if not force:
            raise ExportError(f"{out} is a bundle already: give --force to replace it.")
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    replaced = out.with_name(f".{out.name}.{os.getpid()}.old")
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise ExportError(f"Nothing can be written beside {out}: {error.strerror}.") from error
    try:
        yield temporary
        if out.exists():
            out.rename(replaced)
        temporary.rename(out)
    finally:
        if replaced.exists() and not out.exists():
            replaced.rename(out)
        shutil.rmtree(replaced, ignore_errors=True)
        shutil.rmtree(temporary, ignore_errors=True)


def _manifest(trained: Trained, folder: Path, options: BundleOptions) -> dict[str, Any]:
    config, vocabulary = trained.model.config, trained.vocabulary
    preset = trained.info.get("preset", "lianju")
    on_gpu = {"file": GPU_STEP, "weights": STEP} if (folder / GPU_STEP).exists() else None
    return {
        "format": FORMAT,
        "name": options.name or f"{preset}-{config.cell}",
        "version": options.version,
        "model": {
            "kind": config.kind,
            "cell": config.cell,
            "layers": config.layers,
            "hidden_size": config.hidden_size,
            "embedding_size": config.embedding_size,
            "vocabulary_size": config.vocabulary_size,
            "parameters": sum(each.numel() for each in trained.model.parameters()),
        },
        "tokens": {role: getattr(vocabulary, role) for role in ROLES},
        "graph": {
            "file": STEP,
            "opset": OPSET,
            "precision": options.precision,
            "inputs": graph_inputs(config),
            "outputs": graph_outputs(config),
            "state": _state(config),
        },
        "gpu_graph": on_gpu,
        "encoder": _encoder(config, options.precision) if config.has_encoder else None,
        "files": {
            name: file_info(folder / name, content)
            for name, content in CONTENTS.items()
            if (folder / name).exists()
        },
        "training": trained.info,
        "metrics": {},
        "license": options.license,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _state(config: ModelConfig) -> list[dict[str, Any]]:
    return [
        {"input": name, "output": f"{name}_next", "dtype": "float32", "initial": [*shape]}
        | ({"padding": "front"} if 0 in shape else {})
        for name, shape in state_tensors(config).items()
    ]


def _encoder(config: ModelConfig, precision: str) -> dict[str, Any]:
    return {
        "file": ENCODER,
        "weights": STEP,
        "opset": OPSET,
        "precision": precision,
        "inputs": encoder_inputs(),
        "outputs": encoder_outputs(config),
    }


def _rounded(difference: float) -> float:
    return float(f"{difference:.3g}")


def file_info(path: Path, content: str) -> dict[str, Any]:
    """Returns what the manifest says of a file."""
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "content": content}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes the manifest of a bundle, whole or not at all."""
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    replace_file(folder / MANIFEST, f"{text}\n".encode())


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
