"""Changes a bundle that is there already: all of its files and the manifest, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lianju.bot.verse.model.bundle import MANIFEST

from .bundle import file_info, write_manifest
from .errors import ExportError
from .grade.stamp import METRIC

Change = Callable[[dict[str, Any]], object]


def update_bundle(
    directory: Path,
    files: Mapping[str, bytes],
    contents: Mapping[str, str],
    version: str | None = None,
    change: Change | None = None,
) -> None:
    """Puts files into a bundle, in the place of those that it may have.

    Everything is written before anything is renamed, since a bundle is refused while a file is not
    the one that its manifest has the checksum of.

    Args:
        directory: The bundle.
        files: The bytes of each file by its name.
        contents: What the manifest says of each file.
        version: Of the bundle from now on, without the report card of the one before; None if
            neither changes.
        change: Changes the rest of the manifest.

    Raises:
        ExportError: Nothing can be written; the bundle is as it was.
    """
    try:
        with TemporaryDirectory(prefix=".", dir=directory) as folder:
            new, old = Path(folder, "new"), Path(folder, "old")
            new.mkdir()
            old.mkdir()
            for name, data in files.items():
                (new / name).write_bytes(data)
            manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            manifest["files"] |= {name: file_info(new / name, contents[name]) for name in files}
            if version is not None:
                manifest["version"] = version
                manifest["metrics"].pop(METRIC, None)
            if change is not None:
                change(manifest)
            write_manifest(new, manifest)
            _replace(directory, [*files, MANIFEST], new, old)
    except OSError as error:
        raise ExportError(f"{directory} cannot be written to: {error.strerror}.") from error


def _replace(directory: Path, names: list[str], new: Path, old: Path) -> None:
    """Moves files into a folder; after an error, all files in it are as they were.

    Args:
        directory: The folder.
        names: The files.
        new: Has them.
        old: Gets copies of those that they replace.
    """
    replaced = [name for name in names if (directory / name).exists()]
    for name in replaced:
        shutil.copy2(directory / name, old / name)
    try:
        for name in names:
            (new / name).replace(directory / name)
    except BaseException:  # Ctrl-C as well
        for name in names:
            if name in replaced:
                (old / name).replace(directory / name)
            else:
                (directory / name).unlink(missing_ok=True)
        raise
