"""However far an answer has come when it fails: one private sentence, and one line in the log."""

import logging

import discord
import pytest
from discord import ui
from lianju.bot.cogs.base import LianjuCog
from lianju.bot.cogs.housekeeping import Housekeeping
from lianju.bot.cogs.items import CogItem
from lianju.bot.store import StoreBusyError, StoreError
from lianju.bot.ui.layout import Layout
from lianju.bot.ui.replies import (
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from lianju.bot.verse.errors import PromptError

from .bots import OtherBot
from .interactions import EPHEMERAL, slash, texts

BUSY = str(StoreBusyError())


class Trial(LianjuCog, name="trial"):
    """Does a step, and fails after it."""

    error = StoreBusyError

    async def step(self, interaction, step):
        async with self.handle(interaction, step=step):
            match step:
                case "sent":
                    await respond(interaction, layout("done"), private=False)
                case "deferred":
                    await defer_reply(interaction)
                case "deferred in private":
                    await defer_private_reply(interaction)
                case "edited":
                    await edit_message(interaction, layout("done"))
                case "deferred update":
                    await defer_update(interaction)
            raise self.error()

    @discord.app_commands.command()
    async def trial(self, interaction: discord.Interaction, step: str):
        """Fails."""
        await self.step(interaction, step)

    @discord.app_commands.command()
    async def offer(self, interaction: discord.Interaction):
        """Shows a button."""
        async with self.handle(interaction):
            await respond(interaction, layout("before"), private=False)


class Press(CogItem, template=r"lianju:trial:(?P<step>[a-z ]+)"):
    async def callback(self, interaction):
        await interaction.client.get_cog("trial").step(interaction, self.match["step"])


Trial.items = (Press,)
STEPS = ("nothing", "sent", "deferred", "deferred in private", "edited", "deferred update")


def layout(text):
    row = ui.ActionRow(*(ui.Button(label=s, custom_id=f"lianju:trial:{s}") for s in STEPS[:3]))
    more = ui.ActionRow(*(ui.Button(label=s, custom_id=f"lianju:trial:{s}") for s in STEPS[3:]))
    return Layout(ui.TextDisplay(text), row, more)


@pytest.fixture
async def trial(resources):
    return Trial(resources)


@pytest.fixture
async def host(fake, trial, resources):
    async with OtherBot() as bot:
        await bot.login(fake.token)
        await bot.add_cog(trial)
        await bot.add_cog(Housekeeping(bot, resources, [trial]))
        yield bot


async def receive(fake, host, payload):
    await host.receive(payload)
    return fake.exchange(payload)


@pytest.mark.parametrize("step", ["nothing", "sent", "deferred", "deferred in private"])
async def test_command_that_fails_after_a_step(step, fake, host):
    exchange = await receive(fake, host, fake.interaction(slash("trial", step=step)))
    *before, told = exchange.messages
    assert told["flags"] & EPHEMERAL
    assert told["content"] == BUSY
    assert [texts(message) for message in before] == ([["done"]] if step == "sent" else [])
    assert host.tree_errors == []


@pytest.mark.parametrize("step", STEPS)
async def test_button_that_fails_after_a_step(step, fake, host):
    offered = await receive(fake, host, fake.interaction(slash("offer")))
    message = offered.original
    exchange = await receive(fake, host, fake.press(message, f"lianju:trial:{step}"))
    told = exchange.messages[-1]
    assert told["flags"] & EPHEMERAL
    assert told["content"] == BUSY
    assert len(exchange.messages) == (2 if step == "sent" else 1)
    # Whatever happens to the press, the message where the button is stays.
    assert message["id"] not in fake.messages.gone
    assert texts(message) == ["done" if step == "edited" else "before"]
    assert fake.refusals == []


@pytest.mark.parametrize("step", STEPS[1:])
async def test_lost_acknowledgement_counts_as_acknowledged(step, fake, host):
    offered = await receive(fake, host, fake.interaction(slash("offer")))
    fake.losses = {"callback"}
    payload = fake.press(offered.original, f"lianju:trial:{step}")
    exchange = await receive(fake, host, payload)
    assert [status for status, _ in fake.refusals][:2] == [500, 400]
    assert offered.original["id"] not in fake.messages.gone
    assert len([m for m in exchange.messages if m["flags"] & EPHEMERAL]) <= 1


async def test_log_has_the_button_and_its_numbers(fake, host, caplog):
    caplog.set_level(logging.INFO, "lianju")
    offered = await receive(fake, host, fake.interaction(slash("offer")))
    await receive(fake, host, fake.press(offered.original, "lianju:trial:nothing"))
    told = caplog.records[-1]
    assert told.getMessage().startswith("command=trial server=42 step=nothing ms=")
    assert (told.command, told.server, told.outcome) == ("trial", 42, "refused:StoreBusyError")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (lambda: PromptError("prompt-unknown", named="**龘** <@77>", more=0), r"\*\*龘\*\*"),
        (lambda: StoreError("store-failed"), "the operator"),
    ],
)
async def test_user_text_in_a_refusal_is_escaped(error, words, fake, host, trial):
    trial.error = error
    exchange = await receive(fake, host, fake.interaction(slash("trial", step="nothing")))
    (told,) = exchange.messages
    assert words in told["content"]
    assert "<@77>" not in told["content"]
    assert "/srv" not in told["content"]


async def test_unreadable_guild_settings_are_reported_and_not_passed_to_the_host(
    fake, host, resources, monkeypatch
):
    async def fail(guild_id):
        raise StoreBusyError

    monkeypatch.setattr(resources.store.guild_settings, "get", fail)

    @host.tree.command()
    async def preferred(interaction):
        """Needs the guild settings."""
        async with host.get_cog("trial").handle(interaction) as context:
            await interaction.response.send_message(str(context.guild_settings.beam_size))

    exchange = await receive(fake, host, fake.interaction(slash("preferred")))
    (told,) = exchange.messages
    assert told["content"] == BUSY
    exchange = await receive(fake, host, fake.interaction(slash("preferred"), guild=None))
    assert exchange.messages[0]["content"] == "5"  # outside servers there is nothing to read
