"""Layouts of `/guess`: a round, its result, and a server's board."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

import discord

from ..i18n import Localizer
from ..markdown import escape, small
from ..places import OUTSIDE
from ..rounds import OPTIONS, RANKED, Difficulty, GuessScore, Round, RoundResult
from ..verse import to_traditional
from .layout import Layout
from .pages import PAGE_NUMBER, PageInfo, page_buttons

__all__ = [
    "AGAIN_BUTTON",
    "CHOICE_BUTTON",
    "END_BUTTON",
    "LETTERS",
    "PAGE_BUTTON",
    "board_layout",
    "own_score_layout",
    "result_layout",
    "round_layout",
]

LETTERS = "ABCD"
MAX_NAMED = 20  # members who were right

_ROUND = r"(?P<round>\d{1,20})"
CHOICE_BUTTON = rf"lianju:guess:1:{_ROUND}:(?P<choice>[0-{OPTIONS - 1}])"
END_BUTTON = rf"lianju:guess-end:1:{_ROUND}"
AGAIN_BUTTON = rf"lianju:guess-again:1:(?P<difficulty>{'|'.join(get_args(Difficulty))})"
PAGE_BUTTON = rf"lianju:guess-board:1:(?P<owner>\d{{1,20}}):{PAGE_NUMBER}"

Row = discord.ui.ActionRow[Any]


def round_layout(localizer: Localizer, asked: Round) -> Layout:
    """Returns the message of a round: a first line, and a button for each next line."""
    ends = f"<t:{asked.ends_at}:R>"
    footer = localizer.format("guess-footer", ends=ends, difficulty=asked.difficulty)
    end = discord.ui.Button[Any](
        label=localizer.format("guess-end"), custom_id=f"lianju:guess-end:1:{asked.id}"
    )
    return Layout(
        *_head(localizer, asked),
        discord.ui.TextDisplay(localizer.format("guess-which")),
        *(
            Row(
                discord.ui.Button(
                    label=f"{LETTERS[number]}　{option}",
                    style=discord.ButtonStyle.primary,
                    custom_id=f"lianju:guess:1:{asked.id}:{number}",
                )
            )
            for number, option in enumerate(_written(asked, asked.options))
        ),
        discord.ui.TextDisplay(small(footer)),
        # A direct message ends with the choice of its only member.
        *([Row(end)] if asked.guild_id != OUTSIDE else []),
    )


def result_layout(localizer: Localizer, result: RoundResult) -> Layout:
    """Returns the message of a round that is over: the poet's line, who was right, the poem."""
    asked = result.round
    chosen = Counter(result.choices.values())
    options = "\n".join(
        localizer.format(
            "guess-poets" if number == asked.answer else "guess-lianjus",
            letter=LETTERS[number],
            line=escape(option),
            guesses=chosen[number],
        )
        for number, option in enumerate(_written(asked, asked.options))
    )
    title, poet, *lines = _written(asked, (asked.title, asked.poet, *asked.lines))
    poem = "\n".join(map("，".join, zip(lines[::2], lines[1::2], strict=False)))
    return Layout(
        *_head(localizer, asked),
        discord.ui.TextDisplay(options),
        discord.ui.TextDisplay(_who(localizer, result)),
        discord.ui.TextDisplay(f"**{escape(title)}** · {escape(poet)}\n{escape(poem)}"),
        discord.ui.TextDisplay(small(localizer.format("guess-by", model=escape(asked.bundle)))),
        Row(
            discord.ui.Button(
                label=localizer.format("guess-again"),
                custom_id=f"lianju:guess-again:1:{asked.difficulty}",
            )
        ),
    )


def board_layout(
    localizer: Localizer, owner: int, page: PageInfo, scores: Sequence[GuessScore]
) -> Layout:
    """Returns a page of a server's board, with page buttons.

    Args:
        localizer: The language.
        owner: Id of the member whose page buttons edit this message.
        page: Position of the page.
        scores: Scores of the page.
    """
    heading = discord.ui.TextDisplay[Layout](f"### {localizer.format('guess-board-heading')}")
    if not scores:
        return Layout(heading, discord.ui.TextDisplay(localizer.format("guess-board-none")))
    rows = [
        f"**{rank}.** <@{score.user_id}> · {_score(localizer, score)}"
        for rank, score in enumerate(scores, page.first_rank)
    ]
    footer = localizer.format(
        "guess-board-footer", least=RANKED, page=page.number + 1, pages=page.pages
    )
    return Layout(
        heading,
        discord.ui.TextDisplay("\n".join(rows)),
        discord.ui.TextDisplay(small(footer)),
        *page_buttons(localizer, page, f"lianju:guess-board:1:{owner}"),
    )


def own_score_layout(localizer: Localizer, score: GuessScore | None) -> Layout:
    """Returns a member's own score outside servers."""
    text = localizer.format("guess-board-alone") if score is None else _score(localizer, score)
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('guess-board-heading')}"),
        discord.ui.TextDisplay(text),
    )


def _head(localizer: Localizer, asked: Round) -> tuple[discord.ui.TextDisplay[Layout], ...]:
    (first,) = _written(asked, asked.lines[:1])
    heading = f"### {localizer.format('guess-heading')}"
    return discord.ui.TextDisplay(heading), discord.ui.TextDisplay(f"# {escape(first)}")


def _written(asked: Round, texts: Sequence[str]) -> list[str]:
    return [to_traditional(text) if asked.traditional else text for text in texts]


def _who(localizer: Localizer, result: RoundResult) -> str:
    """Returns who was right."""
    if not result.choices:
        return localizer.format("guess-nobody")
    right = result.right
    if not right:
        return localizer.format("guess-none-right", guesses=len(result.choices))
    names = " ".join(f"<@{user}>" for user in right[:MAX_NAMED])
    return localizer.format(
        "guess-right",
        names=names,
        more=max(0, len(right) - MAX_NAMED),
        right=len(right),
        guesses=len(result.choices),
    )


def _score(localizer: Localizer, score: GuessScore) -> str:
    rate = round(100 * score.hits / score.guesses)
    return localizer.format(
        "guess-score",
        rate=rate,
        hits=score.hits,
        guesses=score.guesses,
        streak=score.streak,
        best=score.best_streak,
    )
