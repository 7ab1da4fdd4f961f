"""What the benchmarks run: an engine, and requests of every kind."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from lianju.bot.cli.bench import draw_prompts
from lianju.bot.errors import LianjuError
from lianju.bot.verse import (
    Acrostic,
    Beam,
    Composer,
    NextLine,
    Poem,
    Request,
    Rerank,
    Sample,
)
from lianju.bot.verse.form import CHARS
from lianju.bot.verse.model.bundle import Bundle, default_directory, load_bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.provider import PROVIDERS
from lianju.bot.verse.serving.scheduler import Scheduler

LINE = "黄河远上白云间"
WIDTH, WIDE = 5, 20  # beam widths
AT_ONCE = 64  # requests: as many as a scheduler takes by default
DEADLINE_S = 600.0  # no request here is to be cut short
POPULAR = 8  # prompts that half of the mixed requests share
HEADS = 4  # lines of an acrostic


@dataclass(frozen=True)
class Engine:
    """A bundle, and composers on it.

    Attributes:
        bundle: The bundle.
        provider: `auto`, `cuda` or `cpu`.
        threads: Within one operator; 0 takes every core.
    """

    bundle: Bundle
    provider: Any = "auto"
    threads: int = 0

    @functools.cached_property
    def model(self) -> OnnxModel:
        """The model on ONNX Runtime, opened once."""
        return OnnxModel(self.bundle, self.provider, self.threads)

    def composer(self, model: LanguageModel | None = None, capacity: int = AT_ONCE) -> Composer:
        """Returns a composer with an empty prefix cache and a scheduler of its own."""
        model = model or self.model
        return Composer(self.bundle, model, Scheduler(model, capacity))

    def prompts(self, count: int) -> list[str]:
        """Returns so many prompts that the model has drawn after `LINE`; the same every time."""
        drawn = draw_prompts(self.composer(), LINE, count)
        return [drawn[number % len(drawn)] for number in range(count)]


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--bundle`, `--provider` and `--threads`, which become the argument `engine`."""

    @click.option("--bundle", type=click.Path(path_type=Path), default=default_directory)
    @click.option("--provider", type=click.Choice(PROVIDERS), default="auto")
    @click.option("--threads", default=0, help="Within one operator; 0 takes every core.")
    @functools.wraps(command)
    def with_engine(bundle: Path, provider: str, threads: int, **options: Any) -> None:
        command(engine=Engine(load_bundle(bundle), provider, threads), **options)

    return with_engine


def plain(line: str, width: int = WIDTH) -> Request:
    """Returns a request for the reference beam search, without rules."""
    return Request(line, search=Beam(width, plain=True), count=min(5, width))


class _Values(NamedTuple):
    """Random values, of which each kind of request takes what it needs."""

    line: str
    width: int
    length: int
    seed: int


def _beam(values: _Values, plain: bool) -> Request:
    search, count = Beam(values.width, plain), min(5, values.width)
    return Request(values.line, NextLine(values.length), search, count)


KINDS: dict[str, tuple[float, Callable[[_Values], Request]]] = {
    "plain beam": (0.38, lambda it: _beam(it, plain=True)),
    "beam": (0.26, lambda it: _beam(it, plain=False)),
    "sample": (0.16, lambda it: Request(it.line, NextLine(it.length), Sample(seed=it.seed))),
    "rerank": (0.12, lambda it: Request(it.line, NextLine(it.length), Rerank(it.seed))),
    "quatrain": (0.04, lambda it: Request(it.line, Poem("jueju"), Rerank(it.seed))),
    "acrostic": (
        0.04,
        lambda it: Request(it.line[:HEADS], Acrostic(it.length), Rerank(it.seed)),
    ),
}
"""Each kind's share, and how a request of it is made."""


def mixed_requests(
    composer: Composer, prompts: Sequence[str], count: int, seed: int = 7
) -> list[Request]:
    """Returns requests of all kinds; what the bundle cannot answer becomes a plain beam search.

    Args:
        composer: Reads every request beforehand.
        prompts: Lines that can be answered.
        count: How many requests.
        seed: Of the random choices.
    """
    rng = np.random.default_rng(seed)
    shortens = composer.bundle.vocabulary.is_chinese
    requests = []
    for kind in rng.choice(list(KINDS), count, p=[share for share, _ in KINDS.values()]):
        among = POPULAR if rng.random() < 0.5 else len(prompts)
        line = prompts[rng.integers(min(among, len(prompts)))]
        if rng.random() < 0.5 and shortens:
            line = line[: CHARS[0]]
        values = _Values(
            line,
            width=int(rng.integers(1, WIDE + 1)),
            length=int(rng.choice(CHARS)),
            seed=int(rng.integers(1000)),
        )
        request = KINDS[kind][1](values)
        try:
            composer.prepare(request)
        except LianjuError:
            request = KINDS["plain beam"][1](values)
        requests.append(request)
    return requests
