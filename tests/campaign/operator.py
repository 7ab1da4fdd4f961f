"""What happens around the bot in one event: to its network, its machine, its bundle."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIGHUP

from ..discord.process import Served
from .faulty_discord import ROUTES, TROUBLES, FaultyDiscord
from .ledger import Ledger
from .machine import Machine
from .report import Report
from .scene import World

LOADED, NOT_LOADED = "loaded bundle=", "bundle not reloaded"
DAY = 24 * 60 * 60
RELOAD_S = 60.0


@dataclass
class Surroundings:
    """One process, and everything that it depends on."""

    fake: FaultyDiscord
    machine: Machine
    served: Served
    world: World
    ledger: Ledger
    report: Report
    reloading: asyncio.Lock = field(default_factory=asyncio.Lock)


async def break_network(around: Surroundings, rng: random.Random) -> str:
    route, trouble = rng.choice(list(ROUTES)), rng.choice(TROUBLES)
    around.fake.retry_after = rng.choice([0.0, 0.3, 1.2])
    around.fake.troubles[route] += [trouble] * rng.choice([1, 1, 2, 7])
    return f"{trouble} on {route}"


async def drop_gateway(around: Surroundings, rng: random.Random) -> str:
    if not around.fake.connected.is_set():
        return "gateway: already down"
    around.fake.connected.clear()
    if rng.random() < 0.8:
        await around.fake.drop_gateway()
        return "gateway dropped"
    await around.fake.forget_session()
    return "session forgotten"


async def reload_bundle(around: Surroundings, rng: random.Random) -> str:
    """Reloads a bundle that is in order or damaged; the damage is repaired afterwards."""
    damaged = rng.random() < 0.5
    async with around.reloading:
        around.machine.heal_bundle()
        if damaged:
            around.machine.damage_bundle(rng.randrange(5))
        words = NOT_LOADED if damaged else LOADED
        times = around.served.log.count(words) + 1
        around.served.signal(SIGHUP)
        with suppress(TimeoutError, AssertionError):  # it is ending
            async with asyncio.timeout(RELOAD_S):
                await around.served.logs(words, times)
        around.machine.heal_bundle()
    return f"SIGHUP, bundle {'damaged' if damaged else 'in order'}"


async def set_clock(around: Surroundings, rng: random.Random) -> str:
    offset = rng.choice([-DAY, -3600, -60, 0, 60, 3600, DAY, 40 * DAY])
    around.machine.set_clock(offset)
    return "clock set"


async def lock_database(around: Surroundings, rng: random.Random) -> str:
    held = await around.machine.lock_database(rng.choice([0.2, 1.0, 2.5, 7.0]))
    return "database locked" if held else "database locked already"


async def read_database(around: Surroundings, rng: random.Random) -> str:
    await around.machine.read_database(rng.choice([0.5, 5.0]))
    return "long reader"


async def fill_disk(around: Surroundings, rng: random.Random) -> str:
    if "full disk" in around.machine.skipped:
        return "full disk: skipped"
    await around.machine.fill_disk(rng.choice([0.5, 3.0]))
    return "full disk"


async def leave_server(around: Surroundings, rng: random.Random) -> str:
    guild = rng.choice(around.world.guilds)
    new = around.world.replace_guild(guild)
    try:
        await around.fake.leave(guild)
        await around.fake.join(new)
    except ConnectionError:  # it learns of both when it identifies again
        around.fake.guilds.discard(str(guild))
        around.fake.guilds.add(str(new))
    around.ledger.left.add(guild)
    return "server left"


FAULTS: dict[Callable[[Surroundings, random.Random], Awaitable[str]], int] = {
    break_network: 12,
    drop_gateway: 3,
    reload_bundle: 3,
    set_clock: 4,
    lock_database: 3,
    read_database: 1,
    fill_disk: 2,
    leave_server: 1,
}
