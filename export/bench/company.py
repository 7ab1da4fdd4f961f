"""Whether an answer is the same alone and among others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lianju.bot.errors import LianjuError
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.request import Answer, Request

from .engine import CROWD, DEADLINE, Engine
from .mixture import mix
from .report import Row, Section, skipped

CLOSE = 1e-4  # natural-log units
NAME = f"mixed requests, {CROWD} in flight, as alone"

Outcome = Answer | str
"""An answer, or the sentence of what forbade it."""


def measure_company(engine: Engine, prompts: Sequence[str], count: int) -> Section:
    """Answers mixed requests each alone and then beside each other.

    Alone, each has a composer of its own, which has seen no prompt; together they share one.
    """
    title = "The same text and scores alone and in any company"
    if not count:
        return Section(title, [skipped(NAME, "%", "--mixed 0 leaves it out")])
    requests = mix(engine.composer(), prompts, count)
    alone = [_outcome(engine.composer().compose_now, request) for request in requests]
    composer = engine.composer()
    try:
        together = asyncio.run(answer_all(composer, requests))
    finally:
        composer.close()
    same = sum(map(are_same, alone, together))
    answered = sum(isinstance(outcome, Answer) for outcome in alone)
    note = f"{same} of {count}, {answered} with lines"
    return Section(title, [Row(NAME, 100 * same / count, "%", 100.0, "at least", note)])


async def answer_all(composer: Composer, requests: Sequence[Request]) -> list[Outcome]:
    """Answers requests in the order given, always as many at once as a scheduler takes."""
    outcomes: list[Outcome] = [""] * len(requests)
    numbered = iter(enumerate(requests))

    async def work() -> None:
        for number, request in numbered:
            try:
                outcomes[number] = await composer.compose(request, DEADLINE)
            except LianjuError as error:
                outcomes[number] = str(error)

    await asyncio.gather(*(work() for _ in range(CROWD)))
    return outcomes


def are_same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes have the same lines, remarks and scores, these within 1e-4."""
    if not (isinstance(one, Answer) and isinstance(other, Answer)):
        return one == other
    if len(one.candidates) != len(other.candidates):
        return False
    return all(
        (a.lines, a.known, a.relaxed) == (b.lines, b.known, b.relaxed)
        and abs(a.log_prob - b.log_prob) <= CLOSE
        and abs((a.objective or 0.0) - (b.objective or 0.0)) <= CLOSE
        for a, b in zip(one.candidates, other.candidates, strict=True)
    )


def _outcome(answer: Callable[[Request], Answer], request: Request) -> Outcome:
    try:
        return answer(request)
    except LianjuError as error:
        return str(error)
