"""The details of an answer: its options, how it was found, and the exact numbers."""

from collections.abc import Sequence

import discord

from ..confidence import perplexity
from ..i18n import Localizer
from ..markdown import escape, literal, small
from ..verse import Beam, CandidateScore, NextLine, Rerank
from .answer_message import AnswerMessage, general_remarks, remarks
from .layout import Layout
from .verse import one_line

__all__ = ["details_layout"]

MAX_LINE = 100  # characters of a candidate, which is complete in the answer itself
MAX_MODEL = 200


def details_layout(
    message: AnswerMessage, scores: Sequence[CandidateScore], localizer: Localizer
) -> Layout:
    """Returns the options of the request, how it was answered, and each candidate's numbers.

    Args:
        message: The answer.
        scores: The candidates' scores and their parts; none if they are not known.
        localizer: The language.
    """
    rows = [f"**{literal(message.model, MAX_MODEL)}**", _search(message, localizer)]
    if options := _options(message, localizer):
        rows.append(" · ".join(options))
    for rank, candidate in enumerate(message.candidates, 1):
        score = localizer.format(
            "details-score",
            log_prob=f"{candidate.log_prob:.4f}",
            perplexity=perplexity(candidate.log_prob, message.details.tokens),
        )
        is_poem = message.options.is_poem
        text = one_line(candidate.verse) if is_poem else message.new_lines[rank - 1]
        rows.append(f"**{rank}.** {literal(text, MAX_LINE)}")
        rows.append(small(" · ".join([score, *remarks(message, rank, localizer)])))
        if scores and (parts := _parts(scores[rank - 1], localizer)):
            rows.append(small(" · ".join(parts)))
    if texts := general_remarks(message, localizer):
        rows.append(small(" · ".join(texts)))
    if any(set(candidate.relaxed) - {"end"} for candidate in message.candidates):
        rows.append(small(localizer.format("details-relaxed")))
    if message.corpus_continuation is not None:
        line = literal(message.corpus_continuation, MAX_LINE)
        rows.append(small(localizer.format("answer-original", line=line)))
    if any(each.confidence is not None for each in scores):
        rows.append(small(localizer.format("details-scale")))
    values = [each.score for each in scores]
    if values and values == sorted(values, reverse=True):  # else other rules had a part in it
        rows.append(small(localizer.format("details-order")))
    return Layout(discord.ui.TextDisplay("\n".join(rows)))


def _search(message: AnswerMessage, localizer: Localizer) -> str:
    """Returns how the candidates were found."""
    search = message.details.search
    if isinstance(search, Rerank):
        return localizer.format("details-reranked", width=str(search.width), seed=str(search.seed))
    if isinstance(search, Beam):
        return localizer.format("details-beam", width=str(search.width))
    return localizer.format(
        "details-sampled",
        temperature=f"{search.temperature:g}",
        top_k=str(search.top_k),
        top_p=f"{search.top_p:g}",
        seed=str(search.seed),
    )


def _options(message: AnswerMessage, localizer: Localizer) -> list[str]:
    """Returns the options that are not the defaults."""
    options, texts = message.options, []
    if not isinstance(options.form, NextLine):
        form: str = "acrostic" if options.is_acrostic else options.form.name
        if options.is_upper:
            form = "upper"
        if options.is_revision:
            form = "revision"
        texts.append(localizer.format("details-form", form=form))
    if options.rhyme is not None:
        texts.append(localizer.format("details-rhyme", rhyme=escape(options.rhyme)))
    if options.rules != "strict":
        texts.append(localizer.format("details-rules", rules=options.rules))
    if options.known != "exclude":
        texts.append(localizer.format("details-known"))
    return texts


def _parts(score: CandidateScore, localizer: Localizer) -> list[str]:
    """Returns the confidence, and a score with what it has beside the log-probability."""
    texts: list[str] = []
    if score.relevance is not None:
        texts.append(localizer.format("details-relevance", relevance=f"{score.relevance:.2f}"))
    if score.poet is not None and score.next is not None:
        texts.append(
            localizer.format("details-logits", poet=f"{score.poet:.2f}", next=f"{score.next:.2f}")
        )
    if texts:
        texts.insert(0, localizer.format("details-ranked", score=f"{score.score:.2f}"))
    if score.confidence is not None:
        percent = f"{100 * score.confidence:.0f}"
        texts.insert(0, localizer.format("details-confidence", percent=percent))
    return texts
