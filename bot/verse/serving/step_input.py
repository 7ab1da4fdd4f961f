"""The input of a step: the rows and masks of several searches, without duplicates.

Shapes: V vocabulary size.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..model.language_model import IntArray
from ..search.constraints import Mask
from ..search.search import Search, concatenate

__all__ = ["StepInput", "step_input"]


class StepInput(NamedTuple):
    """The input of a step.

    Attributes:
        token: The token that each row consumes [rows].
        parent: The row of the state that each row continues [rows].
        mask: The different masks [masks, V]; None if no search needs candidates.
        mask_row: The mask of each row [rows], or [1] if it is the same for all.
        row: For each row of the searches, one after another, the row of the step.
    """

    token: IntArray
    parent: IntArray
    mask: Mask | None
    mask_row: IntArray
    row: IntArray


def step_input(searches: Sequence[Search], rows: Sequence[IntArray]) -> StepInput:
    """Builds the input of a step that all searches share.

    Rows that continue the same row by the same token under the same mask are one row, even of
    different searches.

    Args:
        searches: The searches, at least one.
        rows: For each search, the row of the state of each row of its previous step.
    """
    tokens = [search.token for search in searches]
    mask, mask_row = _shared_masks(searches, [len(token) for token in tokens])
    token = concatenate(tokens)
    parent = concatenate([own[search.parent] for search, own in zip(searches, rows, strict=True)])
    key = (mask_row * (int(parent.max()) + 1) + parent) * (int(token.max()) + 1) + token
    if len(set(key.tolist())) == len(key):  # as the rows of one beam always are
        return StepInput(token, parent, mask, mask_row, np.arange(len(key)))
    _, first, row = np.unique(key, return_index=True, return_inverse=True)
    if len(mask_row) > 1:
        mask_row = mask_row[first]
    return StepInput(token[first], parent[first], mask, mask_row, row)


def _shared_masks(
    searches: Sequence[Search], counts: Sequence[int]
) -> tuple[Mask | None, IntArray]:
    """The different masks [masks, V], and the mask of each row, [rows] or [1].

    Searches that need no candidates take any mask.

    Args:
        searches: The searches.
        counts: Their rows.
    """
    masks = [search.mask for search in searches]
    different = {id(mask): mask for mask in masks if mask is not None}
    if len(different) < 2:
        one = next(iter(different.values()), None)
        return None if one is None else one[None], np.zeros(1, np.int64)
    index = {key: number for number, key in enumerate(different)}
    used = [0 if mask is None else index[id(mask)] for mask in masks]
    return np.stack(list(different.values())), np.repeat(used, counts)
