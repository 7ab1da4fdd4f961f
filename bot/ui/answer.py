"""How an answer looks on Discord, and how it is read back from there."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import discord
from discord.components import (
    ActionRow,
    Button,
    Container,
    SectionComponent,
    TextDisplay,
)
from discord.components import Component as Part

from ..errors import LianjuError
from ..i18n import Localizer
from .answer_message import AnswerMessage, CandidateView
from .bar import bar
from .buttons import DetailsButton, Heart, RequestOptions
from .layout import MAX_TEXT, Layout
from .markdown import escape, literal, unescape
from .remarks import remark, remark_of_all
from .verses import SMALL, read_verse, write_verse

__all__ = [
    "AnswerMessage",
    "AnswerTooLongError",
    "CandidateView",
    "UnreadableAnswerError",
    "answer_layout",
    "read_answer_message",
    "with_hearts",
]

MAX_MODEL = 100  # characters of its name and version
MAX_ORIGINAL = 300  # characters of a line of verse; a longer one would leave no room for others
HEADING = "### "
SPOILER = re.compile(r"\|\|(.+)\|\|")  # bare, as no escaped text has it


class AnswerTooLongError(LianjuError):
    """Not even one candidate fits into a message."""

    def __init__(self) -> None:
        super().__init__(
            "The answer is too long for a message of Discord: write a shorter line.",
            "answer-too-long",
        )


class UnreadableAnswerError(LianjuError):
    """A message is no answer of a layout that this version knows."""

    def __init__(self) -> None:
        super().__init__(
            "I cannot read this message any more: ask anew with /poem.", "answer-unreadable"
        )


def answer_layout(sheet: AnswerMessage, localizer: Localizer) -> Layout:
    """A sheet as a message; where its texts are too long, the last offers are left out.

    Args:
        sheet: What to show.
        localizer: The language of buttons and remarks.

    Raises:
        AnswerTooLongError: There is no room for any offer.
    """
    heading = "\n".join(HEADING + escape(line) for line in sheet.prompt.split("\n"))
    texts = [
        write_verse(rank, offer.couplet, _remark(sheet, rank, localizer), sheet.wish)
        for rank, offer in enumerate(sheet.offers, 1)
    ]
    while texts:
        footer = _footer(sheet, localizer, len(sheet.offers) - len(texts))
        if sum(map(len, (heading, *texts, footer))) <= MAX_TEXT:
            break
        texts.pop()
    else:
        raise AnswerTooLongError
    hearts = [
        _button(Heart(rank, offer.log_prob, offer.known, offer.relaxed).custom_id, _heart_label(0))
        for rank, offer in enumerate(sheet.offers, 1)
    ]
    return Layout(
        discord.ui.TextDisplay(heading),
        *(
            discord.ui.Section(text, accessory=heart)
            for text, heart in zip(texts, hearts, strict=False)
        ),
        discord.ui.ActionRow(
            _button(sheet.wish.custom_id, localizer.format("answer-again")),
            _button(sheet.method.custom_id, localizer.format("answer-details")),
        ),
        discord.ui.TextDisplay(footer),
    )


def read_answer_message(message: discord.Message) -> AnswerMessage:
    """The sheet that a message shows, without the offers that were left out.

    Raises:
        UnreadableAnswerError: It shows none, or one of another layout.
    """
    try:
        return _read(message.components)
    except (ValueError, LianjuError):
        raise UnreadableAnswerError from None


def with_hearts(message: discord.Message, hearts: Sequence[int]) -> discord.ui.LayoutView:
    """The message as it stands, but for the numbers of hearts.

    Args:
        message: A message that `read_answer_message` can read.
        hearts: How many members keep each couplet.
    """
    view = discord.ui.LayoutView.from_message(message, timeout=None)
    view.stop()  # nothing listens to it; see Layout
    sections = (part for part in view.walk_children() if isinstance(part, discord.ui.Section))
    for section, count in zip(sections, hearts, strict=True):
        if isinstance(section.accessory, discord.ui.Button):
            section.accessory.label = _heart_label(count)
    return view


def _remark(sheet: AnswerMessage, rank: int, localizer: Localizer) -> str:
    """The bar, and what sets this candidate apart."""
    log_prob = sheet.offers[rank - 1].log_prob
    return " · ".join([bar(log_prob, sheet.method.tokens), *remark(sheet, rank, localizer)])


def _footer(sheet: AnswerMessage, localizer: Localizer, left_out: int) -> str:
    rows = [literal(sheet.model, MAX_MODEL)]
    facts = remark_of_all(sheet, localizer)
    if sheet.method.seed is not None:
        facts.insert(0, localizer.format("answer-seed", seed=str(sheet.method.seed)))
    if facts:
        rows.append(" · ".join(facts))
    original = escape(sheet.original or "")
    if 0 < len(original) <= MAX_ORIGINAL:
        # A spoiler: whoever wants to guess, or to compare first, can.
        rows.append(localizer.format("answer-original", line=f"||{original}||"))
    if left_out:
        rows.append(localizer.format("answer-left-out", count=left_out))
    return "\n".join(SMALL + row for row in rows)


def _button(custom_id: str, label: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(custom_id=custom_id, label=label)


def _heart_label(count: int) -> str:
    return f"♥ {count}" if count else "♥"


def _read(parts: Sequence[Part]) -> AnswerMessage:
    match parts:
        case [
            Container(
                children=[
                    TextDisplay(content=heading),
                    *sections,
                    ActionRow(
                        children=[Button(custom_id=str(again)), Button(custom_id=str(method))]
                    ),
                    TextDisplay(content=footer),
                ]
            )
        ]:
            wish, original = RequestOptions.read(again), SPOILER.search(footer)
            return AnswerMessage(
                "\n".join(unescape(row.removeprefix(HEADING)) for row in heading.split("\n")),
                tuple(_read_offers(sections, wish)),
                wish,
                DetailsButton.read(method),
                unescape(footer.split("\n")[0].removeprefix(SMALL)),
                None if original is None else unescape(original[1]),
            )
    raise UnreadableAnswerError


def _read_offers(sections: Sequence[Part], wish: RequestOptions) -> Iterator[CandidateView]:
    for rank, section in enumerate(sections, 1):
        match section:
            case SectionComponent(
                children=[TextDisplay(content=text)], accessory=Button(custom_id=str(custom_id))
            ):
                heart = Heart.read(custom_id)
                if heart.rank != rank:
                    raise UnreadableAnswerError
                couplet = read_verse(rank, text, wish)
                yield CandidateView(couplet, heart.log_prob, heart.known, heart.relaxed)
            case _:
                raise UnreadableAnswerError
