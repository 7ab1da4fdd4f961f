"""The message with an answer: its layout on Discord, and how it is parsed again."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import discord
from discord.components import (
    ActionRow,
    Button,
    Component,
    Container,
    SectionComponent,
    TextDisplay,
)

from ..confidence import CONFIDENCES, bars
from ..errors import LianjuError
from ..i18n import Localizer
from ..markdown import SMALL, escape, literal, small, unescape
from ..revising import is_revisable
from .answer_message import AnswerMessage, CandidateView, general_remarks, remarks
from .buttons import DetailsButton, HeartButton, RequestOptions
from .layout import MAX_TEXT, Layout
from .picture import ANSWER_PICTURE
from .revise import ANSWER_REVISE
from .verse import parse_candidate, write_candidate

__all__ = [
    "AnswerMessageError",
    "answer_layout",
    "confidence_bar",
    "parse_answer_message",
    "with_hearts",
]

MAX_MODEL = 100  # characters of its name and version
MAX_CONTINUATION = 300  # characters; a longer line would leave no room for candidates
HEADING = "### "
SPOILER = re.compile(r"\|\|(.+)\|\|")  # escaped text has no bare bars
BOLD = re.compile(r"\*\*(.+)\*\*")  # nor bare asterisks

FULL, EMPTY = "▰", "▱"


class AnswerMessageError(LianjuError):
    """No candidate fits into a message, or a message is not an answer in the present layout."""


def answer_layout(message: AnswerMessage, localizer: Localizer) -> Layout:
    """Returns the layout of an answer; candidates for which there is no room are left out.

    Args:
        message: What to show.
        localizer: The language of buttons and remarks.

    Raises:
        AnswerMessageError: There is no room for any candidate.
    """
    heading = "\n".join(HEADING + escape(line) for line in message.prompt.split("\n"))
    texts = [
        write_candidate(rank, candidate.verse, _remark(message, rank, localizer), message.options)
        for rank, candidate in enumerate(message.candidates, 1)
    ]
    while texts:
        footer = _footer(message, localizer, len(message.candidates) - len(texts))
        if sum(map(len, (heading, *texts, footer))) <= MAX_TEXT:
            break
        texts.pop()
    else:
        raise AnswerMessageError("answer-too-long")
    hearts = [
        HeartButton(rank, candidate.log_prob, candidate.known, candidate.relaxed)
        for rank, candidate in enumerate(message.candidates, 1)
    ]
    buttons = [
        _button(message.options.custom_id, localizer.format("answer-again")),
        _button(message.details.custom_id, localizer.format("answer-details")),
        _button(ANSWER_PICTURE, localizer.format("answer-picture")),
    ]
    if any(map(is_revisable, message.poems)):
        buttons.append(_button(ANSWER_REVISE, localizer.format("revise")))
    return Layout(
        discord.ui.TextDisplay(heading),
        *(
            discord.ui.Section(text, accessory=_button(heart.custom_id, _heart_label(0)))
            for text, heart in zip(texts, hearts, strict=False)
        ),
        discord.ui.ActionRow(*buttons),
        discord.ui.TextDisplay(footer),
    )


def parse_answer_message(message: discord.Message) -> AnswerMessage:
    """Returns the answer that a message shows, without the candidates that were left out.

    Raises:
        AnswerMessageError: It shows none, or one of another layout.
    """
    try:
        return _parse(message.components)
    except (ValueError, LianjuError):
        raise AnswerMessageError("answer-unreadable") from None


def with_hearts(message: discord.Message, hearts: Sequence[int]) -> discord.ui.LayoutView:
    """Returns the message with other numbers of hearts.

    Args:
        message: A message that `parse_answer_message` can parse.
        hearts: How many members keep each couplet.
    """
    view = discord.ui.LayoutView.from_message(message, timeout=None)
    view.stop()  # nothing listens to it; see Layout
    sections = (part for part in view.walk_children() if isinstance(part, discord.ui.Section))
    for section, count in zip(sections, hearts, strict=True):
        if isinstance(section.accessory, discord.ui.Button):
            section.accessory.label = _heart_label(count)
    return view


def confidence_bar(confidence: float) -> str:
    """Returns a confidence from 0 to 1 as five blocks of which at least one is full."""
    full = bars(confidence)
    return FULL * full + EMPTY * (CONFIDENCES - full)


def _remark(message: AnswerMessage, rank: int, localizer: Localizer) -> str:
    """Returns the confidence bar, if there is one, and the remarks on a candidate."""
    confidence = message.candidates[rank - 1].confidence
    bar = [] if confidence is None else [confidence_bar(confidence)]
    return " · ".join([*bar, *remarks(message, rank, localizer)])


def _footer(message: AnswerMessage, localizer: Localizer, left_out: int) -> str:
    rows = [literal(message.model, MAX_MODEL)]
    texts = general_remarks(message, localizer)
    if message.details.seed is not None:
        texts.insert(0, localizer.format("answer-seed", seed=str(message.details.seed)))
    if texts:
        rows.append(" · ".join(texts))
    continuation = escape(message.corpus_continuation or "")
    if 0 < len(continuation) <= MAX_CONTINUATION:
        # As a spoiler, for readers who want to guess first.
        rows.append(localizer.format("answer-original", line=f"||{continuation}||"))
    if message.details.complete and len(message.candidates) < message.options.count:
        rows.append(
            localizer.format(
                "answer-fewer", count=len(message.candidates), wanted=message.options.count
            )
        )
    if message.options.is_revision:
        rows.append(localizer.format("answer-revised", user=f"<@{message.options.user_id}>"))
    if left_out:
        rows.append(localizer.format("answer-left-out", count=left_out))
    return "\n".join(map(small, rows))


def _button(custom_id: str, label: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(custom_id=custom_id, label=label)


def _heart_label(count: int) -> str:
    return f"♥ {count}" if count else "♥"


def _parse(components: Sequence[Component]) -> AnswerMessage:
    match components:
        case [
            Container(
                children=[
                    TextDisplay(content=heading),
                    *sections,
                    ActionRow(
                        # Answers of earlier versions have no buttons for a picture or a revision.
                        children=[Button(custom_id=str(again)), Button(custom_id=str(details)), *_]
                    ),
                    TextDisplay(content=footer),
                ]
            )
        ]:
            options = RequestOptions.parse(again)
            continuation, unknown = SPOILER.search(footer), BOLD.search(footer)
            return AnswerMessage(
                "\n".join(unescape(row.removeprefix(HEADING)) for row in heading.split("\n")),
                tuple(_parse_candidates(sections, options)),
                options,
                DetailsButton.parse(details),
                unescape(footer.split("\n")[0].removeprefix(SMALL)),
                None if continuation is None else unescape(continuation[1]),
                () if unknown is None else tuple(unescape(unknown[1]).split(" ")),
            )
    raise ValueError("not the parts of an answer")


def _parse_candidates(
    sections: Sequence[Component], options: RequestOptions
) -> Iterator[CandidateView]:
    for rank, section in enumerate(sections, 1):
        match section:
            case SectionComponent(
                children=[TextDisplay(content=text)], accessory=Button(custom_id=str(custom_id))
            ):
                heart = HeartButton.parse(custom_id)
                if heart.rank != rank:
                    raise ValueError(f"not the heart of candidate {rank}")
                couplet = parse_candidate(rank, text, options)
                yield CandidateView(couplet, heart.log_prob, heart.known, heart.relaxed)
            case _:
                raise ValueError("not a candidate with a heart")
