import socket

import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.web.app import create_app

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..web.served import Watched, served
from .services import POEMS, connected


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_bundle_with_prosody(tmp_path_factory.mktemp("bundles") / "toy", poems=POEMS)


@pytest.fixture
async def local(bundle):
    """The engine behind the service."""
    engine = open_local_engine(bundle, "cpu", 1)
    yield Watched(engine)
    await engine.close()


@pytest.fixture
async def address(local):
    async with served(create_app(local)) as address:
        yield address


@pytest.fixture
async def remote(address):
    async with connected(address) as engine:
        yield engine


@pytest.fixture
def nowhere():
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"
