import os

import pytest
from lianju.bot.cogs.poem import Poem
from lianju.bot.verse.bundle import load_bundle
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.scheduler import Scheduler
from lianju.bot.verse.step_model import StepModel

from ..verse.toy import Toy
from .fake_discord import FakeDiscord
from .hosts import OtherBot


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    """An empty working folder, and an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_") or name.upper() == "DISCORD_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture
async def fake(monkeypatch):
    """A running Discord, which this process takes for the real one."""
    async with FakeDiscord.running() as server:
        monkeypatch.setattr("discord.http.Route.BASE", server.rest_base)
        yield server


@pytest.fixture
def bundle(tmp_path):
    """The directory of a bundle of toy verse."""
    return Toy().write(tmp_path / "toy")


@pytest.fixture
def composer(bundle):
    model = StepModel(load_bundle(bundle), "cpu", threads=1)
    composer = Composer(load_bundle(bundle), model, Scheduler(model))
    yield composer
    composer.close()


@pytest.fixture
async def bot(fake, composer):
    """Somebody's bot with `/poem` in it, logged in."""
    async with OtherBot() as host:
        await host.login(fake.token)
        await host.add_cog(Poem(composer, deadline_s=30))
        yield host
