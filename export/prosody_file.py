"""Puts the table of tones and rhymes into a bundle that is there already."""

from __future__ import annotations

import json
from pathlib import Path

from lianju.bot.verse.model.bundle import MANIFEST, PROSODY, load_bundle

from .bundle import CONTENTS, file_info, prosody_metrics, replace_file, write_manifest
from .errors import ExportError
from .grade.stamp import METRIC
from .prosody import Table, build_prosody


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
    try:
        replace_file(directory / PROSODY, table.text.encode())
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        manifest["version"] = version
        manifest["files"][PROSODY] = file_info(directory / PROSODY, CONTENTS[PROSODY])
        metrics = manifest["metrics"]
        metrics.pop(METRIC, None)  # it was measured with the table before
        metrics["prosody"] = prosody_metrics(table)
        write_manifest(directory, manifest)
    except OSError as error:
        raise ExportError(f"{directory} cannot be written to: {error.strerror}.") from error
    return table
