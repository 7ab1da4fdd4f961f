"""One bot in several processes, each with some of its shards, on one PostgreSQL database."""

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from lianju.bot import sharding
from lianju.bot.client import LianjuBot
from lianju.bot.settings import Settings, SettingsError, load_settings, parse_shards
from lianju.bot.store import StoreError, open_store

from ..postgres import ask
from .interactions import HANGS_S, poem, texts
from .process import serving

LINE = "黄河远上白云间"
SHARDS = 4
FIRST, SECOND = f"0-1/{SHARDS}", f"2-3/{SHARDS}"


def server_of(shard):
    """The id of a server that is with a shard."""
    return (shard << 22) + 7


@pytest.fixture
def database(postgres):
    with postgres.database() as url:
        yield url


@pytest.fixture
def discord(fake):
    """A Discord with a server for each shard."""
    fake.guilds = {str(server_of(shard)) for shard in range(SHARDS)}
    fake.max_concurrency = SHARDS
    return fake


@pytest.fixture
def sharded(discord, settings, database):
    """Runs a `lianju serve` with some shards."""

    @asynccontextmanager
    async def sharded(shards):
        environment = {**settings, "LIANJU_DATABASE": database, "LIANJU_SHARDS": shards}
        async with serving(**environment) as served:
            yield served

    return sharded


@pytest.fixture
def running(discord, bundle, database):
    """Runs a bot with some shards in this process."""

    @asynccontextmanager
    async def running(shards):
        bot = LianjuBot(
            Settings(bundle=bundle, provider="cpu", threads=1, database=database, shards=shards)
        )
        async with bot:
            started = asyncio.create_task(bot.start(discord.token))
            try:
                yield bot
            finally:
                await bot.close()
                started.cancel()
                await asyncio.gather(started, return_exceptions=True)

    return running


async def online(fake, *shards):
    async with asyncio.timeout(HANGS_S):
        for shard in shards:
            await fake.online[shard].wait()


def registrations(fake):
    return [path for method, path in fake.requests if method == "PUT"]


async def answered(fake, shard, user=77):
    assert await is_answered(fake, shard, user)


async def is_answered(fake, shard, user=77):
    exchange = await fake.send(fake.interaction(poem(LINE), guild=server_of(shard), user=user))
    return texts(await exchange.answered())[:1] == [f"### {LINE}"]


async def test_two_processes_are_one_bot(discord, sharded):
    async with sharded(FIRST) as first, sharded(SECOND) as second:
        await online(discord, 0, 1, 2, 3)
        shards = sorted(tuple(identify["shard"]) for identify in discord.identified)
        assert shards == [(shard, SHARDS) for shard in range(SHARDS)]
        assert len(registrations(discord)) == 1
        for shard in range(SHARDS):
            await answered(discord, shard, user=100 + shard)
        for served, own in ((first, (0, 1)), (second, (2, 3))):
            await served.logs("outcome=answered", times=2)
            for shard in range(SHARDS):
                assert (f"server={server_of(shard)} " in served.log) == (shard in own)
        second.signal(signal.SIGKILL)
        await second.ended()
        await answered(discord, 0, user=200)
        await answered(discord, 1, user=201)
        assert discord.online[0].is_set()
        assert not discord.online[2].is_set()
        async with sharded(SECOND) as again:
            await online(discord, 2, 3)
            await answered(discord, 2, user=202)
            assert (await again.stop()).status == 0
        assert (await first.stop()).status == 0
    assert len(registrations(discord)) == 1  # the same commands are not registered again
    assert discord.refusals == []


async def test_shard_of_another_process_is_refused(sharded, discord):
    async with sharded(FIRST) as first:
        await online(discord, 0, 1)
        async with sharded(f"1/{SHARDS}") as second:
            ended = await second.ended()
        assert ended.status == 2
        assert "Another process has the shard 1 of 4" in ended.log
        assert "Traceback" not in ended.log
        assert (await first.stop()).status == 0


@pytest.mark.slow  # three processes
async def test_process_with_all_shards_keeps_others_away(sharded, discord, settings, database):
    async with serving(**settings | {"LIANJU_DATABASE": database}) as alone:
        await alone.online(discord.ready)
        for environment in (
            settings | {"LIANJU_DATABASE": database},
            settings | {"LIANJU_DATABASE": database, "LIANJU_SHARDS": FIRST},
        ):
            async with serving(**environment) as other:
                ended = await other.ended()
            assert ended.status == 2
            assert "Another process of the bot uses the database" in ended.log
        assert (await alone.stop()).status == 0


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_no_process_identifies_too_soon(discord, running, monkeypatch, concurrency):
    monkeypatch.setattr(sharding, "IDENTIFY_EVERY_S", 0.5)
    discord.max_concurrency = concurrency
    async with running(FIRST), running(SECOND):
        await online(discord, 0, 1, 2, 3)
    buckets = [
        [at for at, shard in discord.identify_times if shard % concurrency == bucket]
        for bucket in range(concurrency)
    ]
    assert sum(map(len, buckets)) == SHARDS  # nobody had to try again
    for times in buckets:
        between = [after - before for before, after in pairwise(times)]
        assert all(seconds > 0.4 for seconds in between)  # as far as they come equally fast


async def test_session_that_begins_anew_takes_its_turn(discord, running, monkeypatch):
    monkeypatch.setattr(sharding, "IDENTIFY_EVERY_S", 0.5)
    async with running(FIRST):
        await online(discord, 0, 1)
        discord.online[0].clear()
        await discord.forget_session(0)
        await discord.forget_session(1)
        await online(discord, 0, 1)
    assert len(discord.identify_times) == 4


async def test_member_has_one_request_at_a_time_in_all_processes(discord, running):
    gate = discord.gates["@original"] = asyncio.Event()
    async with running(FIRST), running(SECOND):
        await online(discord, 0, 1, 2, 3)
        first = await discord.send(discord.interaction(poem(LINE), guild=server_of(0)))
        await discord.reached["@original"].wait()
        second = await discord.send(discord.interaction(poem(LINE), guild=server_of(2)))
        refusal = await second.answered()
        assert "still" in refusal["content"]
        await answered_meanwhile(discord, gate, first)
        async with asyncio.timeout(HANGS_S):
            while not await is_answered(discord, 2):
                pass  # the answer is seen before its process notes that it is given


async def answered_meanwhile(fake, gate, exchange):
    gate.set()
    del fake.gates["@original"]
    await exchange.answered()


async def test_request_of_a_killed_process_ends_by_itself(database):
    stores = [await open_store(database), await open_store(database)]
    one, other = (store.processes for store in stores)
    begun = await one.begin_request(7, 60)
    assert await other.begin_request(7, 60) is None
    assert await other.begin_request(8, 60) is not None
    ask(database, "UPDATE running SET ends_by = 0 WHERE user_id = 7")
    again = await other.begin_request(7, 60)
    await one.end_request(7, begun)  # of the one that was given up
    assert await one.begin_request(7, 60) is None
    await other.end_request(7, again)
    assert await one.begin_request(7, 60) is not None
    ask(database, "UPDATE running SET ends_by = 0 WHERE user_id = 7")
    await stores[0].purge(0)
    assert ask(database, "SELECT user_id FROM running") == [(8,)]
    for store in stores:
        await store.close()


async def test_shards_are_claimed_again_after_a_restart_of_the_server(database):
    one, other = [await open_store(database), await open_store(database)]
    await one.processes.claim([0, 1], 4)
    ask(database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    await closed(one.processes._claims)
    await one.purge(0)
    with pytest.raises(StoreError) as error:
        await other.processes.claim([1, 2], 4)
    assert error.value.key == "store-shard-taken"
    await other.processes.claim([2, 3], 4)  # nothing of the first try is left
    for store in (one, other):
        await store.close()


async def closed(connection):
    """Waits until a connection knows that it was ended."""
    async with asyncio.timeout(HANGS_S):
        while not connection.is_closed():
            with suppress(Exception):  # in which of two ways it ends, does not matter
                await connection.fetchval("SELECT 1")


async def test_turn_of_a_killed_process_counts(database):
    """The next one waits from the last IDENTIFY on, whoever sent it."""
    stores = [await open_store(database), await open_store(database)]
    clock = asyncio.get_running_loop().time
    async with stores[0].processes.identify_turn(3, 0.5):
        began = clock()
    async with stores[1].processes.identify_turn(2, 60):
        pass  # another bucket
    async with stores[1].processes.identify_turn(3, 0.5):
        assert clock() - began >= 0.49
    for store in stores:
        await store.close()


async def test_nobody_identifies_while_the_database_is_away(monkeypatch, caplog):
    monkeypatch.setattr(sharding, "RETRY_AFTER_S", 0)
    tried = []

    class Away:
        @asynccontextmanager
        async def identify_turn(self, bucket, every_s):
            tried.append(bucket)
            if len(tried) < 3:
                raise StoreError("store-away")
            yield

    await sharding.take_turn(Away(), 5)
    assert tried == [5, 5, 5]
    assert caplog.text.count("not identified") == 2


async def test_commands_that_failed_to_register_are_registered_by_the_next(database):
    store, done = await open_store(database), []

    async def fail():
        raise ConnectionError

    async def register():
        done.append(True)

    with pytest.raises(ConnectionError):
        await store.processes.register_once("1000", b"a", fail)
    for digest, registered in ((b"a", True), (b"a", False), (b"b", True), (b"a", True)):
        assert await store.processes.register_once("1000", digest, register) == registered
    assert await store.processes.register_once("1000 42", b"a", register)
    assert len(done) == 4
    await store.close()


@pytest.mark.parametrize(
    ("text", "shards", "count"),
    [("0-3/16", range(4), 16), ("5/16", range(5, 6), 16), ("0-15/16", range(16), 16)],
)
def test_shards_are_read(text, shards, count):
    assert parse_shards(text) == (shards, count)


@pytest.mark.parametrize("text", ["3", "16/16", "0-16/16", "3-2/16", "0-3", "-1/4", "a/4", "0/0"])
def test_wrong_shards_are_one_sentence(text, monkeypatch):
    monkeypatch.setenv("LIANJU_SHARDS", text)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert error.value.facts["name"] == "LIANJU_SHARDS"


def test_sqlite_serves_one_process(monkeypatch):
    monkeypatch.setenv("LIANJU_SHARDS", FIRST)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert error.value.key == "setting-shards-sqlite"
    monkeypatch.setenv("LIANJU_SHARDS", f"0-3/{SHARDS}")
    assert load_settings().shards
