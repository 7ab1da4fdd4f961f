"""What is written by default, as far as the model and the line allow it."""

from __future__ import annotations

from lianju.bot.verse.errors import RequestError
from lianju.bot.verse.request import Request, Rerank

from .engine import Engine
from .report import Row, Section
from .turns import again, medians

PRODUCTS = (
    ("five lines chosen of a pool", "next", 60.0),
    ("five quatrains, each line chosen", "jueju", 250.0),
)


def measure_defaults(engine: Engine, repeat: int) -> Section:
    """Measures what is written by default; what cannot be written is left out.

    Raises:
        LianjuError: the line cannot be answered.
    """
    composer = engine.composer()
    ways, targets = [], {}
    for name, form, target in PRODUCTS:
        request = Request(engine.line, choosing=Rerank(0), form=form)
        try:
            chosen = composer.compose_now(request).request.choosing is not None
        except RequestError:
            continue
        if chosen:
            ways.append(again(name, lambda request=request: composer.compose_now(request)))
            targets[name] = target
    taken = medians(ways, repeat)
    rows = [Row(name, taken[name], "ms", target) for name, target in targets.items()]
    return Section("What is written by default, a prompt seen before", rows)
