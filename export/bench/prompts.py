"""Prompts drawn from the model itself, and the request that is measured with them."""

from __future__ import annotations

from lianju.bot.errors import LianjuError
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.request import Request, Sample

WIDTH = 5
DRAWN = 20  # lines of one request


def plain(line: str, width: int = WIDTH) -> Request:
    """The reference beam search, free of rules."""
    return Request(line, width=width, plain=True)


def draw_prompts(composer: Composer, line: str, count: int) -> list[str]:
    """Draws prompts as long as a line from the model itself, the same every time.

    Returns:
        So many, all different; from a model that does not say so much they come again.

    Raises:
        LianjuError: the line cannot be answered.
    """
    wanted = composer.compose_now(plain(line)).length
    drawn: dict[str, None] = {}
    for seed in range(4 * (count // DRAWN + 1)):
        request = Request(line, count=DRAWN, length=wanted, sampling=Sample(seed=seed))
        try:
            texts = [candidate.text for candidate in composer.compose_now(request).candidates]
        except SearchError:  # the rules leave nothing, as they may with a toy
            break
        drawn |= dict.fromkeys(text for text in texts if _is_prompt(composer, text, wanted))
        if len(drawn) >= count:
            break
    prompts = list(drawn) or [line]
    return [prompts[number % len(prompts)] for number in range(count)]


def _is_prompt(composer: Composer, text: str, tokens: int) -> bool:
    try:
        lines = composer.read(plain(text)).lines
    except LianjuError:
        return False
    return [len(line) for line in lines] == [tokens]
