"""The exact numbers behind an answer."""

import math

import discord

from ..i18n import Localizer
from .answer_message import AnswerMessage
from .couplets import plain
from .layout import Layout
from .markdown import escape, literal
from .remarks import remark, remark_of_all

__all__ = ["details_layout"]

MAX_LINE = 100  # characters of a candidate, which stands in full in the answer itself
MAX_MODEL = 200


def details_layout(sheet: AnswerMessage, localizer: Localizer) -> Layout:
    """What was asked for, how it was found, and how likely each candidate is.

    Args:
        sheet: The answer.
        localizer: The language.
    """
    rows = [f"**{literal(sheet.model, MAX_MODEL)}**", _how(sheet, localizer)]
    if wishes := _wishes(sheet, localizer):
        rows.append(" · ".join(wishes))
    for rank, offer in enumerate(sheet.offers, 1):
        score = localizer.format(
            "details-score",
            log_prob=f"{offer.log_prob:.4f}",
            perplexity=_perplexity(offer.log_prob, sheet.method.tokens),
        )
        verse = plain(offer.couplet) if sheet.wish.is_poem else offer.couplet.answer
        rows.append(f"**{rank}.** {literal(verse, MAX_LINE)}")
        rows.append("-# " + " · ".join([score, *remark(sheet, rank, localizer)]))
    if facts := remark_of_all(sheet, localizer):
        rows.append(f"-# {' · '.join(facts)}")
    if any(offer.relaxed for offer in sheet.offers):
        rows.append(f"-# {localizer.format('details-relaxed')}")
    if sheet.original is not None:
        rows.append(
            "-# " + localizer.format("answer-original", line=literal(sheet.original, MAX_LINE))
        )
    rows.append(f"-# {localizer.format('details-scale')}")
    return Layout(discord.ui.TextDisplay("\n".join(rows)))


def _how(sheet: AnswerMessage, localizer: Localizer) -> str:
    """How the lines were found."""
    method = sheet.method
    if method.choosing is not None:
        return localizer.format("details-chosen", width=str(method.width), seed=str(method.seed))
    if method.sampling is None:
        return localizer.format("details-beam", width=str(method.width))
    return localizer.format(
        "details-sampled",
        temperature=f"{method.sampling.temperature:g}",
        top_k=str(method.sampling.top_k),
        top_p=f"{method.sampling.top_p:g}",
        seed=str(method.seed),
    )


def _wishes(sheet: AnswerMessage, localizer: Localizer) -> list[str]:
    """What was asked for that goes without saying in other answers."""
    wish, said = sheet.wish, []
    if wish.is_poem:
        said.append(
            localizer.format("details-form", form="acrostic" if wish.is_acrostic else wish.form)
        )
    if wish.rhyme is not None:
        said.append(localizer.format("details-rhyme", rhyme=escape(wish.rhyme)))
    if wish.strictness != "strict":
        said.append(localizer.format("details-rules", rules=wish.strictness))
    if wish.known != "exclude":
        said.append(localizer.format("details-known"))
    return said


def _perplexity(log_prob: float, tokens: int) -> str:
    """Per token, to three digits."""
    try:
        return f"{math.exp(-log_prob / tokens):.3g}"
    except OverflowError:
        return "∞"
