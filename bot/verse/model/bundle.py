"""Bundles: directories that hold a language model and what belongs to it."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..errors import BundleError
from ..prosody.table import Prosody
from ..text.corpus_index import CorpusIndex
from ..text.vocabulary import Vocabulary
from .manifest import File, Manifest

__all__ = ["KNOWN", "PROSODY", "Bundle", "default_directory", "load_bundle"]

MANIFEST = "manifest.json"
VOCABULARY = "vocab.txt"
PROSODY = "prosody.tsv"
KNOWN = "known.bin"


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files match its manifest.

    Attributes:
        prosody: Tones and rhymes of the vocabulary, if the bundle has a table.
        known: The lines of its corpus, if the bundle has an index.
    """

    directory: Path
    manifest: Manifest
    vocabulary: Vocabulary
    prosody: Prosody | None = None
    known: CorpusIndex | None = None

    @property
    def graph_path(self) -> Path:
        """The path of the step graph."""
        return self.directory / self.manifest.graph.file


def default_directory() -> Path:
    """Returns the directory of the bundle that ships with Lianju."""
    return Path(str(files("lianju.bot") / "models" / "tang"))


def load_bundle(directory: Path) -> Bundle:
    """Loads a bundle after checking every file against the manifest.

    Raises:
        BundleError: A file is missing or altered, or is not consistent with the others.
    """
    if not directory.is_dir():
        raise BundleError("bundle-not-found", path=str(directory))
    path = directory / MANIFEST
    try:
        manifest = Manifest.parse(_read(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise BundleError("bundle-not-utf8", path=str(path)) from None
    except ValueError as error:
        raise BundleError("bundle-file", path=str(path), reason=str(error)) from None
    for name in (manifest.graph.file, VOCABULARY):
        if name not in manifest.files:
            raise BundleError("bundle-no-checksum", path=str(path), name=name)
    for name, expected in manifest.files.items():
        _check_file(directory / name, expected)
    vocabulary = _load_vocabulary(directory / VOCABULARY, manifest)
    prosody = known = None
    try:
        if PROSODY in manifest.files:
            path = directory / PROSODY
            prosody = Prosody.parse(_read(path).decode("utf-8"), vocabulary)
        if KNOWN in manifest.files:
            path = directory / KNOWN
            known = CorpusIndex.parse(_read(path), len(vocabulary))
    except ValueError as error:
        raise BundleError("bundle-file", path=str(path), reason=str(error)) from None
    return Bundle(directory, manifest, vocabulary, prosody, known)


def _check_file(path: Path, expected: File) -> None:
    content = _read(path)
    if len(content) != expected.bytes:
        raise BundleError(
            "bundle-size", path=str(path), found=len(content), expected=expected.bytes
        )
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise BundleError("bundle-checksum", path=str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError("bundle-missing-file", path=str(path)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise BundleError("bundle-unreadable-file", path=str(path), reason=reason) from None


def _load_vocabulary(path: Path, manifest: Manifest) -> Vocabulary:
    try:
        vocabulary = Vocabulary.load(path)
    except ValueError as error:
        raise BundleError("bundle-vocabulary", reason=str(error)) from None
    found, expected = len(vocabulary), manifest.model.vocabulary_size
    if found != expected:
        raise BundleError("bundle-vocabulary-size", path=str(path), found=found, expected=expected)
    for role in ("unknown", "end", "start", "line"):
        if getattr(vocabulary, role) != getattr(manifest.tokens, role):
            raise BundleError("bundle-vocabulary-token", path=str(path), role=role)
    return vocabulary
