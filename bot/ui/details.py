"""The exact numbers behind an answer."""

import math

import discord

from .answer import Sheet
from .layout import Layout
from .markdown import literal
from .speech import Speech

__all__ = ["details_layout"]

MAX_LINE = 100  # characters of a candidate, which stands in full in the answer itself
MAX_MODEL = 200


def details_layout(sheet: Sheet, speech: Speech) -> Layout:
    """How the lines of an answer were found, and how likely each of them is.

    Args:
        sheet: The answer.
        speech: The language.
    """
    method = sheet.method
    if method.choosing is not None:
        how = speech.say("details-chosen", width=str(method.width), seed=str(method.seed))
    elif method.sampling is None:
        how = speech.say("details-beam", width=str(method.width))
    else:
        how = speech.say(
            "details-sampled",
            temperature=f"{method.sampling.temperature:g}",
            top_k=str(method.sampling.top_k),
            top_p=f"{method.sampling.top_p:g}",
            seed=str(method.seed),
        )
    rows = [f"**{literal(sheet.model, MAX_MODEL)}**", how]
    for rank, offer in enumerate(sheet.offers, 1):
        score = speech.say(
            "details-score",
            log_prob=f"{offer.log_prob:.4f}",
            perplexity=_perplexity(offer.log_prob, method.length),
        )
        rows += [f"**{rank}.** {literal(offer.couplet.answer, MAX_LINE)}", f"-# {score}"]
    rows.append(f"-# {speech.say('details-scale')}")
    return Layout(discord.ui.TextDisplay("\n".join(rows)))


def _perplexity(log_prob: float, tokens: int) -> str:
    """Per token, to three digits."""
    try:
        return f"{math.exp(-log_prob / tokens):.3g}"
    except OverflowError:
        return "∞"
