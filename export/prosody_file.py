"""Puts the table of tones and rhymes into a bundle that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lianju.bot.verse.model.bundle import PROSODY, load_bundle

from .bundle import CONTENTS, prosody_metrics
from .errors import ExportError
from .prosody import Table, build_prosody
from .update import update_bundle


def add_prosody(directory: Path, corpus: Path, version: str) -> Table:
    """Puts the table of tones and rhymes into a bundle, in the place of the one that it may have.

    Args:
        directory: The bundle.
        corpus: A prepared corpus of poems, which tells what readings poets use.
        version: Of the bundle from now on, since its verse changes.

    Raises:
        BundleError: The bundle is damaged.
        CorpusError: The corpus cannot be read.
        ExportError: The bundle is not of Chinese verse, the tables cannot be downloaded, or nothing
            can be written.
    """
    vocabulary = load_bundle(directory).vocabulary
    if not vocabulary.is_chinese:
        raise ExportError(f"{directory} is no bundle of Chinese verse, which has tones and rhymes.")
    table = build_prosody(vocabulary, corpus)

    def change(manifest: dict[str, Any]) -> None:
        manifest["metrics"]["prosody"] = prosody_metrics(table)

    update_bundle(directory, {PROSODY: table.text.encode()}, CONTENTS, version, change)
    return table
