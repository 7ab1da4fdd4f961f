"""Bundles of the exporter, for tests whose subject is not how it verifies them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lianju.export import verify
from lianju.export.bundle import BundleOptions, write_bundle
from lianju.training.checkpoint import Trained

PROMPTS = 16


def write_toy_bundle(trained: Trained, out: Path, **options: object) -> Path:
    """Writes a bundle, verified with few prompts, with these options; returns its directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "PROMPTS", PROMPTS)
        write_bundle(trained, out, BundleOptions(**options))
    return out
