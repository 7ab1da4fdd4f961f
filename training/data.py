"""From corpus files to a vocabulary and batches of token ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import (
    END,
    LINE,
    LOWER,
    START,
    UNKNOWN,
    UPPER,
    Vocabulary,
)
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .distributed import Processes
from .errors import CorpusError
from .pairs import Texts, parse_pairs
from .recipe import Batch, Data, Recipe
from .report import training_counts

IGNORED = -1  # the target of padding, and padding of a source

# Poems are sorted by length within a pool of this many batches; the pools are in random order.
_POOL_BATCHES = 64


def iterate_poems(path: Path, *, lowercase: bool = False) -> Iterator[list[str]]:
    """Yields the tokens of each poem in a corpus file, `</l>` among them where the file has it.

    Raises:
        CorpusError: The file is missing or not UTF-8.
    """
    for line in _lines(path, lowercase):
        if poem := line.split():
            yield poem


def _lines(path: Path, lowercase: bool) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield line.lower() if lowercase else line
    except FileNotFoundError as error:
        raise CorpusError(f"There is no {path}: run `lianju-train prepare` first.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text.") from error


def read_poems(path: Path, *, lowercase: bool = False) -> list[list[str]]:
    """Returns the poems of a corpus file; see `iterate_poems`.

    Raises:
        CorpusError: The file is missing, empty or not UTF-8.
    """
    poems = list(iterate_poems(path, lowercase=lowercase))
    if not poems:
        raise CorpusError(f"{path} is empty.")
    return poems


def read_texts(path: Path, *, pairs: bool, lowercase: bool = False) -> Texts:
    """Returns the texts of a corpus file: poems, or pairs.

    Raises:
        CorpusError: The file is missing, empty or not UTF-8, or a line is no pair.
    """
    if not pairs:
        return Texts(read_poems(path, lowercase=lowercase))
    found = list(parse_pairs(_lines(path, lowercase), path))
    if not found:
        raise CorpusError(f"{path} is empty.")
    return Texts([[*pair.target] for pair in found], [[*pair.source] for pair in found])


def oversample(texts: Texts, corpus: Path, times: int) -> Texts:
    """Repeats the training texts of the first part, from which validation and test texts are.

    Raises:
        CorpusError: The corpus has no parts.
    """
    if times == 1:
        return texts
    first = next(iter(training_counts(corpus).values()), 0)
    if not 0 < first < len(texts.targets):
        raise CorpusError(
            f"{corpus} has no parts: give --set data.oversampling=1, or prepare it again."
        )
    targets, sources = (
        None if part is None else part[:first] * times + part[first:]
        for part in (texts.targets, texts.sources)
    )
    return Texts(targets or [], sources)


def build_vocabulary(
    poems: Iterable[Iterable[str]],
    *,
    line_tokens: bool,
    minimum_count: int,
    maximum_size: int,
    pairs: bool = False,
) -> Vocabulary:
    """Returns a vocabulary of the most frequent tokens.

    Special tokens come first, then tokens by falling count, those of equal count in code point
    order; the same corpus always gives the same ids.

    Args:
        poems: The tokens of each poem; special tokens among them are not counted.
        line_tokens: Whether the vocabulary has `<s>` and `</l>`.
        minimum_count: Rarer tokens are left out.
        maximum_size: Size limit of the vocabulary, special tokens included.
        pairs: Whether the poems are the sides of pairs; the vocabulary has `<s>` then, and those
            of `<lower>` and `<upper>` that occur.
    """
    counts: Counter[str] = Counter()
    for poem in poems:
        counts.update(poem)
    special: tuple[str, ...] = (UNKNOWN, END, START, LINE) if line_tokens else (UNKNOWN, END)
    if pairs:
        special = (UNKNOWN, END, START, *(token for token in (LOWER, UPPER) if counts[token]))
    for token in {UNKNOWN, END, START, LINE, *special}:
        del counts[token]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [item for item in ranked if item[1] >= minimum_count][: maximum_size - len(special)]
    return Vocabulary(
        tokens=(*special, *(token for token, _ in kept)),
        counts=(*(-1 for _ in special), *(count for _, count in kept)),
    )


def apply_line_tokens(poem: list[str], vocabulary: Vocabulary) -> list[str]:
    """Returns a poem's tokens with `</l>` after each line if the vocabulary has it, else without.

    A poem without `</l>` is one line.
    """
    if vocabulary.line is None:
        return [token for token in poem if token != LINE]
    return poem if poem[-1] == LINE else [*poem, LINE]


def encode_poem(poem: list[str], vocabulary: Vocabulary) -> list[int]:
    """Returns a poem's ids: `<s>` and `</l>` if the vocabulary has them, the tokens, `<e>`."""
    start = [] if vocabulary.start is None else [vocabulary.start]
    return [*start, *vocabulary.encode(apply_line_tokens(poem, vocabulary)), vocabulary.end]


@dataclass(frozen=True)
class Packed:
    """Sequences of ids in one array.

    Attributes:
        ids: All ids, [N] int32.
        starts: Index of each sequence's first id, [S] int64.
        lengths: Number of ids of each sequence, the last target included, [S] int64.
        sources: The source of each sequence, if they are the targets of pairs.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    sources: Packed | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def order(self, part: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns indices in the order of the lengths, and of their sources' lengths."""
        if self.sources is None:
            return part[np.argsort(self.lengths[part], kind="stable")]
        return part[np.lexsort((self.sources.lengths[part], self.lengths[part]))]

    def sequences(self, indices: NDArray[np.int64]) -> list[Tensor]:
        """Returns the ids of each sequence."""
        places = zip(self.starts[indices], self.lengths[indices], strict=True)
        return [torch.from_numpy(self.ids[start : start + size]).long() for start, size in places]


def pack_pairs(texts: Texts, vocabulary: Vocabulary, data: Data) -> Packed:
    """Encodes pairs for training; those with a side outside the recipe's lengths are dropped.

    Raises:
        CorpusError: No pair has lengths within the recipe's limits.
    """
    limits = range(data.minimum_length, data.maximum_length + 1)
    kept = [
        (source, target)
        for source, target in zip(texts.sources or (), texts.targets, strict=True)
        if len(source) in limits and len(target) in limits
    ]
    if not kept:
        raise CorpusError(
            f"No pair has between {data.minimum_length} and {data.maximum_length} tokens a side."
        )
    sources = _packed([vocabulary.encode(source) for source, _ in kept])
    targets = _packed([encode_poem(target, vocabulary) for _, target in kept])
    return replace(targets, sources=sources)


def _packed(sequences: list[list[int]]) -> Packed:
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    ids = np.fromiter(chain.from_iterable(sequences), np.int32)
    return Packed(ids, np.cumsum(lengths) - lengths, lengths)


def pack(poems: list[list[str]], vocabulary: Vocabulary, data: Data) -> Packed:
    """Encodes poems for training; those outside the recipe's lengths are dropped or cut.

    The windows of a poem that is cut overlap by one token: the last target of one is the first
    input of the next, so every token is predicted exactly once.

    Raises:
        CorpusError: No poem has a length within the recipe's limits.
    """
    ids: list[int] = []
    starts: list[int] = []
    lengths: list[int] = []
    for poem in poems:
        size = sum(token != LINE for token in poem)
        if size < data.minimum_length or (data.overlong == "drop" and size > data.maximum_length):
            continue
        encoded = encode_poem(poem, vocabulary)
        # A whole window has maximum_length targets; `drop` has let only short poems through.
        window = data.maximum_length if data.overlong == "split" else len(encoded)
        for begin in range(0, len(encoded) - 1, window):
            starts.append(len(ids) + begin)
            lengths.append(min(window + 1, len(encoded) - begin))
        ids.extend(encoded)
    if not starts:
        raise CorpusError(
            f"No poem has between {data.minimum_length} and {data.maximum_length} characters."
        )
    return Packed(
        np.asarray(ids, np.int32), np.asarray(starts, np.int64), np.asarray(lengths, np.int64)
    )


def epoch_batches(packed: Packed, batch: Batch, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Groups the sequences into the batches of one epoch, as indices.

    The order depends on seed and epoch alone, so that a resumed run sees the batches that an
    uninterrupted one sees.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(packed))
    mean = float(packed.lengths.mean())
    per_batch = batch.size or max(1, int((batch.tokens or 0) / mean))
    if not batch.bucketing:
        return [order[i : i + per_batch] for i in range(0, len(order), per_batch)]
    groups: list[NDArray[np.int64]] = []
    pool = per_batch * _POOL_BATCHES
    for begin in range(0, len(order), pool):
        part = order[begin : begin + pool]
        part = packed.order(part)
        groups.extend(_cut(part, packed.lengths[part], batch))
    generator.shuffle(groups)
    return groups


def _cut(
    order: NDArray[np.int64], lengths: NDArray[np.int64], batch: Batch
) -> Iterator[NDArray[np.int64]]:
    """Cuts sequences of rising length into batches of `size` poems or `tokens` tokens."""
    begin = 0
    while begin < len(order):
        end = begin + 1
        while end < len(order) and (
            end - begin < batch.size
            if batch.size
            else (end - begin + 1) * (lengths[end] - 1) <= (batch.tokens or 0)
        ):
            end += 1
        yield order[begin:end]
        begin = end


def collate(packed: Packed, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Returns inputs [B, T] and targets [B, T], padded with 0 and `IGNORED`."""
    ids = packed.sequences(indices)
    # The last token is no input: its column would predict past the end.
    inputs = pad_sequence(ids, batch_first=True)[:, :-1]
    targets = pad_sequence(ids, batch_first=True, padding_value=IGNORED)[:, 1:]
    return inputs, targets


def stream_ids(poems: list[list[str]], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Returns the ids of one continuous text, with `<e>` after each line."""
    return np.asarray(
        [i for poem in poems for i in (*vocabulary.encode(poem), vocabulary.end)], np.int32
    )


def stream_windows(ids: NDArray[np.int32], rows: int, window: int) -> list[tuple[Tensor, Tensor]]:
    """Cuts a continuous text into batches for truncated backpropagation through time.

    Row r of each batch goes on where row r of the previous batch ended, so that the state can be
    carried from batch to batch.

    Returns:
        Inputs and targets, [rows, window] each; the last batch may be narrower.

    Raises:
        CorpusError: The text has fewer tokens than there are rows.
    """
    length = (len(ids) - 1) // rows
    if length < 1:
        raise CorpusError(
            f"The text has {len(ids)} tokens, too few for {rows} rows: lower batch.size."
        )
    tokens = torch.from_numpy(ids).long()
    inputs = tokens[: rows * length].reshape(rows, length)
    targets = tokens[1 : rows * length + 1].reshape(rows, length)
    return list(zip(torch.split(inputs, window, 1), torch.split(targets, window, 1), strict=True))


class TrainingData:
    """The training part of a corpus, in this process's batches.

    Args:
        texts: Poems, the lines of a continuous text, or pairs.
        processes: This process gets every n-th batch, or its rows of a continuous text.

    Raises:
        CorpusError: No text has a length within the recipe's limits.
    """

    def __init__(
        self, texts: Texts, vocabulary: Vocabulary, recipe: Recipe, processes: Processes
    ) -> None:
        self._recipe, self._processes = recipe, processes
        if recipe.data.stream:
            self._ids = stream_ids(texts.targets, vocabulary)
        elif texts.sources is not None:
            self._packed = pack_pairs(texts, vocabulary, recipe.data)
        else:
            self._packed = pack(texts.targets, vocabulary, recipe.data)

    def batches(self, epoch: int) -> list[Any]:
        """Returns the batches of one epoch, in order, each to be given to `load`.

        Raises:
            CorpusError: There is not a batch for each process.
        """
        recipe, rank, world_size = self._recipe, self._processes.rank, self._processes.world_size
        if recipe.data.stream:
            rows = recipe.batch.size or max(1, (recipe.batch.tokens or 0) // recipe.data.window)
            windows = stream_windows(self._ids, rows * world_size, recipe.data.window)
            own = slice(rank * rows, (rank + 1) * rows)
            return [(inputs[own], targets[own]) for inputs, targets in windows]
        batches = epoch_batches(self._packed, recipe.batch, recipe.run.seed, epoch)
        whole = len(batches) // world_size * world_size  # as many for each process
        if not whole:
            raise CorpusError(
                f"The corpus has batches for {len(batches)} of {world_size} processes: lower "
                f"batch.{'size' if recipe.batch.size else 'tokens'} or start fewer."
            )
        return batches[:whole][rank::world_size]

    def load(self, batch: Any) -> tuple[Tensor, Tensor, Tensor | None]:
        """Returns a batch on the device.

        Returns:
            Inputs [B, T] and targets [B, T], and the sources [B, S] of pairs, padded with
            `IGNORED`.
        """
        device, source = self._processes.device, None
        if self._recipe.data.stream:
            inputs, targets = batch
        else:
            inputs, targets = collate(self._packed, batch)
            if self._packed.sources is not None:
                sequences = self._packed.sources.sequences(batch)
                padded = pad_sequence(sequences, batch_first=True, padding_value=IGNORED)
                source = padded.to(device)
        return inputs.to(device), targets.to(device), source
