"""A bundle: the directory that holds a language model and all that is known of it."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..errors import BundleError
from ..prosody.table import Prosody
from ..text.corpus_index import CorpusIndex
from ..text.vocabulary import Vocabulary
from .manifest import Manifest

__all__ = ["KNOWN", "PROSODY", "Bundle", "default_directory", "load_bundle"]

MANIFEST = "manifest.json"
VOCABULARY = "vocab.txt"
PROSODY = "prosody.tsv"
KNOWN = "known.bin"


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files are those that its manifest describes.

    Attributes:
        prosody: Tones and rhymes of the vocabulary, if the bundle has them.
        known: The lines of its corpus, if the bundle has them.
    """

    directory: Path
    manifest: Manifest
    vocabulary: Vocabulary
    prosody: Prosody | None = None
    known: CorpusIndex | None = None

    @property
    def graph_path(self) -> Path:
        """The ONNX file of one step."""
        return self.directory / self.manifest.graph.file


def default_directory() -> Path:
    """The bundle that ships with Lianju."""
    return Path(str(files("lianju.bot") / "models" / "tang"))


def load_bundle(directory: Path) -> Bundle:
    """Opens a bundle after checking its every file against the manifest.

    Raises:
        BundleError: A file is missing, altered or does not fit the rest; the message names it.
    """
    if not directory.is_dir():
        raise BundleError(f"There is no bundle at {directory}: that is not a directory.")
    path = directory / MANIFEST
    try:
        manifest = Manifest.parse(_read(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise BundleError(f"{path} is not UTF-8 text.") from None
    except ValueError as error:
        raise BundleError(f"{path} {error}.") from None
    for name in (manifest.graph.file, VOCABULARY):
        if name not in manifest.files:
            raise BundleError(f"{path} lists no checksum for {name}.")
    for name, expected in manifest.files.items():
        content = _read(directory / name)
        if len(content) != expected.bytes:
            raise BundleError(
                f"{directory / name} has {len(content)} bytes and not the {expected.bytes} that "
                "the manifest promises: the bundle is damaged, so get it again."
            )
        if hashlib.sha256(content).hexdigest() != expected.sha256:
            raise BundleError(
                f"{directory / name} is not the file that the manifest describes (its SHA-256 "
                "differs): the bundle is damaged, so get it again."
            )
    vocabulary = _load_vocabulary(directory / VOCABULARY, manifest)
    prosody = known = None
    try:
        if PROSODY in manifest.files:
            name = PROSODY
            prosody = Prosody.parse(_read(directory / name).decode("utf-8"), vocabulary)
        if KNOWN in manifest.files:
            name = KNOWN
            known = CorpusIndex.parse(_read(directory / name), len(vocabulary))
    except ValueError as error:
        raise BundleError(f"{directory / name} {error}.") from None
    return Bundle(directory, manifest, vocabulary, prosody, known)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"The bundle is incomplete: {path} is missing.") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.") from None


def _load_vocabulary(path: Path, manifest: Manifest) -> Vocabulary:
    try:
        vocabulary = Vocabulary.load(path)
    except ValueError as error:
        raise BundleError(f"{error}.") from None
    size = manifest.model.vocabulary_size
    if len(vocabulary) != size:
        raise BundleError(f"{path} has {len(vocabulary)} tokens and the model {size}.")
    for role in ("unknown", "end", "start", "line"):
        if getattr(vocabulary, role) != getattr(manifest.tokens, role):
            raise BundleError(f"{path} and the manifest disagree on the {role} token.")
    return vocabulary
