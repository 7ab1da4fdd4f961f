"""Copies a card's figures into the manifest of the bundle that they were measured on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from lianju.bot.verse.model.bundle import MANIFEST, Bundle, load_bundle

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
    path = directory / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest.setdefault("metrics", {})[METRIC] = figures
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)
    return figures


def is_measured_on(figures: dict[str, Any], bundle: Bundle) -> bool:
    """Returns whether figures were measured on exactly the files that a bundle has now.

    All but the graph for GPUs: a card is measured on the CPU.
    """
    gpu_graph = bundle.manifest.gpu_graph
    measured, present = (
        {
            name: checksum
            for name, checksum in files.items()
            if not gpu_graph or name != gpu_graph.file
        }
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
