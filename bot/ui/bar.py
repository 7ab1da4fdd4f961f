"""How sure the model was of a line, at a glance."""

__all__ = ["BLOCKS", "bar"]

BLOCKS = 5
FULL, EMPTY = "▰", "▱"
# Mean natural-log probabilities a token: nearly all lines of verse lie between these.
LEAST, MOST = -5.5, -1.0


def bar(log_prob: float, tokens: int) -> str:
    """Five blocks, at least one of them full; the same scale for every answer.

    Args:
        log_prob: Natural-log probability of a line.
        tokens: The line's length.
    """
    share = (log_prob / tokens - LEAST) / (MOST - LEAST)
    full = max(1, round(BLOCKS * min(1.0, max(0.0, share))))
    return FULL * full + EMPTY * (BLOCKS - full)
