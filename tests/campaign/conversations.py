"""Interactions of one process: sent, timed, waited for, and judged."""

import asyncio
from typing import Any

from ..discord.interactions import AUTOCOMPLETE, COMPONENT, SUBMIT, UPDATE, Exchange, Json
from .faulty_discord import FaultyDiscord
from .report import Report
from .watch import Lap, Watch

ACKNOWLEDGE_S = 3.0
ANSWER_S = 60.0  # far more than the bot's deadline and the retries of discord.py
SHOWN_ELSEWHERE_S = 3.0  # a press may be shown by the edit of another one
SHOWN_ELSEWHERE = ("heart", "line", "table", "pick")  # how the kinds of which that is so begin
# Those that may be refused after a message was shown, such as a poem that is finished meanwhile.
TOLD_BESIDES = ("line", "pick", "form for a line", "table", "lianju show")


class Conversations:
    """What members say to one process, and what it answers.

    Args:
        fake: The Discord between them.
        report: Where counts and faults go.
        watch: Measures the process.
        ended: Done when the process has ended.

    Attributes:
        ending: Set before the process is told to end; nothing is sent from then on.
        acknowledged_before: Tokens that had a response when it was told to end; None until then.
    """

    def __init__(
        self, fake: FaultyDiscord, report: Report, watch: Watch, ended: "asyncio.Future[Any]"
    ) -> None:
        self._fake, self._report, self._watch, self._ended = fake, report, watch, ended
        self._laps: dict[str, Lap] = {}
        self._events: dict[str, tuple[int, str]] = {}
        self._sent: list[Exchange] = []
        self.ending = asyncio.Event()
        self.acknowledged_before: set[str] | None = None
        fake.acknowledged = self._on_acknowledged

    async def hold(self, kind: str, event: int, payload: Json) -> Exchange | None:
        """Sends an interaction and waits for what becomes of it.

        Returns:
            The interaction; None if it never reached a process.
        """
        exchange = self._fake.exchange(payload)
        self._events[exchange.token] = event, kind
        if not await self._deliver(exchange, payload):
            return None
        self._sent.append(exchange)
        self._report.count("interactions", kind)
        elsewhere = kind.startswith(SHOWN_ELSEWHERE)
        waits_s = SHOWN_ELSEWHERE_S if elsewhere else ANSWER_S
        if await self._wait(exchange, waits_s) or self._ended.done():
            return exchange
        if elsewhere and exchange.acknowledged:
            return exchange  # another press may have shown it
        if not exchange.acknowledged:
            self._fault("unacknowledged", exchange, f"after {waits_s} s")
        elif not _is_settled(exchange):
            self._fault("unanswered", exchange, f"after {waits_s} s")
        return exchange

    def end(self) -> None:
        """Notes that the process is about to be told to end."""
        self.ending.set()
        self.acknowledged_before = {each.token for each in self._sent if each.acknowledged}

    def close(self, *, finished: bool) -> None:
        """Judges and drops all interactions, after the process has ended.

        Args:
            finished: Whether it promised to finish what it had begun.
        """
        for exchange in self._sent:
            _, kind = self._events[exchange.token]
            if exchange.token in self._fake.disturbed:
                self._report.count("outcomes", "met a fault of the network")
            elif _is_settled(exchange):
                self._report.count("outcomes", _outcome(exchange))
            elif kind.startswith(SHOWN_ELSEWHERE) and exchange.acknowledged:
                self._report.count("outcomes", "shown by another press")
            else:
                self._report.count("outcomes", "ended with the process")
                begun = exchange.token in (self.acknowledged_before or ())
                if finished and begun and exchange.kind != AUTOCOMPLETE:
                    self._fault("unfinished", exchange, "begun before SIGTERM, never answered")
            most, answers = 2 if kind.startswith(TOLD_BESIDES) else 1, _answers(exchange)
            if answers > most and exchange.token not in self._fake.disturbed:
                self._fault("answered-twice", exchange, f"{answers} answers")
            self._fake.forget(exchange)
        self._fake.disturbed.clear()
        self._fake.messages.files.clear()
        self._fake.refusals.clear()

    async def _deliver(self, exchange: Exchange, payload: Json) -> bool:
        while not self.ending.is_set():
            await self._either(self._fake.connected.wait(), self.ending.wait())
            if self.ending.is_set():
                break
            self._laps[exchange.token] = self._watch.lap()
            try:
                await self._fake.send(payload)
            except ConnectionError:  # the gateway is about to be dropped
                await asyncio.sleep(0.05)
            else:
                return True
        self._fake.forget(exchange)
        return False

    async def _wait(self, exchange: Exchange, seconds: float) -> bool:
        settled = exchange.until(lambda: _is_settled(exchange))
        await self._either(settled, asyncio.shield(self._ended), seconds)
        return _is_settled(exchange)

    async def _either(self, one: Any, other: Any, seconds: float | None = None) -> None:
        """Waits for one of two things, or for some time."""
        tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_acknowledged(self, exchange: Exchange) -> None:
        lap = self._laps.pop(exchange.token, None)
        if lap is None or exchange.token in self._fake.disturbed:
            return
        seconds = self._watch.waited(lap)
        self._report.measure("slowest acknowledgement, s", seconds)
        if seconds > ACKNOWLEDGE_S:
            self._fault("late", exchange, f"acknowledged after {seconds:.2f} s")

    def _fault(self, name: str, exchange: Exchange, what: str) -> None:
        if exchange.token not in self._fake.disturbed:
            event, kind = self._events[exchange.token]
            self._report.fault(name, event, f"{kind}: {what}")


def _is_settled(exchange: Exchange) -> bool:
    """Whether it was answered, by whatever means."""
    if exchange.kind == AUTOCOMPLETE:
        return exchange.choices is not None
    if exchange.form is not None:
        return True
    if exchange.kind in (COMPONENT, SUBMIT) and exchange.updates:
        return exchange.type == UPDATE or exchange.edited or bool(exchange.followups)
    return bool(exchange.messages)


def _answers(exchange: Exchange) -> int:
    if exchange.updates:
        return (exchange.type == UPDATE or exchange.edited) + len(exchange.followups)
    return len(exchange.messages)


def _outcome(exchange: Exchange) -> str:
    """What its member saw: choices, a changed message, a layout, or a sentence."""
    if exchange.kind == AUTOCOMPLETE:
        return "choices" if exchange.choices else "no choices"
    if exchange.form is not None:
        return "a form"
    if any(message["content"] for message in exchange.messages):
        return "a sentence"
    return "a changed message" if exchange.updates else "a message"
