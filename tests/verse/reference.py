"""The reference search, told once more: all in plain tuples, every prefix read from its start."""

from collections.abc import Callable, Sequence

import numpy as np

LogProbs = Callable[[list[tuple[int, ...]]], Sequence[Sequence[float]]]
"""From prefixes of one length, prompt included, to the log-probability of each next token."""

Path = tuple[tuple[int, ...], float]


def plain_beam_search(
    log_probs: LogProbs,
    prompt: tuple[int, ...],
    width: int,
    max_tokens: int,
    endings: Sequence[int],
    unknown: int,
) -> list[Path]:
    """Generated tokens, an ending's included, and score of each answer, best first."""
    live: list[Path] = [((), 0.0)]
    ended: list[Path] = []
    for _ in range(max_tokens):
        extensions = []
        rows = log_probs([prompt + tokens for tokens, _ in live])
        for parent, ((_, score), row) in enumerate(zip(live, rows, strict=True)):
            ranked = np.argsort(-np.asarray(row), kind="stable").tolist()
            best = [token for token in ranked if token != unknown][:width]
            extensions += [(-(score + row[token]), parent, token) for token in best]
        new = []
        for negative, parent, token in sorted(extensions):
            path = (*live[parent][0], token), -negative
            (ended if token in endings else new).append(path)
        if not new:
            live = []
            break
        ended = [path for path in ended if path[1] >= new[-1][1]]
        if len(ended) >= width and min(score for _, score in ended) >= new[0][1]:
            live = []
            break
        live = new[:width]
    return sorted(ended + live, key=lambda path: -path[1])[:width]
