"""What runs the bot fails, while members ask: `python -m tests.cluster_faults`.

Two bots, each with a shard, keep favorites in PostgreSQL and ask two replicas on Ray Serve. All
are processes of their own, behind a fake Discord. While members ask and keep verses, a replica is
killed, then a bot, and then PostgreSQL is restarted. Whoever reached a bot that lives must be
answered, with verse or with a sentence, and the database must have just what members were told.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack

import click
from lianju.bot.verse.model.bundle import default_directory

from ..benchmarks.table import print_table
from ..campaign.faulty_discord import FaultyDiscord
from ..campaign.ledger import Key
from ..discord.process import Served, serving
from ..discord.soak import memory_mb
from ..postgres import Server, ask, running_server
from ..ray_serve import application, computed_s, kill, ray_serving
from .members import FATES, UNANSWERED, Members

REPLICAS = 2
STORED = """
    SELECT user_id, guild_id, line, answer FROM favourite JOIN couplet ON couplet.id = couplet_id
"""


class Bots:
    """The bots, one for each shard.

    Args:
        fake: The Discord.
        variables: What all bots have in their environment.
        stack: Ends them.
    """

    def __init__(
        self, fake: FaultyDiscord, variables: dict[str, object], stack: AsyncExitStack
    ) -> None:
        self._fake, self._variables, self._stack = fake, variables, stack
        self._running: dict[int, Served] = {}

    async def start(self, shard: int) -> None:
        """Starts the bot of a shard, and waits until it is online."""
        variables = self._variables
        if self._fake.shards > 1:
            variables = variables | {"LIANJU_SHARDS": f"{shard}/{self._fake.shards}"}
        self._fake.ready.clear()
        served = await self._stack.enter_async_context(serving(fork=False, **variables))
        await served.online(self._fake.ready)
        self._running[shard] = served

    def pid(self, shard: int) -> int:
        """The process id of the bot of a shard."""
        return self._running[shard].pid

    async def kill(self, shard: int) -> None:
        """Ends the bot of a shard at once."""
        await self._running[shard].stop(signal.SIGKILL)


@click.command()
@click.option("--bots", type=click.IntRange(1), default=2, show_default=True)
@click.option("--members", type=click.IntRange(1), default=64, show_default=True)
@click.option(
    "--answers",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Answers with verse after each fault.",
)
def main(bots: int, members: int, answers: int) -> None:
    """Runs it, and exits with status 1 if anything was lost."""
    with tempfile.TemporaryDirectory() as folder, running_server() as postgres:
        os.chdir(folder)  # where no .env is
        with postgres.database() as url:
            sound = asyncio.run(run(postgres, url, bots, members, answers))
    sys.exit(not sound)


async def run(postgres: Server, url: str, shards: int, members: int, answers: int) -> bool:
    """Lets so many members ask at once; returns whether nothing was lost."""
    bundle = {"LIANJU_BUNDLE": default_directory(), "LIANJU_PROVIDER": "cpu"}
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FaultyDiscord.running())
        fake.shards = shards
        service = application("", bundle, replicas=REPLICAS)
        ray = await stack.enter_async_context(ray_serving(service, cpus=REPLICAS))
        variables = {
            "DISCORD_TOKEN": fake.token,
            "LIANJU_REST_BASE": fake.rest_base,
            "LIANJU_DATABASE": url,
            "LIANJU_ENGINE": ray.address,
            "LIANJU_LOG_LEVEL": "warning",
        }
        bots, seen, stop = Bots(fake, variables, stack), Members(fake, shards), asyncio.Event()
        for shard in range(shards):
            await bots.start(shard)
            seen.is_up[shard].set()
        seen.begin("nothing")
        async with asyncio.TaskGroup() as group:
            for lane in range(members):
                group.create_task(seen.ask(lane, stop))
            await seen.answers(answers)

            seen.begin("a replica is killed")
            (killed, *_) = await ray.replicas()
            kill(killed)
            await seen.answers(answers)
            while killed in (now := await ray.replicas()) or len(now) < REPLICAS:
                await seen.answers(1)

            seen.begin("a bot is killed")
            await seen.lose(0)
            await bots.kill(0)
            await bots.start(0)
            seen.is_up[0].set()
            await seen.answers(answers)

            seen.begin("PostgreSQL is restarted")
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)
            await seen.answers(answers)

            seen.begin("nothing more")
            await seen.answers(answers)
            stop.set()
        print_cost(bots.pid(shards - 1), seen.sent[shards - 1])
    return report(seen, Counter(ask(url, STORED)))


def print_cost(pid: int, interactions: int) -> None:
    """Prints what the last bot, which was not killed, needs: for `docs/scaling.md`."""
    computed_ms = 1e3 * computed_s(pid) / interactions
    memory = memory_mb(pid)
    print(f"one bot: {interactions} interactions, {computed_ms:.1f} ms computed for each")
    print(f"its memory: {memory['VmRSS']:.0f} MB, at most {memory['VmHWM']:.0f} MB")


def report(seen: Members, stored: Counter[Key]) -> bool:
    """Prints what was seen; returns whether nothing was lost."""
    print_table(
        "What became of interactions, while …",
        ("", "interactions", *FATES, "slowest acknowledgement"),
        [
            (
                phase.name,
                str(phase.fates.total()),
                *(str(phase.fates[fate]) for fate in FATES),
                f"{phase.slowest_s:.2f} s",
            )
            for phase in seen.phases
        ],
    )
    sentences = sum((phase.sentences for phase in seen.phases), Counter[str]())
    for sentence, times in sentences.most_common():
        print(f"{times:>6} times: {sentence}")
    differences = list(seen.ledger.differences(stored))
    print(f"\nfavorites: {seen.ledger.kept} told of and kept, {stored.total()} stored")
    print("\n".join(differences) or "none lost, none doubled, none that nobody keeps")
    return not differences and not any(phase.fates[UNANSWERED] for phase in seen.phases)


if __name__ == "__main__":
    main()
