import aiohttp
import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.verse import Request, Rerank, open_composer
from lianju.bot.web.app import create_app

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..verse.toy import Toy
from .browser import Tab, chromium
from .served import Held, Watched, served
from .site import site

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


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page_address(page_bundle):
    """The address of the page over the toy, on a server in a thread."""
    with site(page_bundle) as address:
        yield address


@pytest.fixture
def visit(browser, page_address):
    """Opens the page in a new context; nothing may go wrong there by the end of the test."""
    tabs = []

    def open_tab(path="", *, at=page_address, **options):
        tabs.append(Tab(browser, at, path, **options))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
    assert [fault for tab in tabs for fault in tab.faults] == []


@pytest.fixture(scope="module")
def lines(page_bundle):
    """Returns the new lines that the engine has for a request."""
    composer = open_composer(page_bundle, "cpu", 1)
    yield lambda request: [list(each.lines) for each in composer.compose_now(request).candidates]
    composer.close()
