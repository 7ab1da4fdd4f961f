"""What a bundle is graded on: held-out lines to answer, and what poets wrote in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from lianju.bot.verse.forms import LENGTHS
from lianju.bot.verse.vocabulary import Vocabulary
from lianju.training.corpus import form, simplifier

from ..errors import ExportError
from ..known import read_lines, tested_poems

HELD_OUT = ("validation", "test")
FEWEST = 2  # lines to tell apart

Poem = tuple[str, ...]
"""The lines of a poem."""


@dataclass(frozen=True)
class Couplet:
    """The first two lines of a held-out poem, both of 5 or both of 7 characters."""

    first: str
    second: str


@dataclass(frozen=True)
class Material:
    """Lines to answer and the poets' own.

    Attributes:
        couplets: first lines, and what follows them.
        openings: lines of seven to make quatrains of: first lines before other odd ones, and
            those of quatrains before those of regulated verse and of other poems.
        quatrains: the held-out 七绝.
        sample: as many 七绝 as there are `openings`, of the corpus that is tested, from all its
            parts, since few are held out.
    """

    couplets: tuple[Couplet, ...]
    openings: tuple[str, ...]
    quatrains: tuple[Poem, ...]
    sample: tuple[Poem, ...]


def read_material(
    corpus: Path, vocabulary: Vocabulary, prompts: int, poems: int, seed: int
) -> Material:
    """Draws what a bundle is graded on from a prepared corpus.

    Poems with a character that the vocabulary lacks are left out, and held-out ones with a
    character that would be simplified in a prompt.

    Args:
        prompts: couplets, at most.
        poems: openings of quatrains, at most.
        seed: of the draw.

    Raises:
        CorpusError: the corpus cannot be read.
        ExportError: it has too little.
    """
    held_out = _shuffled(corpus, HELD_OUT, vocabulary, seed)
    quatrains = _quatrains(held_out)
    if len(quatrains) < FEWEST:
        raise _too_little(corpus)
    openings = _openings(held_out)[:poems]
    training = islice(_poems(corpus, "train"), tested_poems(corpus))
    everything = [*quatrains, *_quatrains(_known_poems(training, vocabulary))]
    drawn = np.random.default_rng(seed).permutation(len(everything))[: len(openings)]
    return Material(
        _couplets(corpus, held_out)[:prompts],
        tuple(openings),
        tuple(quatrains),
        tuple(everything[i] for i in drawn),
    )


def read_couplets(
    corpus: Path, vocabulary: Vocabulary, prompts: int, seed: int, split: str
) -> tuple[Couplet, ...]:
    """Draws couplets, at most so many, from one held-out part; see `read_material`."""
    return _couplets(corpus, _shuffled(corpus, (split,), vocabulary, seed))[:prompts]


def lines_found(corpus: Path, lines: Iterable[str]) -> set[str]:
    """Which of some lines the training part of a corpus has, by comparing the lines themselves.

    Raises:
        CorpusError: it cannot be read.
    """
    wanted = set(lines)
    return {line for poem in _poems(corpus, "train") for line in poem if line in wanted}


def _poems(corpus: Path, split: str) -> Iterator[Poem]:
    for poem in read_lines(corpus / f"{split}.txt"):
        yield tuple("".join(line) for line in poem)


def _shuffled(corpus: Path, splits: Sequence[str], vocabulary: Vocabulary, seed: int) -> list[Poem]:
    simplify = simplifier()
    poems = [
        poem
        for split in splits
        for poem in _known_poems(_poems(corpus, split), vocabulary)
        if all(simplify(line) == line for line in poem)
    ]
    return [poems[i] for i in np.random.default_rng(seed).permutation(len(poems))]


def _couplets(corpus: Path, poems: Iterable[Poem]) -> tuple[Couplet, ...]:
    firsts: dict[str, Couplet] = {}
    for poem in poems:
        if len(poem) > 1 and len(poem[0]) == len(poem[1]) in LENGTHS:
            firsts.setdefault(poem[0], Couplet(*poem[:2]))
    if len(firsts) < FEWEST:
        raise _too_little(corpus)
    return tuple(firsts.values())


def _too_little(corpus: Path) -> ExportError:
    return ExportError(
        f"{corpus} has too few held-out poems with lines of 5 or 7 characters: give one that "
        "`lianju-train prepare` has made of Chinese verse."
    )


def _known_poems(poems: Iterable[Poem], vocabulary: Vocabulary) -> list[Poem]:
    return [
        poem
        for poem in poems
        if poem and all(vocabulary.is_ordinary(each) for line in poem for each in line)
    ]


def _quatrains(poems: Iterable[Poem]) -> list[Poem]:
    return [poem for poem in poems if form(poem) == "七绝"]


def _openings(poems: Sequence[Poem]) -> list[str]:
    """Lines of seven that begin a couplet, those that open a poem before all others."""
    ranks = {"七绝": 0, "七律": 1}
    ordered = sorted(poems, key=lambda poem: ranks.get(form(poem), 2))
    odd = [
        (number > 0, line)
        for poem in ordered
        for number, line in enumerate(poem[:-1])
        if number % 2 == 0 and len(line) == len(poem[number + 1]) == 7
    ]
    # False stands before True, and the order within each stays.
    return list(dict.fromkeys(line for _, line in sorted(odd, key=lambda each: each[0])))
