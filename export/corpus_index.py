"""Builds the index of a corpus: which lines it has, and which line follows another."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.corpus_index import CorpusIndex, continuation_keys, line_keys
from lianju.bot.verse.text.vocabulary import LINE, Vocabulary
from lianju.training.data import iterate_poems
from lianju.training.prepare import SPLITS
from lianju.training.report import training_counts
from numpy.typing import NDArray

from .binary_fuse import build_map, build_set

# False positives: 1 in 1,024. So a good candidate is lost now and then, and in one of 250 quatrains
# that are checked a line is called one of the corpus. A bit is a fifteenth of the file.
_LINE_BITS = 10

Poem = list[list[str]]
"""The lines of a poem, each its tokens."""


def build_corpus_index(corpus: Path, vocabulary: Vocabulary) -> bytes:
    """Returns the index of all lines of a prepared corpus, held-out ones included, as a file.

    Continuations are second lines of couplets whose lines have one length, in the held-out parts
    and in the tested corpus, which comes first in the training part. Of several second lines after
    one first line the most frequent is kept, of equally frequent ones the one of commoner tokens,
    of those the first. Lines with a token that the vocabulary lacks are left out.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    lines: dict[int, array[int]] = defaultdict(lambda: array("I"))
    couplets: dict[int, array[int]] = defaultdict(lambda: array("I"))
    for poem, is_tested in _poems(corpus, vocabulary):
        encoded = [_encode(line, vocabulary) for line in poem]
        for line in encoded:
            lines[len(line)].extend(line)
        if is_tested:
            for first, second in zip(encoded[::2], encoded[1::2], strict=False):
                if first and len(first) == len(second):
                    couplets[len(first)].extend((*first, *second))
    lines.pop(0, None)
    keys = [line_keys(_rows(tokens, length)) for length, tokens in lines.items()]
    # Integers, so that the sum over a line does not depend on the order of its tokens.
    frequency = np.rint(1e6 * np.log(np.maximum(1, vocabulary.counts))).astype(np.int64)
    continuations = [
        _continuations(_rows(tokens, 2 * length), frequency) for length, tokens in couplets.items()
    ]
    nothing = np.zeros(0, np.uint64)
    return CorpusIndex(
        len(vocabulary),
        build_set(np.concatenate((nothing, *keys)), _LINE_BITS),
        build_map(
            np.concatenate((nothing, *(keys for keys, _ in continuations))),
            np.concatenate((nothing, *(tokens for _, tokens in continuations))),
            (len(vocabulary) - 1).bit_length(),
        ),
    ).dump()


def read_lines(path: Path, *, lowercase: bool = False) -> Iterator[Poem]:
    """Yields the poems of a corpus file as lines of tokens.

    Raises:
        CorpusError: The file is missing or not UTF-8.
    """
    for poem in iterate_poems(path, lowercase=lowercase):
        yield [list(line) for is_end, line in groupby(poem, LINE.__eq__) if not is_end]


def tested_poems(corpus: Path) -> int | None:
    """Returns how many poems at the start of the training part are of the tested corpus.

    None stands for all of them.
    """
    return next(iter(training_counts(corpus).values()), None)


def _poems(corpus: Path, vocabulary: Vocabulary) -> Iterator[tuple[Poem, bool]]:
    """Yields all poems of a corpus, each with whether it is of the tested corpus."""
    tested = tested_poems(corpus)
    for split in SPLITS:
        poems = read_lines(corpus / f"{split}.txt", lowercase=vocabulary.is_lowercase)
        for number, poem in enumerate(poems):
            yield poem, split != "train" or tested is None or number < tested


def _encode(line: list[str], vocabulary: Vocabulary) -> list[int]:
    """Returns the ids of a line's tokens; none if the vocabulary lacks one."""
    ids = vocabulary.encode(line)
    return [] if vocabulary.unknown in ids else ids


def _rows(tokens: array[int], length: int) -> NDArray[np.int64]:
    return np.asarray(tokens, np.int64).reshape(-1, length)


def _continuations(
    couplets: NDArray[np.int64], frequency: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Returns keys and tokens of the second line that is kept for each first line, end to end."""
    length = couplets.shape[1] // 2
    _, where, times = np.unique(line_keys(couplets), return_index=True, return_counts=True)
    first, second = couplets[where, :length], couplets[where, length:]
    keys = line_keys(first)
    order = np.lexsort((where, -frequency[second].sum(axis=1), -times, keys))
    chosen = order[np.unique(keys[order], return_index=True)[1]]
    tokens = second[chosen].astype(np.uint64)
    return continuation_keys(keys[chosen], length).reshape(-1), tokens.reshape(-1)
