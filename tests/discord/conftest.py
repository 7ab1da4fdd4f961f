import logging
import os
import socket

import pytest
from lianju.bot import cli
from lianju.bot.cogs import FEATURES
from lianju.bot.engine import LocalEngine
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.store import open_store
from lianju.bot.ui import replies
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler

from ..postgres import own_postgres as own_postgres
from ..postgres import postgres as postgres
from ..sqlite import empty_database as empty_database
from ..verse.couplets import KINDS, couplet_bundle, couplet_composer
from ..verse.toy import Toy
from .bots import OtherBot
from .fake_discord import FakeDiscord
from .interactions import HANGS_S


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    """An empty working folder, and an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_") or name.upper() == "DISCORD_TOKEN":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # of the database


@pytest.fixture(autouse=True)
def _never_late(monkeypatch):
    """However slow the machine, a bot in this process defers only where a test says so."""
    monkeypatch.setattr(replies, "DEFER_AFTER_S", HANGS_S)


@pytest.fixture(autouse=True)
def _no_text_lacks_a_fact():
    """A text that is shown with a hole in it is a fault that only the log tells of."""
    logger, told = logging.getLogger("lianju.bot.i18n"), []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    assert told == []


@pytest.fixture
async def fake(monkeypatch):
    """A running Discord, which this process takes for the real one; patient with slow machines."""
    async with FakeDiscord.running() as server:
        server.seconds_to_acknowledge = HANGS_S
        monkeypatch.setattr("discord.http.Route.BASE", server.rest_base)
        yield server


@pytest.fixture
def bundle(tmp_path):
    """The directory of a bundle of toy verse."""
    return Toy().write(tmp_path / "toy")


@pytest.fixture
def composer(bundle):
    model = OnnxModel(load_bundle(bundle), "cpu", threads=1)
    composer = Composer(load_bundle(bundle), model, Scheduler(model))
    yield composer
    composer.close()


@pytest.fixture
async def store(tmp_path, empty_database):
    """An empty database in a file of its own."""
    empty_database(tmp_path / "lianju.sqlite3")
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/lianju.sqlite3")
    yield store
    await store.close()


@pytest.fixture
def clock():
    """A clock that stands still: `clock.now` is what it shows, in Unix seconds."""
    return Clock()


@pytest.fixture
def open_couplets():
    """Opens composers of couplets."""
    opened = []

    def open_one(poems=None):
        opened.append(couplet_composer(couplet_bundle(kinds=KINDS)))
        return opened[-1]

    yield open_one
    for composer in opened:
        composer.close()


@pytest.fixture
def engine(composer, open_couplets):
    """The engine in this process."""
    return LocalEngine(composer, open_again=None, open_couplets=open_couplets)


@pytest.fixture
def resources(engine, store, clock):
    """What the cogs share, over a toy model and a real database."""
    limiters = RequestLimiter(clock, clock), RequestLimiter(clock, clock)
    return Resources(Settings(), engine, store, limiters[0], clock, line_limiter=limiters[1])


@pytest.fixture
async def bot(fake, resources):
    """Somebody's bot with every feature in it, logged in."""
    async with OtherBot() as host:
        await host.login(fake.token)
        resources.client = host
        for cog in FEATURES:
            await host.add_cog(cog(resources))
            host.add_dynamic_items(*cog.items)
            for menu in cog.menus:
                host.tree.add_command(menu)
        yield host


@pytest.fixture
def settings(fake, bundle):
    """The environment of a `lianju serve` that finds everything in order."""
    return {
        "DISCORD_TOKEN": fake.token,
        "LIANJU_REST_BASE": fake.rest_base,
        "LIANJU_BUNDLE": bundle,
        "LIANJU_PROVIDER": "cpu",
        "LIANJU_THREADS": 1,
        "LIANJU_DATABASE": "sqlite+aiosqlite:///lianju.sqlite3",  # in the working folder
    }


@pytest.fixture
def check(capsys):
    """Runs `lianju serve --check`; returns its status, and the three parts of each line."""

    def check(**environment):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, str(value))
            status = cli.main(["serve", "--check"])
        out, err = capsys.readouterr()
        assert err == ""
        return status, [line.split(maxsplit=2) for line in out.splitlines()]

    return check


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
