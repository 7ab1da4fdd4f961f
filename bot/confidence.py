"""How sure the model is of a candidate, in the figures that users see."""

import math

__all__ = ["CONFIDENCES", "confidence", "perplexity"]

CONFIDENCES = 5
# Mean natural-log probabilities of a token: nearly all lines of verse are in this range.
LOW, HIGH = -5.5, -1.0


def confidence(log_prob: float, tokens: int) -> int:
    """Returns the mean log-probability of a token on a scale from 1 to `CONFIDENCES`.

    Args:
        log_prob: Natural-log probability of the new lines.
        tokens: How many tokens these have.
    """
    share = (log_prob / tokens - LOW) / (HIGH - LOW)
    return max(1, round(CONFIDENCES * min(1.0, max(0.0, share))))


def perplexity(log_prob: float, tokens: int) -> str:
    """Returns the perplexity of a token, to three digits."""
    try:
        return f"{math.exp(-log_prob / tokens):.3g}"
    except OverflowError:
        return "∞"
