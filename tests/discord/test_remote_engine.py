"""A bot whose engine is a service."""

import asyncio

import pytest
from lianju.bot.cogs import FEATURES
from lianju.bot.engine import RemoteEngine, ServiceError, remote
from lianju.bot.i18n import Localizer
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.web.app import create_app

from ..web.served import Held, Watched, served
from .bots import OtherBot
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, press
from .fake_discord import TOKEN
from .interactions import EPHEMERAL, MESSAGE, poem, slash, texts
from .process import serving

LINE = "黄河远上白云间"
COMMANDS = [poem(LINE), slash("acrostic", heads="春夏秋冬"), slash("about")]


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


@pytest.fixture
def behind(engine):
    """The engine behind the service."""
    return Watched(engine)


@pytest.fixture
async def address(behind):
    async with served(create_app(behind)) as address:
        yield address


@pytest.fixture
async def client(address):
    """The engine of the bot."""
    client = RemoteEngine([address])
    yield client
    await client.close()


@pytest.fixture
async def asker(fake, client, store, clock):
    """A bot that asks the service."""
    resources = Resources(Settings(), client, store, RequestLimiter(clock, clock), clock)
    async with OtherBot() as host:
        await host.login(fake.token)
        for cog in FEATURES:
            await host.add_cog(cog(resources))
            host.add_dynamic_items(*cog.items)
        yield host


@pytest.mark.parametrize(
    "command",
    [
        poem(LINE),
        poem(LINE, form="jueju", rhyme="阳", rules="loose", script="traditional"),
        slash("acrostic", heads="春夏秋冬", chars=5),
        slash("couplet", line="春花夜月", upper=True, rules="loose"),
    ],
)
async def test_service_answers_as_the_engine_in_the_process(command, fake, bot, asker, clock):
    here = await ask(fake, bot, command, private=False, user=77)
    there = await ask(fake, asker, command, private=False, user=77)
    assert texts(there) == texts(here)
    assert there["components"] == here["components"]
    clock.now += 60
    for label in ("Details", "Another batch"):
        payload = fake.press(there, button(there, label))
        await asker.receive(payload)
        (message,) = fake.exchange(payload).messages
        assert texts(message)


@pytest.mark.parametrize("rhymes", ["pingshui", "xinyun"])
async def test_service_mends_as_the_engine_in_the_process(rhymes, fake, bot, asker):
    command = slash("check", poem="白日依山尽，黄河入海流，欲穷千里目，更上一层山", rhymes=rhymes)
    here = await ask(fake, bot, command, user=77)
    there = await ask(fake, asker, command, user=77)
    assert texts(there) == texts(here)
    assert "would do" in "".join(texts(there))


async def test_details_are_those_of_the_engine_in_the_process(fake, bot, asker):
    message = await ask(fake, asker, poem(LINE), private=False)
    here, there = [
        texts(await press(fake, each, message, button(message, "Details"))) for each in (bot, asker)
    ]
    assert there == here


async def test_about_is_that_of_the_engine_in_the_process(fake, bot, asker):
    here, there = [texts(await ask(fake, each, slash("about"))) for each in (bot, asker)]
    assert there == here


async def test_rhymes_are_completed(fake, asker):
    payload = fake.complete(slash("poem", focused="rhyme", rhyme=""))
    await asker.receive(payload)
    assert [choice["value"] for choice in fake.exchange(payload).choices] == [
        "东",
        "阳",
        "董",
        "屋",
    ]


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
async def test_refusal_at_once_is_private(locale, fake, asker):
    payload = fake.interaction(poem("。"), locale=locale)
    await asker.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == MESSAGE  # nothing was promised in public
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    language = Localizer("en" if locale == "en-US" else locale)
    assert message["content"] == language.format("prompt-empty")


async def test_late_refusal_is_private(fake, asker, behind, monkeypatch):
    monkeypatch.setattr(remote, "ACCEPTED_AFTER_S", 0)
    accepted = asyncio.Event()

    async def refuse(*_):
        await accepted.wait()
        raise ServiceError("service-away")

    monkeypatch.setattr(behind._engine.composer, "compose", refuse)
    payload = fake.interaction(poem(LINE))
    answering = asker.begin(payload)
    exchange = fake.exchange(payload)
    await exchange.until(lambda: exchange.acknowledged)
    assert exchange.type == 5
    accepted.set()
    await answering
    assert exchange.deleted
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["content"] == str(ServiceError("service-away"))


async def test_servers_have_their_shares(fake, asker, behind):
    for guild, user in ((42, 1), (43, 2), (None, 3)):
        await ask(fake, asker, poem(LINE), private=False, guild=guild, user=user)
    assert len({group for _, _, group in behind.asked}) == 3


class TestAway:
    @pytest.fixture
    async def address(self, closed_port):
        return f"http://127.0.0.1:{closed_port}"

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["name"])
    async def test_bot_says_so_in_private(self, command, fake, asker):
        for locale, language in (("en-US", "en"), ("zh-TW", "zh-TW")):
            told = await ask(fake, asker, command, locale=locale)
            assert told["content"] == Localizer(language).format("service-away")

    async def test_nothing_is_completed(self, fake, asker):
        payload = fake.complete(slash("poem", focused="rhyme", rhyme=""))
        await asker.receive(payload)
        assert fake.exchange(payload).choices == []

    async def test_bot_answers_once_the_service_is_there(self, fake, asker, behind, closed_port):
        await ask(fake, asker, poem(LINE))
        async with served(create_app(behind), closed_port):
            assert texts(await ask(fake, asker, poem(LINE), private=False))
            assert texts(await ask(fake, asker, slash("about")))


@pytest.fixture
def settings(settings, closed_port):
    """The environment of a bot whose service is not there yet; a bundle would be missing."""
    address = f"http://127.0.0.1:{closed_port}"
    return settings | {"LIANJU_ENGINE": address, "LIANJU_BUNDLE": "/nowhere"}


async def test_process_starts_without_its_service(fake, settings, behind, closed_port):
    async with serving(**settings) as process:
        await process.online(fake.ready)
        message = await (await fake.send(fake.interaction(poem(LINE)))).answered()
        assert message["content"] == str(ServiceError("service-away"))
        async with served(create_app(behind), closed_port):
            message = await (await fake.send(fake.interaction(poem(LINE)))).answered()
            assert texts(message)[0] == f"### {LINE}"
        ended = await process.stop()
    assert (ended.status, ended.out) == (0, "")
    assert ended.log.count("service away") == 1
    assert ended.log.count("service back") == 1
    assert "loaded bundle" not in ended.log
    assert "Traceback" not in ended.log


async def test_stopping_process_ends_its_requests(fake, settings, behind, closed_port, monkeypatch):
    held = Held(monkeypatch, behind.composer._model)
    async with served(create_app(behind), closed_port), serving(**settings) as process:
        await process.online(fake.ready)
        await fake.send(fake.interaction(poem(LINE)))
        await held.begun.wait()
        process.kill()
        await behind.cancelled.wait()
        held.release()


@pytest.fixture
def check_engine(check):
    """Runs `lianju serve --check`; returns its status, and verdict and details by their item."""

    async def check_engine(settings):
        status, lines = await asyncio.to_thread(check, **settings)
        rows = {item: (verdict, details) for verdict, item, details in lines}
        assert TOKEN not in str(rows)
        return status, rows

    return check_engine


async def test_check_asks_the_service(check_engine, settings, behind, closed_port):
    address = settings["LIANJU_ENGINE"]
    status, rows = await check_engine(settings)
    assert status == 2
    assert rows["engine"] == ("FAILED", f"{address}: {ServiceError('service-away')}")
    assert "bundle" not in rows
    async with served(create_app(behind), closed_port):
        status, rows = await check_engine(settings)
        assert (status, rows["engine"][0]) == (0, "ok")
        assert "toy 0.0.1" in rows["engine"][1]
        elsewhere = "http://127.0.0.1:9"  # a port that nobody listens at
        both = settings | {"LIANJU_ENGINE": f"{address},{elsewhere}"}
        status, rows = await check_engine(both)
    assert (status, rows["engine"][0]) == (2, "FAILED")
    assert rows["engine"][1].startswith(f"{elsewhere}: ")
