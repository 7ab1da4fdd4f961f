"""Members who ask and keep verses, while what answers them fails."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ..campaign.actions import HEART, heart_outcome, verses_of
from ..campaign.faulty_discord import FaultyDiscord
from ..campaign.ledger import Ledger
from ..discord.interactions import COMPONENT, UPDATE, Exchange, Json, custom_ids, poem
from ..discord.soak import LINES

SHARD_BITS = 22  # https://discord.com/developers/docs/events/gateway#sharding
ANSWER_S = 60.0  # more than the bots' deadline
TAKEN_BACK = 0.2  # the share of favorites that are removed again

FATES = VERSE, HEARTS, SENTENCE, LOST, UNANSWERED = (
    "verse",
    "hearts shown",
    "a sentence",
    "lost with the bot",
    "unanswered",
)


@dataclass
class Phase:
    """What was seen while one thing failed.

    Attributes:
        name: What failed.
        fates: How many interactions had which fate.
        sentences: The sentences that came instead of verse.
        slowest_s: The latest acknowledgement.
    """

    name: str
    fates: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


class Members:
    """Sends interactions to the bots that are up, and notes what becomes of each.

    Args:
        fake: The Discord.
        shards: How many shards there are, each with a bot of its own.

    Attributes:
        ledger: The favorites that must be stored.
        phases: What was seen so far; the last one goes on.
        is_up: By shard, set while its bot is alive and online.
        sent: By shard, how many interactions its bots were sent.
    """

    def __init__(self, fake: FaultyDiscord, shards: int) -> None:
        self._fake = fake
        self.ledger = Ledger()
        self.phases: list[Phase] = []
        self.is_up = [asyncio.Event() for _ in range(shards)]
        self.sent = [0] * shards
        self._waiting: list[dict[str, Exchange]] = [{} for _ in range(shards)]
        self._lost: set[str] = set()
        self._numbers = itertools.count(1)
        self._verses = 0
        self._answered = asyncio.Condition()
        fake.acknowledged = self._on_acknowledged

    def begin(self, phase: str) -> None:
        """Counts what is sent from now on in another phase."""
        self.phases.append(Phase(phase))

    async def lose(self, shard: int) -> None:
        """Notes that the bot of a shard is about to be killed, with all that it has not answered.

        Nothing more is sent to the shard until it is up again.
        """
        self.is_up[shard].clear()
        self._lost |= self._waiting[shard].keys()
        for exchange in self._waiting[shard].values():
            async with exchange.changed:
                exchange.changed.notify_all()

    async def answers(self, more: int) -> None:
        """Waits until there are so many more answers with verse."""
        wanted = self._verses + more
        async with self._answered:
            await self._answered.wait_for(lambda: self._verses >= wanted)

    async def ask(self, lane: int, stop: asyncio.Event) -> None:
        """Asks and keeps verses, one after the other and in one server, until the stop."""
        rng = random.Random(lane)  # noqa: S311 -- no secret
        shards = len(self.is_up)
        shard, guild = lane % shards, lane + shards << SHARD_BITS
        while not stop.is_set():
            number = next(self._numbers)  # a new member, who need not wait
            place = {"user": number, "guild": guild}
            data = poem(LINES[number % len(LINES)], seed=number)
            asked = await self._send(shard, partial(self._fake.interaction, data, **place))
            for message in [each for each in asked.messages if custom_ids(each, HEART)]:
                await self._keep(shard, message, place, rng)

    async def _keep(self, shard: int, message: Json, place: Json, rng: random.Random) -> None:
        """Keeps one of the verses of an answer; some members take it back."""
        custom_id, verse = rng.choice(sorted(verses_of(message).items()))
        for _ in range(1 + (rng.random() < TAKEN_BACK)):
            key = (place["user"], place["guild"], *verse)
            self.ledger.begin(key)
            pressing = partial(self._fake.press, message, custom_id, **place)
            press = await self._send(shard, pressing)
            outcome = heart_outcome(press)
            # A commit whose connection broke may have been carried out.
            self.ledger.finish(key, "unclear" if outcome == "refused" else outcome)

    async def _send(self, shard: int, payload: Callable[[], Json]) -> Exchange:
        """Sends an interaction to a live bot, and waits for what becomes of it."""
        await self.is_up[shard].wait()
        made, phase = payload(), self.phases[-1]
        exchange = self._fake.exchange(made)
        self._waiting[shard][exchange.token] = exchange
        self.sent[shard] += 1
        try:
            await self._fake.send(made)
            async with asyncio.timeout(ANSWER_S):
                await exchange.until(lambda: self._fate(exchange) is not None)
        except TimeoutError:
            pass
        del self._waiting[shard][exchange.token]
        fate = self._fate(exchange) or UNANSWERED
        phase.fates[fate] += 1
        if fate == SENTENCE:
            phase.sentences.update(each["content"] for each in exchange.messages)
        if fate == VERSE:
            async with self._answered:
                self._verses += 1
                self._answered.notify_all()
        return exchange

    def _fate(self, exchange: Exchange) -> str | None:
        """What became of an interaction; None if nothing has so far."""
        if exchange.messages:
            return SENTENCE if any(each["content"] for each in exchange.messages) else VERSE
        if exchange.kind == COMPONENT and (exchange.type == UPDATE or exchange.edited):
            return HEARTS
        return LOST if exchange.token in self._lost else None

    def _on_acknowledged(self, exchange: Exchange) -> None:
        phase = self.phases[-1]
        waited = asyncio.get_running_loop().time() - exchange.sent_at
        phase.slowest_s = max(phase.slowest_s, waited)
