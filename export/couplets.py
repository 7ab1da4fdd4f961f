"""The table of word kinds in a bundle for couplets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianju.bot.verse.model.bundle import KINDS, load_bundle
from lianju.bot.verse.text.couplet import COMMA
from lianju.bot.verse.text.vocabulary import LOWER
from lianju.training.data import read_texts

from .errors import ExportError
from .update import update_bundle
from .word_kinds import find_word_kinds

CONTENTS = {KINDS: "characters that answer one another in couplets, a kind a line"}

Line = tuple[str, ...]


def add_word_kinds(directory: Path, pairs: Path, version: str) -> list[str]:
    """Puts the table of word kinds into a bundle.

    Args:
        directory: The bundle, of an encoder-decoder.
        pairs: The prepared couplets that it was trained on.
        version: Of the bundle from now on.

    Returns:
        The kinds, each as its characters.

    Raises:
        BundleError: The bundle is damaged.
        CorpusError: The corpus cannot be read.
        ExportError: The bundle has no encoder, the corpus no couplets, or nothing can be written.
    """
    bundle = load_bundle(directory)
    if bundle.manifest.encoder is None:
        raise ExportError(f"{directory} has no encoder: give the bundle of an encoder-decoder.")
    found = find_word_kinds(read_couplets(pairs, "train"))
    ordinary = ("".join(filter(bundle.vocabulary.is_ordinary, kind)) for kind in found)
    kinds = [kind for kind in ordinary if kind]
    if not kinds:
        raise ExportError(
            f"{pairs} has no couplets, or too few to learn word kinds from: give what "
            "`lianju-train prepare --pairs couplets` has made."
        )
    table = "".join(f"{kind}\t{kind}\n" for kind in kinds)
    update_bundle(directory, {KINDS: table.encode()}, CONTENTS, version)
    return kinds


def read_couplets(pairs: Path, split: str) -> Iterator[tuple[Line, Line]]:
    """Yields the upper and lower lines without a comma in a part of prepared couplets.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    texts = read_texts(pairs / f"{split}.txt", pairs=True)
    for source, target in zip(texts.sources or (), texts.targets, strict=True):
        if source[0] == LOWER and COMMA not in source and len(source) == len(target) + 1:
            yield tuple(source[1:]), tuple(target)
