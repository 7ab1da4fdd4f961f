"""Whether answers are the same in a batch: `python -m tests.benchmarks.batch_invariance`.

Alone, each request has a composer of its own with an empty prefix cache; together they share one.
"""

import asyncio
import sys
from collections.abc import Sequence

import click
from lianju.bot.errors import LianjuError
from lianju.bot.verse import Answer, Composer, Request

from .workload import AT_ONCE, DEADLINE_S, Engine, engine_options, mixed_requests

PROMPTS = 200
TOLERANCE = 1e-4  # natural-log units

Outcome = Answer | LianjuError


@click.command()
@engine_options
@click.option("--requests", type=click.IntRange(1), default=1000, show_default=True)
def main(engine: Engine, requests: int) -> None:
    """Answers mixed requests alone and 64 at once; the exit status is 1 if they differ."""
    different = compare(engine, requests)
    for request in different:
        print(f"different: {request}")
    print(f"{requests - len(different)} of {requests} mixed requests are answered as alone")
    sys.exit(bool(different))


def compare(engine: Engine, count: int) -> list[Request]:
    """Returns the requests that are answered differently in a batch."""
    requests = mixed_requests(engine.composer(), engine.prompts(PROMPTS), count)
    alone = [_answer_alone(engine.composer(), request) for request in requests]
    composer = engine.composer()
    try:
        together = asyncio.run(_answer_together(composer, requests))
    finally:
        composer.close()
    outcomes = zip(requests, alone, together, strict=True)
    return [request for request, one, other in outcomes if not are_same(one, other)]


def are_same(one: Outcome, other: Outcome) -> bool:
    """Returns whether two outcomes have the same lines and, but for rounding, the same scores."""
    if isinstance(one, LianjuError) or isinstance(other, LianjuError):
        return type(one) is type(other) and str(one) == str(other)
    return len(one.candidates) == len(other.candidates) and all(
        (a.lines, a.known, a.relaxed) == (b.lines, b.known, b.relaxed)
        and abs(a.log_prob - b.log_prob) <= TOLERANCE
        and abs(a.score - b.score) <= TOLERANCE
        for a, b in zip(one.candidates, other.candidates, strict=True)
    )


def _answer_alone(composer: Composer, request: Request) -> Outcome:
    try:
        return composer.compose_now(request)
    except LianjuError as error:
        return error


async def _answer_together(composer: Composer, requests: Sequence[Request]) -> list[Outcome]:
    """Returns the outcomes in the order of the requests, of which 64 are always in flight."""
    outcomes: dict[int, Outcome] = {}
    numbered = iter(enumerate(requests))

    async def client() -> None:
        for number, request in numbered:
            try:
                outcomes[number] = await composer.compose(request, DEADLINE_S)
            except LianjuError as error:
                outcomes[number] = error

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return [outcomes[number] for number in range(len(requests))]


if __name__ == "__main__":
    main()
