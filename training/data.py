"""From corpus files to batches of token ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import LINE, Vocabulary
from numpy.typing import NDArray
from torch import Tensor

from .errors import CorpusError
from .recipe import Batch, Data

IGNORED = -1  # the target of padding

# Batches are sorted by length within a pool of this many, so that the order stays random at large.
_POOL_BATCHES = 64


def read_poems(path: Path, *, lowercase: bool = False) -> list[list[str]]:
    """Reads a corpus file: the tokens of each poem, `</l>` among them where the file has it.

    Raises:
        CorpusError: the file is missing, empty or not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CorpusError(f"There is no {path}: run `lianju-train prepare` first.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text.") from error
    poems = [line.split() for line in (text.lower() if lowercase else text).splitlines()]
    poems = [poem for poem in poems if poem]
    if not poems:
        raise CorpusError(f"{path} is empty.")
    return poems


def read_report(corpus: Path) -> dict[str, Any]:
    """Returns what `prepare` told of a corpus; nothing where the corpus does not say."""
    try:
        report: dict[str, Any] = json.loads((corpus / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def oversample(poems: list[list[str]], corpus: Path, times: int) -> list[list[str]]:
    """Repeats the training poems of the corpus that is tested, which come first in the file.

    Raises:
        CorpusError: the corpus does not say which those are.
    """
    if times == 1:
        return poems
    kept = read_report(corpus).get("kept", {}).get("train", {})
    first = next(iter(kept.values()), {}).get("poems", 0)
    if not 0 < first < len(poems):
        raise CorpusError(
            f"{corpus} is not of several corpora: data.oversampling must be 1, or prepare it anew."
        )
    return poems[:first] * times + poems[first:]


def as_read(poem: list[str], vocabulary: Vocabulary) -> list[str]:
    """Returns a poem's tokens with `</l>` after each line if, and only if, the model has it.

    A poem whose file does not mark its lines is one line.
    """
    if vocabulary.line is None:
        return [token for token in poem if token != LINE]
    return poem if poem[-1] == LINE else [*poem, LINE]


def encode_poem(poem: list[str], vocabulary: Vocabulary) -> list[int]:
    """Returns a poem's ids: `<s>` if the model has it, the tokens as read, `<e>`."""
    start = [] if vocabulary.start is None else [vocabulary.start]
    return [*start, *vocabulary.encode(as_read(poem, vocabulary)), vocabulary.end]


@dataclass(frozen=True)
class Packed:
    """Sequences of ids end to end.

    Attributes:
        ids: [N] int32.
        starts: [S] int64, where each sequence begins.
        lengths: [S] int64, of each sequence, the last target included.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


def pack(poems: list[list[str]], vocabulary: Vocabulary, data: Data) -> Packed:
    """Encodes poems for training, dropping or cutting those of unfit length.

    A poem that is cut goes on in a window whose first token is the last target of the one
    before, so every token is predicted exactly once.

    Raises:
        CorpusError: no poem has a length that the recipe wants.
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
    """Groups the sequences of one pass into batches of indices.

    The order depends on the seed and the pass alone, so that a resumed run sees what an
    uninterrupted one would have.
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
    generator.shuffle(groups)  # type: ignore[arg-type]
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
    lengths = packed.lengths[indices]
    width = int(lengths.max())
    offsets = np.arange(width)
    inside = offsets < lengths[:, None]
    where = np.where(inside, packed.starts[indices][:, None] + offsets, 0)
    ids = packed.ids[where].astype(np.int64)
    inputs = np.where(inside, ids, 0)[:, :-1]
    targets = np.where(inside, ids, IGNORED)[:, 1:]
    # The last token is no input: its column would predict past the end.
    return torch.from_numpy(inputs.copy()), torch.from_numpy(targets.copy())


def stream_ids(poems: list[list[str]], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Returns one continuous text's ids; its lines are told apart by `<e>`."""
    return np.asarray(
        [i for poem in poems for i in (*vocabulary.encode(poem), vocabulary.end)], np.int32
    )


def stream_windows(ids: NDArray[np.int32], rows: int, window: int) -> list[tuple[Tensor, Tensor]]:
    """Cuts a continuous text into `rows` parallel strands of consecutive windows.

    Row r of each batch goes on where row r of the batch before ended, so that the state can be
    carried along (truncated backpropagation through time).

    Raises:
        CorpusError: the text is shorter than one window a row.
    """
    strand = (len(ids) - 1) // rows
    if strand < 1:
        raise CorpusError(
            f"The text has {len(ids)} tokens, too few for {rows} rows: lower batch.size."
        )
    inputs = ids[: rows * strand].reshape(rows, strand).astype(np.int64)
    targets = ids[1 : rows * strand + 1].reshape(rows, strand).astype(np.int64)
    return [
        (
            torch.from_numpy(inputs[:, i : i + window].copy()),
            torch.from_numpy(targets[:, i : i + window].copy()),
        )
        for i in range(0, strand, window)
    ]
