"""Copies a card's figures into the manifest of the bundle that they were measured on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lianju.bot.verse.model.bundle import ANTHOLOGY, MANIFEST, Bundle, load_bundle

from ..bundle import write_manifest
from ..errors import ExportError

METRIC = "card"


def stamp(directory: Path, card: Path) -> dict[str, Any]:
    """Writes the figures of a card into a bundle's manifest, as `metrics.card`.

    They keep the checksums of the files that they were measured on; see `is_measured_on`.

    Args:
        card: A card.json.

    Returns:
        What was written.

    Raises:
        BundleError: The bundle is damaged.
        ExportError: The card is invalid, or of another bundle; nothing is written.
    """
    bundle = load_bundle(directory)
    figures = _read(card)
    if not is_measured_on(figures, bundle):
        raise ExportError(
            f"{card} is of a bundle with other files than {directory}: run `lianju-export grade` "
            "on this one."
        )
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    manifest.setdefault("metrics", {})[METRIC] = figures
    write_manifest(directory, manifest)
    return figures


def is_measured_on(figures: dict[str, Any], bundle: Bundle) -> bool:
    """Returns whether figures were measured on exactly the files that a bundle has now.

    All but those that do not change what is measured: the graph for GPUs, since a card is measured
    on the CPU, and the anthology.
    """
    gpu_graph = bundle.manifest.gpu_graph
    others = {ANTHOLOGY, *([gpu_graph.file] if gpu_graph else [])}
    measured, present = (
        {name: checksum for name, checksum in files.items() if name not in others}
        for files in (
            figures.get("files", {}),
            {name: file.sha256 for name, file in bundle.manifest.files.items()},
        )
    )
    return bool(measured == present)


def _read(card: Path) -> dict[str, Any]:
    """Reads the figures of a card by their keys, without labels and notes."""
    try:
        content = json.loads(card.read_text(encoding="utf-8"))
        kept = ("measured", "human_reference", "target", "met")
        rows = {row["key"]: {name: row[name] for name in kept} for row in content["rows"]}
        return {"files": content["bundle"]["files"], **content["conditions"], "rows": rows}
    except OSError as error:
        raise ExportError(f"{card} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{card} is not a card: give the card.json that `lianju-export grade` has written."
        ) from error
