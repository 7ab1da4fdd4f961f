"""What so many servers need, calculated: `python -m tests.benchmarks.scaling --servers 100000`.

Every assumption is an option. The defaults of usage are guesses; those of cost were measured, see
`docs/scaling.md`.
"""

import math
from dataclasses import dataclass

import click

from .table import print_table

DAY_S = 86_400
LARGE = 150_000  # servers from which Discord lets that many shards identify at once
LARGE_CONCURRENCY = 16
YEAR_DAYS = 365
IDENTIFY_S = 5  # https://discord.com/developers/docs/events/gateway#rate-limiting
SERVERS = (1_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Assumptions:
    """How servers use the bot, and what that costs.

    Attributes:
        answers: How often a server asks in a day.
        hearts: How many verses are kept for each answer.
        peak: How many times the mean the busiest minutes have.
        rate: Answers a second of one replica with one thread.
        load: The share of what replicas and bots can do that the busiest minutes may take.
        bot_ms: What a bot computes for an interaction.
        bot_mb: The memory of a bot without servers.
        server_kb: What a server adds to it.
        shard: Servers of a shard.
        shards: The most shards of one bot.
        concurrency: How many shards may identify at once; 0 is Discord's rule.
        favorite_bytes: What a favorite takes in PostgreSQL.
        writes: Transactions that an answer makes; each heart makes one.
    """

    answers: float
    hearts: float
    peak: float
    rate: float
    load: float
    bot_ms: float
    bot_mb: float
    server_kb: float
    shard: int
    shards: int
    concurrency: int
    favorite_bytes: float
    writes: float


@dataclass(frozen=True)
class Needs:
    """What so many servers need.

    Attributes:
        servers: How many there are.
        shards: Connections to Discord.
        online_s: How long all of them take to identify.
        peak: Answers a second in the busiest minutes.
        replicas: Of the model, with one thread each.
        bots: Processes that have the shards.
        bot_mb: The memory of each.
        writes: Transactions a second in the busiest minutes.
        stored_gb: What a year of favorites adds to PostgreSQL.
    """

    servers: int
    shards: int
    online_s: int
    peak: float
    replicas: int
    bots: int
    bot_mb: float
    writes: float
    stored_gb: float


def needs(servers: int, given: Assumptions) -> Needs:
    """Returns what so many servers need."""
    answers = servers * given.answers / DAY_S
    peak = answers * given.peak
    shards = math.ceil(servers / given.shard)
    at_once = given.concurrency or (LARGE_CONCURRENCY if servers >= LARGE else 1)
    computed = peak * (1 + given.hearts) * given.bot_ms / 1e3  # cores that bots keep busy
    bots = max(math.ceil(shards / given.shards), math.ceil(computed / given.load))
    kept = servers * given.answers * given.hearts * YEAR_DAYS
    return Needs(
        servers,
        shards,
        math.ceil(shards / at_once) * IDENTIFY_S,
        peak,
        math.ceil(peak / (given.rate * given.load)),
        bots,
        given.bot_mb + servers / bots * given.server_kb / 1e3,
        peak * (given.writes + given.hearts),
        kept * given.favorite_bytes / 1e9,
    )


def _option(name: str, default: float, text: str) -> object:
    kind = (
        click.IntRange(0 if default == 0 else 1)
        if isinstance(default, int)
        else click.FloatRange(0, min_open=True)
    )
    return click.option(name, type=kind, default=default, show_default=True, help=text)


@click.command()
@click.option("--servers", type=click.IntRange(1), multiple=True, default=SERVERS)
@_option("--answers", 5.0, "How often a server asks in a day.")
@_option("--hearts", 0.5, "Verses kept for each answer.")
@_option("--peak", 3.0, "The busiest minutes over the mean.")
@_option("--rate", 7.0, "Answers a second of a replica with one thread.")
@_option("--load", 0.6, "The share of that which the busiest minutes may take.")
@_option("--bot-ms", 18.0, "Milliseconds that a bot computes for an interaction.")
@_option("--bot-mb", 134.0, "Megabytes of a bot without servers.")
@_option("--server-kb", 25.0, "Kilobytes that a server adds to it.")
@_option("--shard", 1000, "Servers of a shard.")
@_option("--shards", 16, "The most shards of one bot.")
@_option("--concurrency", 0, "Shards that may identify at once; 0 is 1, or 16 for large bots.")
@_option("--favorite-bytes", 500.0, "Bytes of a favorite in PostgreSQL.")
@_option("--writes", 3.0, "Transactions that an answer makes; each heart makes one.")
def main(servers: tuple[int, ...], **given: float) -> None:
    """Calculates what so many servers need."""
    rows = [needs(count, Assumptions(**given)) for count in servers]  # type: ignore[arg-type]
    figures = {
        "shards": [f"{each.shards:,}" for each in rows],
        "all of them online after": [f"{each.online_s:,} s" for each in rows],
        "answers a second, busiest minutes": [f"{each.peak:,.1f}" for each in rows],
        "replicas of one thread": [f"{each.replicas:,}" for each in rows],
        "bots": [f"{each.bots:,}" for each in rows],
        "memory of each": [f"{each.bot_mb:,.0f} MB" for each in rows],
        "transactions a second, busiest minutes": [f"{each.writes:,.1f}" for each in rows],
        "PostgreSQL grows in a year by": [f"{each.stored_gb:,.2f} GB" for each in rows],
    }
    head = ("servers", *(f"{each.servers:,}" for each in rows))
    print_table("Calculated, not measured", head, [(name, *row) for name, row in figures.items()])


if __name__ == "__main__":
    main()
