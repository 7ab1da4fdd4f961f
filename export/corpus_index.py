"""The known lines of a bundle, from the corpus."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.corpus_index import CorpusIndex, answer_keys, line_keys
from lianju.bot.verse.text.vocabulary import LINE, Vocabulary
from lianju.training.data import read_report
from lianju.training.errors import CorpusError
from lianju.training.prepare import SPLITS
from numpy.typing import NDArray

from .binary_fuse import fuse_map, fuse_set

_LINE_BITS = 14  # 1 in 16,384 lines that the corpus lacks seems to be in it

Poem = list[list[str]]
"""The lines of a poem, each its tokens."""


def build_known(corpus: Path, vocabulary: Vocabulary) -> bytes:
    """Returns the file of all lines of a prepared corpus, held-out ones included.

    Answers are those of the corpus that is tested, which comes first in its training part, and of
    the held-out parts: the second line of each couplet whose lines are equally long. Where a first
    line has several second lines, the most frequent answers it, of equals the one of commoner
    tokens, of equals the first. A line with a token that the vocabulary lacks can never be
    written, so it is left out.

    Raises:
        CorpusError: the corpus cannot be read.
    """
    lines: dict[int, array[int]] = defaultdict(lambda: array("I"))
    couplets: dict[int, array[int]] = defaultdict(lambda: array("I"))
    for poem, answers in _poems(corpus, vocabulary):
        encoded = [_encode(line, vocabulary) for line in poem]
        for line in encoded:
            lines[len(line)].extend(line)
        if answers:
            for first, second in zip(encoded[::2], encoded[1::2], strict=False):
                if first and len(first) == len(second):
                    couplets[len(first)].extend((*first, *second))
    lines.pop(0, None)
    keys = [line_keys(_rows(tokens, length)) for length, tokens in lines.items()]
    # How common each token is; whole numbers, so that the same tokens in any order add up to one.
    common = np.rint(1e6 * np.log(np.maximum(1, vocabulary.counts))).astype(np.int64)
    answered = [_answers(_rows(c, 2 * length), common) for length, c in couplets.items()]
    nothing = np.zeros(0, np.uint64)
    return CorpusIndex(
        len(vocabulary),
        fuse_set(np.concatenate((nothing, *keys)), _LINE_BITS),
        fuse_map(
            np.concatenate((nothing, *(keys for keys, _ in answered))),
            np.concatenate((nothing, *(tokens for _, tokens in answered))),
            (len(vocabulary) - 1).bit_length(),
        ),
    ).dump()


def read_lines(path: Path, *, lowercase: bool = False) -> Iterator[Poem]:
    """Reads the poems of a corpus file one by one, as lines.

    Raises:
        CorpusError: the file is missing or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for text in file:
                poem = text.lower() if lowercase else text
                yield [tokens for line in poem.split(LINE) if (tokens := line.split())]
    except FileNotFoundError as error:
        raise CorpusError(f"There is no {path}: run `lianju-train prepare` first.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text.") from error


def tested_poems(corpus: Path) -> int | None:
    """How many poems of the training part, its first, are of the corpus that is tested.

    Returns:
        None where all of them are, as far as the corpus tells.
    """
    kept = read_report(corpus).get("kept", {}).get("train", {})
    first = next(iter(kept.values()), None)
    return first["poems"] if isinstance(first, dict) else None


def _poems(corpus: Path, vocabulary: Vocabulary) -> Iterator[tuple[Poem, bool]]:
    """All poems of a corpus, and of each whether it is one of the corpus that is tested."""
    tested = tested_poems(corpus)
    for split in SPLITS:
        poems = read_lines(corpus / f"{split}.txt", lowercase=vocabulary.is_lowercase)
        for number, poem in enumerate(poems):
            yield poem, split != "train" or tested is None or number < tested


def _encode(line: list[str], vocabulary: Vocabulary) -> list[int]:
    """The ids of a line's tokens; none where the vocabulary lacks one."""
    ids = vocabulary.encode(line)
    return [] if vocabulary.unknown in ids else ids


def _rows(tokens: array[int], length: int) -> NDArray[np.int64]:
    return np.asarray(tokens, np.int64).reshape(-1, length)


def _answers(
    couplets: NDArray[np.int64], common: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Keys and tokens of the one second line that answers each first line, end to end."""
    length = couplets.shape[1] // 2
    _, where, times = np.unique(line_keys(couplets), return_index=True, return_counts=True)
    first, second = couplets[where, :length], couplets[where, length:]
    keys = line_keys(first)
    order = np.lexsort((where, -common[second].sum(axis=1), -times, keys))
    chosen = order[np.unique(keys[order], return_index=True)[1]]
    tokens = second[chosen].astype(np.uint64)
    return answer_keys(keys[chosen], length).reshape(-1), tokens.reshape(-1)
