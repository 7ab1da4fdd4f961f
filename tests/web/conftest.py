import aiohttp
import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.web.app import create_app

from ..verse.toy import Toy
from .served import Held, Watched, served


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """The directory of a bundle of toy verse."""
    return Toy().write(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture
async def engine(bundle):
    """The engine behind the application, which tells what it is asked."""
    engine = open_local_engine(bundle, "cpu", 1, capacity=2)
    yield Watched(engine)
    await engine.close()


@pytest.fixture
async def address(engine):
    """The address of a running server."""
    async with served(create_app(engine)) as address:
        yield address


@pytest.fixture
async def client(address):
    async with aiohttp.ClientSession(address) as session:
        yield session


@pytest.fixture
async def held(monkeypatch, engine):
    """Holds the engine in the middle of its first step until the test ends."""
    held = Held(monkeypatch, engine.composer._model)
    yield held
    held.release()
