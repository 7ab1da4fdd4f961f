"""How sure the model is of a candidate, in the figures that users see."""

import math

__all__ = ["CONFIDENCES", "bars", "perplexity"]

CONFIDENCES = 5


def bars(confidence: float) -> int:
    """Returns a confidence from 0 to 1 as one from 1 to `CONFIDENCES`."""
    return max(1, round(CONFIDENCES * confidence))


def perplexity(log_prob: float, tokens: int) -> str:
    """Returns the perplexity of a token, to three digits."""
    try:
        return f"{math.exp(-log_prob / tokens):.3g}"
    except OverflowError:
        return "∞"
