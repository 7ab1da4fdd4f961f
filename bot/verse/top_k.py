"""The k best of every row, as the graph's own TopK orders them."""

import numpy as np
import numpy.typing as npt

__all__ = ["top_k"]


def top_k(
    values: npt.NDArray[np.floating], k: int
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int64]]:
    """The `k` largest entries of every row, largest first, equal ones by lower index.

    Args:
        values: Scores [rows, V]; a row that holds a NaN comes back as NaN throughout.
        k: How many, at most V.

    Returns:
        Their values [rows, k] and indices [rows, k].
    """
    rows = len(values)
    top = np.empty((rows, k), values.dtype)
    index = np.empty((rows, k), np.int64)
    for row in range(rows):
        # A partition alone would break ties at the cut at random.
        cut = np.partition(values[row], -k)[-k]
        candidates = np.flatnonzero(~(values[row] < cut))
        best = candidates[np.argsort(-values[row, candidates], kind="stable")[:k]]
        top[row], index[row] = values[row, best], best
    top[np.isnan(values).any(axis=1)] = np.nan
    return top, index
