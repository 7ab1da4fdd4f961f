"""Poems of the package with their titles and poets, and how well known they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from . import source
from .errors import CorpusError

# Search hits by author and title: poems and ranks are no longer in the same order.
_RANKS = re.compile(r"(?:^|/)poet\.(tang|song)\.rank\.(\d+)\.json$")
_POEMS = re.compile(r"(?:^|/)poet\.(tang|song)\.(\d+)\.json$")
_ELSEWHERE = re.compile(r"(?:^|/)(?:error|strains)/")  # files of the same names
_CLASSICS = re.compile(r"(?:^|/)唐诗三百首\.json$")

# Of the five engines it finds the 300 Tang poems best: AUC 0.90, the others 0.48 to 0.80.
_ENGINE = "so360"

Kind = Literal["poems", "ranks", "classics"]
T = TypeVar("T")


@dataclass(frozen=True)
class TitledPoem:
    """A poem as published in the source.

    Attributes:
        title: Empty where the source has none.
        hits: What a search engine found for poet and title; None where the source has no figure.
        is_classic: Whether it is one of the 300 Tang poems.
    """

    title: str
    poet: str
    text: str
    hits: int | None
    is_classic: bool


def read_titled(path: Path, corpus: str) -> list[TitledPoem]:
    """Returns the poems of a corpus with their titles, in the package's order.

    Args:
        path: The archive of the package, or a folder with an unpacked copy.
        corpus: "tang" or "song".

    Raises:
        CorpusError: The source cannot be read, or has no such poems.
    """

    def wanted(name: str) -> tuple[Kind, int] | None:
        patterns: tuple[tuple[Kind, re.Pattern[str]], ...] = (("poems", _POEMS), ("ranks", _RANKS))
        for kind, pattern in patterns:
            match = pattern.search(name)
            if match and match[1] == corpus and not _ELSEWHERE.search(name):
                return kind, int(match[2])
        return ("classics", 0) if _CLASSICS.search(name) else None

    read = source.files_of_folder if path.is_dir() else source.files_of_archive
    found = read(path, wanted)

    def convert(kind: Kind, entry: Callable[[dict[str, Any]], T]) -> list[T]:
        entries: list[T] = []
        for key in sorted(key for key in found if key[0] == kind):
            with source.json_of(found[key], str(path), f"{kind} {key[1]}") as content:
                entries += map(entry, content)
        return entries

    hits = dict(convert("ranks", lambda it: ((it["author"], it["title"]), int(it[_ENGINE]))))
    classics = set(convert("classics", lambda it: str(it["id"])))
    poems = convert(
        "poems",
        lambda it: TitledPoem(
            str(it.get("title", "")),
            str(it.get("author", "")),
            "".join(it["paragraphs"]),
            hits.get((it.get("author", ""), it.get("title", ""))),
            it.get("id") in classics,
        ),
    )
    if not poems:
        raise CorpusError(f"{path} has no poet.{corpus}.*.json: give the source of the corpus.")
    return poems
