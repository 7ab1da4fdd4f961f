"""What a bundle is graded on: held-out lines to answer, and what poets wrote in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from lianju.bot.verse.prosody.forms import LENGTHS
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.corpus import form, simplifier

from ..corpus_index import read_lines, tested_poems
from ..errors import ExportError

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

    Lines with a character that the vocabulary lacks, or that a prompt would have simplified, are
    left out.

    Args:
        prompts: couplets, at most.
        poems: openings of quatrains, at most.
        seed: of the draw.

    Raises:
        CorpusError: the corpus cannot be read.
        ExportError: it has too little.
    """
    usable = _usable(vocabulary)
    held_out = _shuffled(corpus, HELD_OUT, seed)
    quatrains = _quatrains(held_out, usable)
    if len(quatrains) < FEWEST:
        raise _too_little(corpus)
    openings = _openings(held_out, usable)[:poems]
    training = islice(_poems(corpus, "train"), tested_poems(corpus))
    everything = [*quatrains, *_quatrains(training, usable)]
    drawn = np.random.default_rng(seed).permutation(len(everything))[: len(openings)]
    return Material(
        _couplets(corpus, held_out, usable)[:prompts],
        tuple(openings),
        tuple(quatrains),
        tuple(everything[i] for i in drawn),
    )


def read_couplets(
    corpus: Path, vocabulary: Vocabulary, prompts: int, seed: int, split: str
) -> tuple[Couplet, ...]:
    """Draws couplets, at most so many, from one held-out part; see `read_material`."""
    poems = _shuffled(corpus, (split,), seed)
    return _couplets(corpus, poems, _usable(vocabulary))[:prompts]


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


def _shuffled(corpus: Path, splits: Sequence[str], seed: int) -> list[Poem]:
    poems = [poem for split in splits for poem in _poems(corpus, split)]
    return [poems[i] for i in np.random.default_rng(seed).permutation(len(poems))]


_Usable = Callable[[Iterable[str]], bool]


def _usable(vocabulary: Vocabulary) -> _Usable:
    """Returns what tells whether the model reads lines as they stand."""
    simplify = simplifier()

    def usable(lines: Iterable[str]) -> bool:
        return all(
            all(map(vocabulary.is_ordinary, line)) and simplify(line) == line for line in lines
        )

    return usable


def _couplets(corpus: Path, poems: Iterable[Poem], usable: _Usable) -> tuple[Couplet, ...]:
    firsts: dict[str, Couplet] = {}
    for poem in poems:
        if len(poem) > 1 and len(poem[0]) == len(poem[1]) in LENGTHS and usable(poem[:2]):
            firsts.setdefault(poem[0], Couplet(*poem[:2]))
    if len(firsts) < FEWEST:
        raise _too_little(corpus)
    return tuple(firsts.values())


def _too_little(corpus: Path) -> ExportError:
    return ExportError(
        f"{corpus} has too few held-out poems with lines of 5 or 7 characters: give one that "
        "`lianju-train prepare` has made of Chinese verse."
    )


def _quatrains(poems: Iterable[Poem], usable: _Usable) -> list[Poem]:
    return [poem for poem in poems if form(poem) == "七绝" and usable(poem)]


def _openings(poems: Sequence[Poem], usable: _Usable) -> list[str]:
    """Lines of seven that begin a couplet, those that open a poem before all others."""
    ranks = {"七绝": 0, "七律": 1}
    ordered = sorted(poems, key=lambda poem: ranks.get(form(poem), 2))
    odd = [
        (number > 0, line)
        for poem in ordered
        for number, line in enumerate(poem[:-1])
        if number % 2 == 0 and len(line) == len(poem[number + 1]) == 7 and usable((line,))
    ]
    # False stands before True, and the order within each stays.
    return list(dict.fromkeys(line for _, line in sorted(odd, key=lambda each: each[0])))
