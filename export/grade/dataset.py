"""What a bundle is graded on: held-out lines to answer, and what poets wrote there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lianju.bot.verse.prosody.forms import LENGTHS
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.corpus import form, simplifier

from ..corpus_index import read_lines, tested_poems
from ..errors import ExportError

HELD_OUT = ("validation", "test")
MINIMUM = 2  # a ranking needs two lines

Poem = tuple[str, ...]
"""The lines of a poem."""


class Couplet(NamedTuple):
    """The first two lines of a held-out poem, both of 5 or both of 7 characters."""

    first: str
    second: str


class Dataset(NamedTuple):
    """Lines to answer, and what poets wrote.

    Attributes:
        couplets: First lines, each with the line that follows it.
        openings: Lines of seven characters to write quatrains from: first lines before other odd
            ones, and those of quatrains before those of regulated verse and of other poems.
        quatrains: The held-out 七绝.
        sample: As many 七绝 as there are `openings`, from all parts of the tested corpus, since
            few are held out.
        poems: All held-out poems.
        training_couplets: First lines of the tested corpus that are not held out.
        training_quatrains: The 七绝 among them.
    """

    couplets: tuple[Couplet, ...]
    openings: tuple[str, ...]
    quatrains: tuple[Poem, ...]
    sample: tuple[Poem, ...]
    poems: tuple[Poem, ...] = ()
    training_couplets: tuple[Couplet, ...] = ()
    training_quatrains: tuple[Poem, ...] = ()


def read_dataset(
    corpus: Path, vocabulary: Vocabulary, prompts: int, poems: int, seed: int, pairs: int = 0
) -> Dataset:
    """Draws a dataset from a prepared corpus.

    Lines with a character that the vocabulary lacks, or that a prompt would have simplified, are
    left out.

    Args:
        prompts: Largest number of couplets.
        poems: Largest number of openings.
        seed: Of the draw.
        pairs: Largest number of training couplets.

    Raises:
        CorpusError: The corpus cannot be read.
        ExportError: It has too few usable lines.
    """
    usable = _usable(vocabulary)
    held_out = shuffled_poems(corpus, HELD_OUT, seed)
    quatrains = _quatrains(held_out, usable)
    if len(quatrains) < MINIMUM:
        raise _too_few(corpus)
    openings = _openings(held_out, usable)[:poems]
    training = list(islice(read_poems(corpus, "train"), tested_poems(corpus)))
    training_quatrains = _quatrains(training, usable)
    everything = [*quatrains, *training_quatrains]
    generator = np.random.default_rng((seed, 1))
    shuffled = [training[i] for i in generator.permutation(len(training))]
    drawn = np.random.default_rng(seed).permutation(len(everything))[: len(openings)]
    return Dataset(
        _couplets(corpus, held_out, usable)[:prompts],
        tuple(openings),
        tuple(quatrains),
        tuple(everything[i] for i in drawn),
        tuple(poem for poem in held_out if usable(poem)),
        _couplets(corpus, shuffled[: 2 * pairs], usable)[:pairs] if pairs else (),
        tuple(_quatrains(shuffled, usable)),
    )


def read_poems(corpus: Path, split: str) -> Iterator[Poem]:
    """Yields the poems of one part of a prepared corpus.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    for poem in read_lines(corpus / f"{split}.txt"):
        yield tuple("".join(line) for line in poem)


def shuffled_poems(corpus: Path, splits: Sequence[str], seed: int) -> list[Poem]:
    """Returns the poems of some parts of a prepared corpus in random order.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    poems = [poem for split in splits for poem in read_poems(corpus, split)]
    return [poems[i] for i in np.random.default_rng(seed).permutation(len(poems))]


_Usable = Callable[[Iterable[str]], bool]


def _usable(vocabulary: Vocabulary) -> _Usable:
    """Returns a predicate: whether the model reads all of some lines unchanged."""
    simplify = simplifier()

    def usable(lines: Iterable[str]) -> bool:
        return all(
            all(map(vocabulary.is_ordinary, line)) and simplify(line) == line for line in lines
        )

    return usable


def _couplets(corpus: Path, poems: Iterable[Poem], usable: _Usable) -> tuple[Couplet, ...]:
    by_first: dict[str, Couplet] = {}
    for poem in poems:
        if len(poem) > 1 and len(poem[0]) == len(poem[1]) in LENGTHS and usable(poem[:2]):
            by_first.setdefault(poem[0], Couplet(*poem[:2]))
    if len(by_first) < MINIMUM:
        raise _too_few(corpus)
    return tuple(by_first.values())


def _too_few(corpus: Path) -> ExportError:
    return ExportError(
        f"{corpus} has too few held-out poems with lines of 5 or 7 characters: give one that "
        "`lianju-train prepare` has made of Chinese verse."
    )


def _quatrains(poems: Iterable[Poem], usable: _Usable) -> list[Poem]:
    return [poem for poem in poems if form(poem) == "七绝" and usable(poem)]


def _openings(poems: Sequence[Poem], usable: _Usable) -> list[str]:
    """Returns lines of seven that begin a couplet; those that open a poem come first."""
    ranks = {"七绝": 0, "七律": 1}
    ordered = sorted(poems, key=lambda poem: ranks.get(form(poem), 2))
    odd = [
        (number > 0, line)
        for poem in ordered
        for number, line in enumerate(poem[:-1])
        if number % 2 == 0 and len(line) == len(poem[number + 1]) == 7 and usable((line,))
    ]
    odd.sort(key=lambda each: each[0])  # stable
    return list(dict.fromkeys(line for _, line in odd))
