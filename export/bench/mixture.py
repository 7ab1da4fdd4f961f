"""Requests of every kind, as many as are wanted, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from lianju.bot.errors import LianjuError
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.request import CHARS, Request, Rerank, Sample

WIDEST = 20
POPULAR = 8  # prompts that half of the requests share
HEADS = 4


class _Wish(NamedTuple):
    """What chance has given a request; its kind takes what it needs."""

    text: str
    width: int
    length: int
    seed: int


def _plain(wish: _Wish) -> Request:
    return Request(wish.text, width=wish.width, length=wish.length, plain=True)


def _ruled(wish: _Wish) -> Request:
    return Request(wish.text, width=wish.width, length=wish.length)


def _sampled(wish: _Wish) -> Request:
    return Request(wish.text, length=wish.length, sampling=Sample(seed=wish.seed))


def _chosen(wish: _Wish) -> Request:
    return Request(wish.text, length=wish.length, choosing=Rerank(wish.seed))


def _quatrain(wish: _Wish) -> Request:
    return Request(wish.text, form="jueju", choosing=Rerank(wish.seed))


def _acrostic(wish: _Wish) -> Request:
    heads = wish.text[:HEADS]
    return Request("", heads=heads, chars=wish.length, choosing=Rerank(wish.seed))


KINDS: dict[str, tuple[float, Callable[[_Wish], Request]]] = {
    "plain beam": (0.38, _plain),
    "beam under rules": (0.26, _ruled),
    "sampled": (0.16, _sampled),
    "chosen": (0.12, _chosen),
    "quatrain": (0.04, _quatrain),
    "acrostic": (0.04, _acrostic),
}
"""Each kind's share, and how a request of it is made."""


def mix(composer: Composer, prompts: Sequence[str], count: int, seed: int = 7) -> list[Request]:
    """Mixes requests; what the bundle cannot do becomes a plain beam search.

    Args:
        composer: it reads every request beforehand.
        prompts: lines that can be answered.
        count: how many requests.
        seed: where chance starts from.
    """
    rng = np.random.default_rng(seed)
    shortens = composer.bundle.vocabulary.is_chinese
    requests = []
    for kind in rng.choice(list(KINDS), count, p=[share for share, _ in KINDS.values()]):
        among = POPULAR if rng.random() < 0.5 else len(prompts)
        text = prompts[rng.integers(min(among, len(prompts)))]
        if rng.random() < 0.5 and shortens:
            text = text[: CHARS[0]]
        wish = _Wish(
            text,
            width=int(rng.integers(1, WIDEST + 1)),
            length=int(rng.choice(CHARS)),
            seed=int(rng.integers(1000)),
        )
        request = KINDS[kind][1](wish)
        requests.append(request if _can_be_read(composer, request) else _plain(wish))
    return requests


def _can_be_read(composer: Composer, request: Request) -> bool:
    try:
        composer.read(request)
    except LianjuError:
        return False
    return True
