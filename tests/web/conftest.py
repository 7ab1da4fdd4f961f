import aiohttp
import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.verse import Request, Rerank, open_composer
from lianju.bot.web.app import create_app

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..verse.toy import Toy
from .served import Held, Watched, served

PAGE_LINE, PAGE_ORIGINAL = "黄河远上白云间", "羌笛何须怨杨柳"


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


@pytest.fixture(scope="session")
def known_line(tmp_path_factory):
    """The toy's best next line for `PAGE_LINE`, which is in the corpus of `page_bundle`."""
    bundle = write_bundle_with_prosody(tmp_path_factory.mktemp("bundles") / "unknown")
    composer = open_composer(bundle, "cpu", 1)
    answer = composer.compose_now(Request(PAGE_LINE, search=Rerank(0)))
    composer.close()
    return answer.candidates[0].text


@pytest.fixture(scope="session")
def page_bundle(tmp_path_factory, known_line):
    """The directory of a toy with rhymes, and with a corpus that has one of its answers."""
    directory = tmp_path_factory.mktemp("bundles") / "page"
    return write_bundle_with_prosody(directory, [(PAGE_LINE, PAGE_ORIGINAL)], [known_line])
