"""From a checkpoint to a bundle: written beside its place, proved, then moved there."""

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
from tempfile import TemporaryDirectory
from typing import Any

from lianju.bot.verse.model.bundle import KNOWN, MANIFEST, PROSODY, VOCABULARY, load_bundle
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import Trained
from lianju.training.model import LanguageModel, ModelConfig

from .calibration import Limits, measure_limits
from .corpus_index import build_known
from .errors import ExportError
from .graph import OPSET, build_step_graph, graph_inputs, graph_outputs
from .metrics import prove_perplexity
from .precision import PRECISIONS
from .prosody import build_prosody
from .states import state_tensors
from .verify import EXACT, PROMPTS, QUANTISED, prove_steps
from .weights import StoredWeights, weights_of

FORMAT = 1
STEP = "step.onnx"
CONTENTS = {
    STEP: "one step of the language model",
    VOCABULARY: "tokens and how often the training text has them",
    PROSODY: "the vocabulary's readings in the 106 rhyme groups of the 平水韵",
    KNOWN: "fingerprints of the corpus' lines, and the second lines of its couplets by the first",
}


@dataclass(frozen=True)
class BundleOptions:
    """What the checkpoint does not say.

    Attributes:
        name: of the bundle; None makes one of the preset and the cell.
        precision: "fp32" or "int8".
        corpus: a prepared corpus to measure perplexity on, and whose lines the bundle shall know.
        prosody: whether to take along a table of tones and rhymes, for a Chinese vocabulary.
        force: an older bundle in the same place may be replaced.
    """

    name: str | None = None
    version: str = "1.0.0"
    license: str = "MIT"
    precision: str = "fp32"
    corpus: Path | None = None
    prosody: bool = False
    force: bool = False


def write_bundle(trained: Trained, out: Path, options: BundleOptions) -> dict[str, Any]:
    """Writes a bundle that has been proved to compute what the checkpoint computes.

    Returns:
        The manifest.

    Raises:
        ProofError: it does not; nothing is written.
        ExportError: `out` cannot be written to, or a proof that the precision needs is missing.
        CorpusError: the corpus cannot be read.
    """
    if options.precision != "fp32" and options.corpus is None:
        raise ExportError(
            f"Precision {options.precision} is written only with a proof that the perplexity "
            "stays: give --evaluate with the folder of a prepared corpus."
        )
    if options.prosody and not trained.vocabulary.is_chinese:
        raise ExportError("Tones and rhymes are for Chinese verse: drop --prosody.")
    with _place(out, options.force) as folder:
        trained.vocabulary.save(folder / VOCABULARY)
        precision = PRECISIONS[options.precision]
        limits: Limits = {}
        if precision.quantises_activations and options.corpus is not None:
            limits = measure_limits(trained.model, trained.vocabulary, options.corpus)
        graph = build_step_graph(
            trained.model.config,
            weights_of(trained.model),
            precision,
            trained.vocabulary.unknown,
            limits,
        )
        (folder / STEP).write_bytes(graph.SerializeToString())
        if options.prosody:
            table = build_prosody(trained.vocabulary)
            (folder / PROSODY).write_text(table, encoding="utf-8", newline="\n")
        if options.corpus is not None:
            (folder / KNOWN).write_bytes(build_known(options.corpus, trained.vocabulary))
        manifest = _manifest(trained, folder, options)
        _write_manifest(folder, manifest)
        manifest["metrics"] = prove_bundle(folder, trained.model, options.corpus)
        _write_manifest(folder, manifest)
    return manifest


def prove_bundle(
    directory: Path, model: LanguageModel, corpus: Path | None = None
) -> dict[str, Any]:
    """Proves that a bundle computes what a model computes, and measures it.

    Every stored weight is the model's, to half a step of the precision; over random prompts and
    states the graph gives what PyTorch gives with the weights as stored; and the perplexity on a
    corpus, if there is one, is the model's within 0.5 %. A graph that quantises activations is
    held to PyTorch twice: closely without that, loosely with it.

    Returns:
        What was measured, for the manifest.

    Raises:
        ProofError: one of these does not hold.
        CorpusError: the corpus cannot be read.
    """
    bundle = load_bundle(directory)
    stored = StoredWeights(bundle.graph_path)
    stored.prove_equal(model)
    reference = stored.model()
    with TemporaryDirectory() as folder:
        exact = replace(bundle, directory=Path(folder))
        stored.save_exact(exact.graph_path)
        difference = prove_steps(exact, reference, EXACT)
    proof = {"prompts": PROMPTS, "largest_log_prob_difference": _rounded(difference)}
    if stored.precision.quantises_activations:
        quantised = prove_steps(bundle, reference, QUANTISED)
        proof["with_quantised_activations"] = _rounded(quantised)
    metrics: dict[str, Any] = {"proof": proof}
    if corpus is not None:
        metrics["perplexity"] = prove_perplexity(directory, model, corpus)
    return metrics


@contextmanager
def _place(out: Path, force: bool) -> Iterator[Path]:
    """Gives a folder to write in that becomes `out`, or leaves nothing behind if that fails."""
    if out.exists():
        if not (out / MANIFEST).is_file():
            raise ExportError(f"{out} exists and is no bundle: choose another --out.")
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
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def _manifest(trained: Trained, folder: Path, options: BundleOptions) -> dict[str, Any]:
    config, vocabulary = trained.model.config, trained.vocabulary
    preset = trained.info.get("preset", "lianju")
    return {
        "format": FORMAT,
        "name": options.name or f"{preset}-{config.cell}",
        "version": options.version,
        "model": {
            "cell": config.cell,
            "layers": config.layers,
            "hidden_size": config.hidden_size,
            "embedding_size": config.embedding_size,
            "vocabulary_size": config.vocabulary_size,
            "parameters": sum(each.numel() for each in trained.model.parameters()),
        },
        "tokens": _tokens(vocabulary),
        "graph": {
            "file": STEP,
            "opset": OPSET,
            "precision": options.precision,
            "inputs": graph_inputs(config),
            "outputs": graph_outputs(config),
            "state": _state(config),
        },
        "files": {
            name: {**_checksum(folder / name), "content": content}
            for name, content in CONTENTS.items()
            if (folder / name).exists()
        },
        "training": trained.info,
        "metrics": {},
        "license": options.license,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _tokens(vocabulary: Vocabulary) -> dict[str, int | None]:
    return {role: getattr(vocabulary, role) for role in ("unknown", "end", "start", "line")}


def _state(config: ModelConfig) -> list[dict[str, Any]]:
    return [
        {"input": name, "output": f"{name}_next", "dtype": "float32", "initial": [*shape]}
        | ({"padding": "front"} if 0 in shape else {})
        for name, shape in state_tensors(config).items()
    ]


def _rounded(difference: float) -> float:
    return float(f"{difference:.3g}")


def _checksum(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
