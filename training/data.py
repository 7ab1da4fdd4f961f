"""From corpus files to a vocabulary and batches of token ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import END, LINE, START, UNKNOWN, Vocabulary
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .distributed import Processes
from .errors import CorpusError
from .recipe import Batch, Data, Recipe

IGNORED = -1  # the target of padding

# Poems are sorted by length within a pool of this many batches; the pools are in random order.
_POOL_BATCHES = 64


def iterate_poems(path: Path, *, lowercase: bool = False) -> Iterator[list[str]]:
    """Yields the tokens of each poem in a corpus file, `</l>` among them where the file has it.

    Raises:
        CorpusError: The file is missing or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if poem := (line.lower() if lowercase else line).split():
                    yield poem
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


def read_report(corpus: Path) -> dict[str, Any]:
    """Returns the report that `prepare` wrote with a corpus; empty where there is none."""
    try:
        report: dict[str, Any] = json.loads((corpus / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def training_counts(corpus: Path) -> dict[str, int]:
    """Returns the number of training poems by part, `tang` or `song`, in the order of the file.

    It is empty where the report has no parts.
    """
    kept = read_report(corpus).get("kept", {}).get("train", {})
    return {name: part["poems"] for name, part in kept.items() if isinstance(part, dict)}


def is_stream(corpus: Path) -> bool | None:
    """Whether a corpus is one continuous text; None where it has no report."""
    stream: bool | None = read_report(corpus).get("stream")
    return stream


def check_kind(corpus: Path, data: Data) -> None:
    """Checks that a recipe reads a corpus as what it is: poems, or one continuous text.

    Raises:
        CorpusError: It does not.
    """
    stream = is_stream(corpus)
    if stream not in (None, data.stream):
        raise CorpusError(
            f"{corpus} is {'' if stream else 'not '}one continuous text: give "
            f"--set data.stream={str(stream).lower()}."
        )


def oversample(poems: list[list[str]], corpus: Path, times: int) -> list[list[str]]:
    """Repeats the training poems of the first part, from which validation and test poems are.

    Raises:
        CorpusError: The corpus has no parts.
    """
    if times == 1:
        return poems
    first = next(iter(training_counts(corpus).values()), 0)
    if not 0 < first < len(poems):
        raise CorpusError(
            f"{corpus} has no parts: give --set data.oversampling=1, or prepare it again."
        )
    return poems[:first] * times + poems[first:]


def build_vocabulary(
    poems: Iterable[Iterable[str]], *, line_tokens: bool, minimum_count: int, maximum_size: int
) -> Vocabulary:
    """Returns a vocabulary of the most frequent tokens.

    Special tokens come first, then tokens by falling count, those of equal count in code point
    order; the same corpus always gives the same ids.

    Args:
        poems: The tokens of each poem; special tokens among them are not counted.
        line_tokens: Whether the vocabulary has `<s>` and `</l>`.
        minimum_count: Rarer tokens are left out.
        maximum_size: Size limit of the vocabulary, special tokens included.
    """
    special = (UNKNOWN, END, START, LINE) if line_tokens else (UNKNOWN, END)
    counts: Counter[str] = Counter()
    for poem in poems:
        counts.update(poem)
    for token in (UNKNOWN, END, START, LINE):
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
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


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
        part = part[np.argsort(packed.lengths[part], kind="stable")]
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
    starts, lengths = packed.starts[indices], packed.lengths[indices]
    ids = [
        torch.from_numpy(packed.ids[start : start + length]).long()
        for start, length in zip(starts, lengths, strict=True)
    ]
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
        poems: The tokens of each poem, or of each line of a continuous text.
        processes: This process gets every n-th batch, or its rows of a continuous text.

    Raises:
        CorpusError: No poem has a length within the recipe's limits.
    """

    def __init__(
        self, poems: list[list[str]], vocabulary: Vocabulary, recipe: Recipe, processes: Processes
    ) -> None:
        self._recipe, self._processes = recipe, processes
        if recipe.data.stream:
            self._ids = stream_ids(poems, vocabulary)
        else:
            self._packed = pack(poems, vocabulary, recipe.data)

    def batches(self, epoch: int) -> list[Any]:
        """Returns the batches of one epoch, in order, each to be given to `load`."""
        recipe, rank, world_size = self._recipe, self._processes.rank, self._processes.world_size
        if recipe.data.stream:
            rows = recipe.batch.size or max(1, (recipe.batch.tokens or 0) // recipe.data.window)
            windows = stream_windows(self._ids, rows * world_size, recipe.data.window)
            own = slice(rank * rows, (rank + 1) * rows)
            return [(inputs[own], targets[own]) for inputs, targets in windows]
        batches = epoch_batches(self._packed, recipe.batch, recipe.run.seed, epoch)
        whole = len(batches) // world_size * world_size  # as many for each process
        return batches[:whole][rank::world_size]

    def load(self, batch: Any) -> tuple[Tensor, Tensor]:
        """Returns inputs [B, T] and targets [B, T] of a batch, on the device."""
        inputs, targets = batch if self._recipe.data.stream else collate(self._packed, batch)
        return inputs.to(self._processes.device), targets.to(self._processes.device)
