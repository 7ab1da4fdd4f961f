"""Bundles: directories that hold a language model and what belongs to it."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from ...characters import printable
from ..errors import BundleError
from ..prosody.table import Prosody
from ..text.anthology import Anthology
from ..text.corpus_index import CorpusIndex
from ..text.vocabulary import Vocabulary
from ..text.word_kinds import WordKinds
from .external_data import external_files
from .manifest import File, Manifest

__all__ = [
    "ANTHOLOGY",
    "KINDS",
    "KNOWN",
    "PROSODY",
    "Bundle",
    "GraphFile",
    "default_couplets",
    "default_directory",
    "load_bundle",
]

MANIFEST = "manifest.json"
VOCABULARY = "vocab.txt"
PROSODY = "prosody.tsv"
KNOWN = "known.bin"
KINDS = "kinds.tsv"
ANTHOLOGY = "anthology.tsv"
MAX_MANIFEST = 1 << 22  # bytes


@dataclass(frozen=True)
class GraphFile:
    """The content of an ONNX file.

    Attributes:
        path: The file, for messages.
        content: Its bytes.
        precision: How it stores its weights, and multiplies by them.
        weights: The files that hold its external data, by the names that it has for them.
    """

    path: Path
    content: bytes
    precision: str = "fp32"
    weights: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files match its manifest.

    Attributes:
        prosody: Tones and rhymes of the vocabulary, if the bundle has a table.
        known: The lines of its corpus, or of another bundle's, if there is an index.
        kinds: Which characters answer which in couplets, if the bundle has a table.
        anthology: Poems with title and poet; empty if the bundle has none.
    """

    directory: Path
    manifest: Manifest
    vocabulary: Vocabulary
    prosody: Prosody | None = None
    known: CorpusIndex | None = None
    kinds: WordKinds | None = None
    anthology: Anthology = field(default_factory=Anthology)

    def with_lines_of(self, other: "Bundle") -> "Bundle":
        """Returns the bundle with the corpus index of another one, if it has none itself."""
        if self.known or not other.known:
            return self
        return replace(self, known=other.known.translated(other.vocabulary, self.vocabulary))

    @property
    def graph_path(self) -> Path:
        """The path of the step graph."""
        return self.directory / self.manifest.graph.file

    def read_graph(self) -> GraphFile:
        """Returns the step graph; sessions are opened from it, as the file may be replaced.

        Raises:
            BundleError: The file is missing or altered.
        """
        graph = self.manifest.graph
        return GraphFile(self.graph_path, self._read(graph.file), graph.precision)

    def read_gpu_graph(self) -> GraphFile | None:
        """Returns the step graph for GPUs, if there is one; see `read_graph`."""
        part = self.manifest.gpu_graph
        if part is None:
            return None
        weights = {part.weights: self._read(part.weights)}
        return GraphFile(self.directory / part.file, self._read(part.file), weights=weights)

    def read_encoder(self) -> GraphFile | None:
        """Returns the graph of the encoder, if there is one; see `read_graph`."""
        part = self.manifest.encoder
        if part is None:
            return None
        weights = {part.weights: self._read(part.weights)} if part.weights else {}
        path = self.directory / part.file
        return GraphFile(path, self._read(part.file), part.precision, weights)

    def read_reranker(self) -> GraphFile | None:
        """Returns the re-ranker's graph, if there is one; see `read_graph`."""
        part = self.manifest.reranker
        if part is None:
            return None
        return GraphFile(self.directory / part.file, self._read(part.file))

    def _read(self, name: str) -> bytes:
        return _read_checked(self.directory / name, self.manifest.files[name])


def default_directory() -> Path:
    """Returns the directory of the bundle that ships with Lianju."""
    return Path(str(files("lianju.bot") / "models" / "tang"))


def default_couplets() -> Path:
    """Returns the directory of the bundle for couplets that ships with Lianju."""
    return Path(str(files("lianju.bot") / "models" / "couplet"))


def load_bundle(directory: Path) -> Bundle:
    """Loads a bundle after checking every file against the manifest.

    Raises:
        BundleError: A file is missing or altered, or is not consistent with the others.
    """
    if not os.path.isdir(directory):  # noqa: PTH112 -- is_dir raises an error if it is forbidden
        raise BundleError("bundle-not-found", path=str(directory))
    path = directory / MANIFEST
    try:
        manifest = Manifest.parse(_read(path, MAX_MANIFEST).decode("utf-8"))
    except UnicodeDecodeError:
        raise BundleError("bundle-not-utf8", path=str(path)) from None
    except ValueError as error:
        raise BundleError("bundle-file", path=str(path), reason=str(error)) from None
    graphs: dict[str, str | None] = {
        part.file: None for part in (manifest.graph, manifest.reranker) if part
    }
    for other in (manifest.gpu_graph, manifest.encoder):
        if other is not None:
            graphs[other.file] = other.weights
    for name in (*graphs, *filter(None, graphs.values()), VOCABULARY):
        if name not in manifest.files:
            raise BundleError("bundle-no-checksum", path=str(path), name=name)
    contents: dict[str, bytes] = {}  # what is parsed is what was checked
    for name, expected in manifest.files.items():
        content = _read_checked(directory / name, expected)
        if name in graphs:
            _check_graph(directory / name, content, graphs[name])
        elif name in (VOCABULARY, PROSODY, KNOWN, KINDS, ANTHOLOGY):
            contents[name] = content
    vocabulary = _load_vocabulary(directory / VOCABULARY, contents[VOCABULARY], manifest)
    prosody = known = kinds = None
    anthology = Anthology()
    try:
        if PROSODY in contents:
            path = directory / PROSODY
            prosody = Prosody.parse(contents[PROSODY].decode("utf-8"), vocabulary)
        if KNOWN in contents:
            path = directory / KNOWN
            known = CorpusIndex.parse(contents[KNOWN], len(vocabulary))
        if KINDS in contents:
            path = directory / KINDS
            kinds = WordKinds.parse(contents[KINDS].decode("utf-8"), vocabulary)
        if ANTHOLOGY in contents:
            path = directory / ANTHOLOGY
            anthology = Anthology.parse(contents[ANTHOLOGY].decode("utf-8"))
    except ValueError as error:
        raise BundleError("bundle-file", path=str(path), reason=str(error)) from None
    return Bundle(directory, manifest, vocabulary, prosody, known, kinds, anthology)


def _read_checked(path: Path, expected: File) -> bytes:
    content = _read(path, expected.bytes, expected.bytes)
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise BundleError("bundle-checksum", path=str(path))
    return content


def _read(path: Path, most: int, least: int = 0) -> bytes:
    """Returns the content of a regular file whose size, which is checked first, is in bounds."""
    try:
        # Without blocking, for a pipe that nobody writes to; `O_BINARY` is of Windows.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BundleError("bundle-not-a-file", path=str(path))
            content = file.read(most + 1) if least <= found.st_size <= most else b""
    except FileNotFoundError:
        raise BundleError("bundle-missing-file", path=str(path)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise BundleError("bundle-unreadable-file", path=str(path), reason=reason) from None
    size = max(found.st_size, len(content))
    if not least <= size <= most:
        raise BundleError("bundle-size", path=str(path), found=size, expected=most)
    return content


def _check_graph(path: Path, content: bytes, weights: str | None) -> None:
    """Checks that a graph has no weights in any file but the one that the manifest names."""
    try:
        external = external_files(content)
    except ValueError as error:
        raise BundleError("bundle-graph", path=str(path), reason=str(error)) from None
    if not external <= {weights}:
        raise BundleError("bundle-external-data", path=str(path))


def _load_vocabulary(path: Path, content: bytes, manifest: Manifest) -> Vocabulary:
    try:
        vocabulary = Vocabulary.parse(content, path)
    except ValueError as error:
        raise BundleError("bundle-vocabulary", reason=str(error)) from None
    for number, token in enumerate(vocabulary.tokens, 1):
        if printable(token) != token:
            reason = f"{path}, line {number}, has a control character"
            raise BundleError("bundle-vocabulary", reason=reason)
    found, expected = len(vocabulary), manifest.model.vocabulary_size
    if found != expected:
        raise BundleError("bundle-vocabulary-size", path=str(path), found=found, expected=expected)
    roles = ("unknown", "end", "start", "line", *(("lower", "upper") if manifest.encoder else ()))
    for role in roles:
        if getattr(vocabulary, role) != getattr(manifest.tokens, role):
            raise BundleError("bundle-vocabulary-token", path=str(path), role=role)
    return vocabulary
