"""Ranking groups: contexts, each with the poet's next line and with lines of a model's own.

`lianju-export groups` draws them from a corpus with a bundle; the re-ranker is trained on them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import CorpusError

Tokens = Sequence[int]

FILE_FORMAT = 1
POOL_BATCHES = 64  # contexts are sorted by length within a pool of so many batches


class Group(NamedTuple):
    """One context with its candidates, all of one length.

    Attributes:
        context: Token ids of the lines so far, with line tokens between them.
        poet: Token ids of the line that follows.
        drawn: Lines that a model wrote instead; may be empty.
        kind: Lines of the same kind (length, rhyme, tones) have the same number.
    """

    context: Tokens
    poet: Tokens
    drawn: Sequence[Tokens]
    kind: int


@dataclass(frozen=True)
class _Ragged:
    """Rows of different lengths in one array."""

    values: NDArray[np.int32]
    starts: NDArray[np.int64]  # [rows + 1]

    @classmethod
    def join(cls, rows: Iterable[Tokens]) -> _Ragged:
        arrays = [np.asarray(row, np.int32) for row in rows]
        starts = np.cumsum([0, *map(len, arrays)], dtype=np.int64)
        return cls(np.concatenate([*arrays, np.zeros(0, np.int32)]), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        return self.values[self.starts[row] : self.starts[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)


class GroupBatch(NamedTuple):
    """Groups of one candidate length, as tensors; the arguments of `Reranker` come first.

    Attributes:
        context: [P, C].
        candidates: [N, T]; of each group the poet's line, its drawn lines, and poets' lines of the
            same kind from elsewhere.
        poem: [N].
        drawn: [P, 1 + D], numbers of the candidates that compete as to who wrote them, the poet's
            first; −1 is none.
        others: [P, 1 + R], numbers of those that compete as to what follows, the poet's first.
    """

    context: Tensor
    candidates: Tensor
    poem: Tensor
    drawn: Tensor
    others: Tensor


class RankingGroups:
    """All groups of a file.

    Attributes:
        tokens: The vocabulary whose ids they have.
        info: Where they come from: the bundle, the corpus, how lines were drawn.
    """

    def __init__(
        self,
        contexts: _Ragged,
        lines: _Ragged,
        first_line: NDArray[np.int64],
        kinds: NDArray[np.int64],
        tokens: Sequence[str],
        info: dict[str, Any],
    ) -> None:
        self._contexts, self._lines = contexts, lines
        self._first_line, self._kinds = first_line, kinds  # [groups + 1], [groups]
        self.tokens, self.info = tuple(tokens), info
        self._lengths = lines.lengths[first_line[:-1]]
        order = np.argsort(kinds, kind="stable")
        names, starts = np.unique(kinds[order], return_index=True)
        parts = np.split(order, starts[1:])
        self._members = {int(name): part for name, part in zip(names, parts, strict=False)}

    @classmethod
    def collect(
        cls, groups: Iterable[Group], tokens: Sequence[str], info: dict[str, Any]
    ) -> RankingGroups:
        """Collects groups in the order given."""
        contexts, lines, first_line, kinds = [], [], [0], []
        for group in groups:
            contexts.append(group.context)
            lines += [group.poet, *group.drawn]
            first_line.append(len(lines))
            kinds.append(group.kind)
        return cls(
            _Ragged.join(contexts),
            _Ragged.join(lines),
            np.array(first_line, np.int64),
            np.array(kinds, np.int64),
            tokens,
            info,
        )

    @classmethod
    def load(cls, path: Path) -> RankingGroups:
        """Reads a file that `save` wrote.

        Raises:
            CorpusError: It is missing, or is no such file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                if header["format"] != FILE_FORMAT:
                    raise _no_groups(path)
                return cls(
                    _Ragged(file["context_values"], file["context_starts"]),
                    _Ragged(file["line_values"], file["line_starts"]),
                    file["first_line"],
                    file["kinds"],
                    header["tokens"],
                    header["info"],
                )
        except FileNotFoundError as error:
            raise CorpusError(f"There is no {path}: run `lianju-export groups` first.") from error
        except (OSError, EOFError, BadZipFile, ValueError, KeyError, TypeError) as error:
            raise _no_groups(path) from error

    def save(self, path: Path) -> None:
        """Writes all groups to a file."""
        header = {"format": FILE_FORMAT, "tokens": self.tokens, "info": self.info}
        np.savez_compressed(
            path,
            header=np.array(json.dumps(header, ensure_ascii=False)),
            context_values=self._contexts.values,
            context_starts=self._contexts.starts,
            line_values=self._lines.values,
            line_starts=self._lines.starts,
            first_line=self._first_line,
            kinds=self._kinds,
        )

    def __len__(self) -> int:
        return len(self._kinds)

    def __getitem__(self, number: int) -> Group:
        first, end = self._first_line[number : number + 2].tolist()
        lines = [self._lines[line].tolist() for line in range(first, end)]
        return Group(self._contexts[number].tolist(), lines[0], lines[1:], int(self._kinds[number]))

    def epoch(self, size: int, seed: tuple[int, ...]) -> list[NDArray[np.int64]]:
        """Returns the batches of one epoch as numbers of groups; each has one candidate length.

        Args:
            size: Groups of a batch, at most.
            seed: Of the order, which depends on nothing else.
        """
        generator = np.random.default_rng(seed)
        batches: list[NDArray[np.int64]] = []
        for length in np.unique(self._lengths).tolist():
            order = generator.permutation(np.flatnonzero(self._lengths == length))
            for begin in range(0, len(order), size * POOL_BATCHES):
                pool = order[begin : begin + size * POOL_BATCHES]
                pool = pool[np.argsort(self._contexts.lengths[pool], kind="stable")]
                batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        generator.shuffle(batches)
        return batches

    def batch(
        self,
        numbers: NDArray[np.int64],
        others: int,
        context: int,
        padding: int,
        generator: np.random.Generator,
    ) -> GroupBatch:
        """Returns groups of one candidate length as tensors.

        Args:
            others: Poets' lines from elsewhere for each group, as far as there are any.
            context: Tokens of context, at most.
            padding: The token id of padding.
            generator: Draws the lines from elsewhere.
        """
        candidates: list[NDArray[np.int32]] = []
        poem: list[int] = []
        drawn_rows: list[list[int]] = []
        other_rows: list[list[int]] = []
        for place, number in enumerate(numbers.tolist()):
            poet, end = self._first_line[number : number + 2].tolist()
            members = self._members[int(self._kinds[number])]
            elsewhere = generator.choice(members, min(others, len(members)), replace=False)
            # A line that is the poet's own, word for word, is no wrong answer.
            rest = [
                line
                for line in map(self._lines.__getitem__, self._first_line[elsewhere].tolist())
                if not np.array_equal(line, self._lines[poet])
            ]
            own = [self._lines[line] for line in range(poet, end)]
            first, count = len(candidates), len(own)
            candidates += [*own, *rest]
            poem += [place] * (count + len(rest))
            drawn_rows.append(list(range(first, first + count)))
            other_rows.append([first, *range(first + count, len(candidates))])
        contexts = [self._contexts[number][-context:] for number in numbers.tolist()]
        shortest = len(candidates[0])
        width = max(shortest, *map(len, contexts))
        padded = np.full((len(contexts), width), padding, np.int64)
        for row, tokens in zip(padded, contexts, strict=True):
            row[width - len(tokens) :] = tokens
        return GroupBatch(
            torch.from_numpy(padded),
            torch.from_numpy(np.stack(candidates).astype(np.int64)),
            torch.tensor(poem),
            _rectangle(drawn_rows),
            _rectangle(other_rows),
        )

    def __iter__(self) -> Iterator[Group]:
        return map(self.__getitem__, range(len(self)))


def _no_groups(path: Path) -> CorpusError:
    return CorpusError(
        f"{path} is no file of ranking groups: write it with `lianju-export groups`."
    )


def _rectangle(rows: list[list[int]]) -> Tensor:
    """Returns rows of different lengths as one tensor; −1 fills them up."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[-1] * (width - len(row))] for row in rows])
