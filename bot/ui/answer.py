"""How an answer looks on Discord, and how it is read back from there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

from ..store import Couplet
from ..verse.errors import LianjuError
from ..verse.han import is_han
from .bar import bar
from .buttons import Heart, Method, Wish
from .layout import MAX_TEXT, Layout
from .markdown import escape, literal, unescape
from .speech import Speech

__all__ = [
    "AnswerTooLongError",
    "Offer",
    "Sheet",
    "UnreadableAnswerError",
    "answer_layout",
    "read_sheet",
    "with_hearts",
]

MAX_MODEL = 100  # characters of its name and version
COMMA, BREAK = "，", "\n/ "
HEADING, SMALL = "### ", "-# "


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


@dataclass(frozen=True)
class Offer:
    """A candidate as a finished couplet, and the natural-log probability of its second line."""

    couplet: Couplet
    log_prob: float


@dataclass(frozen=True)
class Sheet:
    """All that a message with an answer says, in whatever language.

    Attributes:
        prompt: What the user wrote, a verse line a line.
        offers: The candidates, best first.
        wish: What was asked for, and by whom.
        method: How the candidates were found.
        model: Name and version of the bundle.
    """

    prompt: str
    offers: tuple[Offer, ...]
    wish: Wish
    method: Method
    model: str

    @property
    def couplets(self) -> list[Couplet]:
        """The couplets, best first."""
        return [offer.couplet for offer in self.offers]


def answer_layout(sheet: Sheet, speech: Speech) -> Layout:
    """A sheet as a message; where its texts are too long, the last offers are left out.

    Args:
        sheet: What to show.
        speech: The language of buttons and remarks.

    Raises:
        AnswerTooLongError: There is no room for any offer.
    """
    heading = "\n".join(HEADING + escape(line) for line in sheet.prompt.split("\n"))
    texts = [
        f"**{rank}.** {_write_couplet(offer.couplet)}\n"
        f"{SMALL}{bar(offer.log_prob, sheet.method.length)}"
        for rank, offer in enumerate(sheet.offers, 1)
    ]
    while texts:
        footer = _footer(sheet, speech, len(sheet.offers) - len(texts))
        if sum(map(len, (heading, *texts, footer))) <= MAX_TEXT:
            break
        texts.pop()
    else:
        raise AnswerTooLongError
    hearts = [
        _button(Heart(rank, offer.log_prob).custom_id, _heart_label(0))
        for rank, offer in enumerate(sheet.offers, 1)
    ]
    return Layout(
        discord.ui.TextDisplay(heading),
        *(
            discord.ui.Section(text, accessory=heart)
            for text, heart in zip(texts, hearts, strict=False)
        ),
        discord.ui.ActionRow(
            _button(sheet.wish.custom_id, speech.say("answer-again")),
            _button(sheet.method.custom_id, speech.say("answer-details")),
        ),
        discord.ui.TextDisplay(footer),
    )


def read_sheet(message: discord.Message) -> Sheet:
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
        message: A message that `read_sheet` can read.
        hearts: How many members keep each couplet.
    """
    view = discord.ui.LayoutView.from_message(message, timeout=None)
    view.stop()  # nothing listens to it; see Layout
    sections = (part for part in view.walk_children() if isinstance(part, discord.ui.Section))
    for section, count in zip(sections, hearts, strict=True):
        if isinstance(section.accessory, discord.ui.Button):
            section.accessory.label = _heart_label(count)
    return view


def _footer(sheet: Sheet, speech: Speech, left_out: int) -> str:
    rows = [literal(sheet.model, MAX_MODEL)]
    if sheet.method.seed is not None:
        rows.append(speech.say("answer-seed", seed=str(sheet.method.seed)))
    if left_out:
        rows.append(speech.say("answer-left-out", count=left_out))
    return "\n".join(SMALL + row for row in rows)


def _button(custom_id: str, label: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(custom_id=custom_id, label=label)


def _heart_label(count: int) -> str:
    return f"♥ {count}" if count else "♥"


def _write_couplet(couplet: Couplet) -> str:
    """On one line if it is Chinese, which takes little room, and else on two."""
    chinese = any(map(is_han, couplet.line)) and COMMA not in couplet.line
    return escape(couplet.line) + (COMMA if chinese else BREAK) + escape(couplet.answer)


def _read_couplet(text: str) -> Couplet:
    # No escaped text has a bare slash, and a line before a comma has no comma of its own.
    line, answer = text.split(BREAK if BREAK in text else COMMA, 1)
    return Couplet(unescape(line), unescape(answer))


def _read(parts: Sequence[Part]) -> Sheet:
    match parts:
        case [
            Container(
                children=[
                    TextDisplay(content=heading),
                    *sections,
                    ActionRow(
                        children=[Button(custom_id=str(wish)), Button(custom_id=str(method))]
                    ),
                    TextDisplay(content=footer),
                ]
            )
        ]:
            return Sheet(
                "\n".join(unescape(row.removeprefix(HEADING)) for row in heading.split("\n")),
                tuple(_read_offers(sections)),
                Wish.read(wish),
                Method.read(method),
                unescape(footer.split("\n")[0].removeprefix(SMALL)),
            )
    raise UnreadableAnswerError


def _read_offers(sections: Sequence[Part]) -> Iterator[Offer]:
    for rank, section in enumerate(sections, 1):
        match section:
            case SectionComponent(
                children=[TextDisplay(content=text)], accessory=Button(custom_id=str(custom_id))
            ):
                heart = Heart.read(custom_id)
                beginning = f"**{rank}.** "
                if heart.rank != rank or not text.startswith(beginning):
                    raise UnreadableAnswerError
                couplet, _, _ = text.removeprefix(beginning).rpartition("\n")
                yield Offer(_read_couplet(couplet), heart.log_prob)
            case _:
                raise UnreadableAnswerError
