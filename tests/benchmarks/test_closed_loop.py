"""Closed loops of clients, here with an engine that answers at once."""

import asyncio
from collections import Counter

from lianju.bot.verse import BusyError

from . import closed_loop as module
from .closed_loop import Load, closed_loop, default_requests


class Engine:
    """Answers in a millisecond of its own clock; refuses every third of the second client."""

    def __init__(self):
        self.asked = []
        self.seconds = 0.0

    async def compose(self, request, deadline_s, group):
        self.asked.append((request, group))
        self.seconds += 1e-3
        await asyncio.sleep(0)  # another client's turn
        if group == 2 and len(self.asked) % 3 == 0:
            raise BusyError("busy-full")


async def test_clients_ask_again_and_their_answers_are_counted(monkeypatch):
    engine, seconds = Engine(), iter(range(10))
    monkeypatch.setattr(module, "RETRY_S", 0)
    # The loop's clock is the engine's: a busy machine must not end the time before an answer.
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: engine.seconds)
    requests = default_requests(["黄河远上白云间", "白日依山尽"])

    def computed():
        return Counter(clients=next(seconds))

    load = await closed_loop(engine, requests, 2, 0.2, 0.1, computed)
    assert {group for _, group in engine.asked} == {1, 2}
    assert 0 < load.refused < len(load.latencies) < len(engine.asked)
    assert load.rate == len(load.latencies) / 0.2
    assert load.computed == {"clients": 1}
    first, second, third = (request for request, _ in engine.asked[:3])
    assert first.text == third.text != second.text
    assert len({first, second, third}) == 3


def test_figures_are_of_answers():
    load = Load(3.0, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0], 3, Counter(engine=0.6))
    assert (load.rate, load.median_ms, load.p99_ms) == (2, 3.5, 6)
    assert load.computed_ms("engine") == 100
