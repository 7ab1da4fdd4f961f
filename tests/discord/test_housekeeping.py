"""What becomes of everything in the end, and of what expires before."""

import asyncio

import discord
import pytest
from discord import ui
from lianju.bot.cogs.base import LianjuCog
from lianju.bot.cogs.housekeeping import PURGE_EVERY_S, RETRY_AFTER_S, Housekeeping
from lianju.bot.resources import DAY
from lianju.bot.store import StoreBusyError, StoreError
from lianju.bot.verse import BusyError, Request
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import english
from .interactions import EPHEMERAL, HANGS_S, slash

COUPLET = Verse("黄河远上白云间", "一片孤城万仞山")


class Held(LianjuCog, name="held"):
    """A command that answers when it is told to, and a button that counts."""

    def __init__(self, resources):
        super().__init__(resources)
        self.go = asyncio.Event()

    @discord.app_commands.command()
    async def hold(self, interaction: discord.Interaction):
        """Answers in the end."""
        async with self.handle(interaction) as context:
            language = context.localizer.language
            await interaction.response.defer()
            await self.go.wait()
            await interaction.edit_original_response(content=language)

    @discord.app_commands.command()
    async def offer(self, interaction: discord.Interaction):
        """Shows a button."""
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.ActionRow(ui.Button(label="0", custom_id="lianju:count:1")))
        view.stop()
        async with self.handle(interaction):
            await interaction.response.send_message(view=view)


class Count(ui.DynamicItem[ui.Button], template="lianju:count:1"):
    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(item)

    async def callback(self, interaction):
        cog = interaction.client.get_cog("held")
        async with cog.handle(interaction) as context:
            await interaction.response.send_message(context.localizer.language)


Held.items = (Count,)


@pytest.fixture
async def held(resources):
    return Held(resources)


@pytest.fixture
async def host(fake, resources, held):
    """A bot whose background work rests after its first round."""
    resting = asyncio.Event()

    async def rest(_):
        resting.set()
        await asyncio.Event().wait()

    async with OtherBot() as bot:
        await bot.login(fake.token)
        await bot.add_cog(held)
        await bot.add_cog(Housekeeping(bot, resources, [held], rest))
        await resting.wait()
        yield bot


async def test_removal_waits_for_answers_then_releases_all_resources(fake, host, held, resources):
    asked = fake.interaction(slash("hold"), locale="zh-CN")
    answering = host.begin(asked)
    await fake.exchange(asked).until(lambda: fake.exchange(asked).acknowledged)
    removing = asyncio.create_task(host.remove_cog("Lianju housekeeping"))
    await asyncio.sleep(0)
    assert not removing.done()
    refused = fake.interaction(slash("hold"), locale="zh-TW")
    await host.receive(refused)
    held.go.set()
    await asyncio.gather(answering, removing)
    (answer,) = fake.exchange(asked).messages
    assert answer["content"] == "zh-CN"
    (refusal,) = fake.exchange(refused).messages
    assert refusal["flags"] & EPHEMERAL
    assert refusal["content"] == "我正要停機：請過一分鐘再問。"
    with pytest.raises(BusyError):
        await resources.engine.compose(Request(COUPLET.line), 30)
    assert host.tree_errors == []


async def test_old_buttons_work_while_the_cogs_are_loaded(fake, host):
    offered = fake.interaction(slash("offer"))
    await host.receive(offered)
    old = fake.exchange(offered).original
    pressed = fake.press(old, "lianju:count:1", locale="zh-CN")
    await host.receive(pressed)
    assert fake.exchange(pressed).messages[0]["content"] == "zh-CN"
    await host.remove_cog("Lianju housekeeping")
    late = fake.press(old, "lianju:count:1")
    await host.receive(late)
    assert not fake.exchange(late).acknowledged


async def test_prompts_expire_after_the_retention(host, resources, clock):
    await resources.store.recent_lines.add(77, "old", clock.now)
    clock.now += 30 * DAY - 1
    await host.get_cog("Lianju housekeeping").purge()
    assert await resources.store.recent_lines.recent(77, "", 5) == ["old"]
    clock.now += 2
    await host.get_cog("Lianju housekeeping").purge()
    assert await resources.store.recent_lines.recent(77, "", 5) == []


async def test_leaving_a_server_removes_only_its_settings(host, resources, clock):
    store = resources.store
    await store.guild_settings.change(42, beam_size=9)
    await store.guild_settings.change(43, beam_size=8)
    await store.favorites.toggle(77, 42, COUPLET, 77, clock.now)
    await host.join(42)
    await host.leave(42)
    assert (await store.guild_settings.get(42)).beam_size == 5
    assert (await store.guild_settings.get(43)).beam_size == 8
    assert await store.favorites.counts(42, [COUPLET]) == [1]


async def restart(host, *guilds, application=1000, shards=(None, None)):
    """Whatever happened meanwhile, the bot is online again, in these servers."""
    connection = host._connection
    connection._guilds.clear()
    connection.application_id = application
    connection.shard_id, connection.shard_count = host.shard_id, host.shard_count = shards
    for guild in guilds:
        connection._add_guild_from_data({"id": str(guild), "unavailable": True})
    host._ready.set()
    await host.get_cog("Lianju housekeeping").delete_left_guilds()


async def beam_sizes(store, *guilds):
    return [(await store.guild_settings.get(guild)).beam_size for guild in guilds]


async def test_settings_of_servers_that_left_meanwhile_are_deleted(host, resources):
    store = resources.store
    for guild in (42, 43, 44):
        await store.guild_settings.change(guild, beam_size=9, channels=frozenset({1}))
    await restart(host, 42, 43)
    assert await beam_sizes(store, 42, 43, 44) == [9, 9, 9]  # the first time nothing is deleted
    await restart(host, 42)  # which is unavailable
    assert await beam_sizes(store, 42, 43, 44) == [9, 5, 5]


async def test_another_bots_token_deletes_no_settings(host, resources, caplog):
    await resources.store.guild_settings.change(42, beam_size=9)
    await restart(host, 42)
    for _ in range(2):
        await restart(host, 7, application=1001)
        assert await beam_sizes(resources.store, 42) == [9]
    expected = english("store-application", owner="1000", application="1001")
    assert {record.getMessage() for record in caplog.records} == {expected}


async def test_servers_of_other_shards_keep_their_settings(host, resources):
    first, second = 5 << 22, 6 << 22  # of shards 1 and 0
    for guild in (first, second):
        await resources.store.guild_settings.change(guild, beam_size=9)
    await restart(host)
    for guild in (first, second):
        await resources.store.guild_settings.change(guild, beam_size=9)
    await restart(host, shards=(1, 2))
    assert await beam_sizes(resources.store, first, second) == [5, 9]


async def test_bot_that_does_not_know_its_servers_deletes_nothing(host, resources):
    await resources.store.guild_settings.change(42, beam_size=9)
    await restart(host, 42)
    host._ready.clear()
    host._connection._guilds.clear()
    await host.get_cog("Lianju housekeeping").delete_left_guilds()
    host._ready.set()
    host._connection._intents = discord.Intents.none()
    await host.get_cog("Lianju housekeeping").delete_left_guilds()
    assert await beam_sizes(resources.store, 42) == [9]


@pytest.mark.parametrize("error", [StoreBusyError(), StoreError("store-disk-full", path="x")])
async def test_settings_are_deleted_once_the_database_works(error, host, resources, monkeypatch):
    store, housekeeping = resources.store, host.get_cog("Lianju housekeeping")
    await store.guild_settings.change(42, beam_size=9)
    await restart(host, 42)
    delete, waits = store.delete_left_guilds, []

    async def fail_at_first(*arguments):
        if len(waits) < 2:
            raise error
        return await delete(*arguments)

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(store, "delete_left_guilds", fail_at_first)
    monkeypatch.setattr(housekeeping, "_sleep", sleep)
    await restart(host)
    assert waits == [RETRY_AFTER_S] * 2
    assert await beam_sizes(store, 42) == [5]


async def test_database_error_is_one_line_in_the_log(host, resources, monkeypatch, caplog):
    async def fail(*_):
        raise StoreBusyError

    monkeypatch.setattr(resources.store, "purge", fail)
    monkeypatch.setattr(resources.store, "delete_guild", fail)
    await host.get_cog("Lianju housekeeping").purge()
    await host.join(42)
    await host.leave(42)
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert {record.getMessage() for record in caplog.records} == {
        "purge failed error=StoreBusyError failures=1",
        "deletion of settings failed error=StoreBusyError failures=1 server=42",
    }


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError("黄河")])
async def test_failed_purge_is_repeated_soon(error, fake, resources, monkeypatch, caplog):
    """Whatever the error, the loop goes on, and does not wait until the next purge is due."""
    outcomes = [None, error, error, None]
    waits, done = [], asyncio.Event()

    async def purge(*_):
        if outcome := outcomes.pop(0):
            raise outcome

    async def sleep(seconds):
        waits.append(seconds)
        if not outcomes:
            done.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(resources.store, "purge", purge)
    async with OtherBot() as bot:
        await bot.login(fake.token)
        await bot.add_cog(Housekeeping(bot, resources, [], sleep))
        async with asyncio.timeout(HANGS_S):
            await done.wait()
    assert waits == [PURGE_EVERY_S, RETRY_AFTER_S, RETRY_AFTER_S, PURGE_EVERY_S]
    assert resources.failures == {"purge": 2}
    assert "黄河" not in caplog.text
