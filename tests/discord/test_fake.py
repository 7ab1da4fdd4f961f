"""The fake Discord keeps Discord's rules: a bot of discord.py runs into them."""

import io

import discord
import pytest
from discord import app_commands, ui

from .bots import OtherBot
from .interactions import EPHEMERAL, V2, custom_ids, labels, person, slash, texts
from .messages import written


class Layout(ui.LayoutView):
    """A text with a button that counts, and a row."""

    def __init__(self, count: int) -> None:
        super().__init__(timeout=None)
        button = ui.Button(label=f"♥ {count}", custom_id="heart")
        row = ui.ActionRow(ui.Button(label="more", custom_id="more"))
        self.add_item(ui.Container(ui.Section(f"line {count}", accessory=button), row))


class Heart(ui.DynamicItem[ui.Button], template="heart|more"):
    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(item)

    async def callback(self, interaction):
        if self.custom_id == "heart":
            await interaction.response.edit_message(view=Layout(2))
        else:
            await interaction.response.defer(thinking=True)
            await interaction.edit_original_response(view=Layout(9))


@pytest.fixture
async def host(fake):
    async with OtherBot() as bot:
        await bot.login(fake.token)
        bot.add_dynamic_items(Heart)

        @bot.tree.command()
        async def layout(interaction):
            await interaction.response.send_message(view=Layout(1))

        @bot.tree.command()
        async def later(interaction, private: bool):
            await interaction.response.defer(ephemeral=private)
            await interaction.followup.send("first", ephemeral=not private)
            await interaction.followup.send("second", file=discord.File(io.BytesIO(b"x"), "a.txt"))
            message = await interaction.followup.send("third", wait=True)
            await message.edit(content="edited")

        @bot.tree.context_menu()
        async def echo(interaction, message: discord.Message):
            await interaction.response.send_message(message.content, ephemeral=True)

        @bot.tree.command()
        async def find(interaction, line: str):
            pass

        @find.autocomplete("line")
        async def offer(interaction, current):
            return [app_commands.Choice(name=current * 2, value=current)]

        yield bot


async def ask(fake, host, payload):
    await host.receive(payload)
    return fake.exchange(payload)


async def test_layout_is_sent_pressed_and_updated(fake, host):
    sent = await ask(fake, host, fake.interaction(slash("layout")))
    (message,) = sent.messages
    assert message["flags"] & V2
    assert texts(message) == ["line 1"]
    assert custom_ids(message) == ["heart", "more"]
    pressed = await ask(fake, host, fake.press(sent, "heart"))
    assert pressed.type == 7
    assert pressed.messages == []
    assert labels(message) == {"heart": "♥ 2", "more": "more"}
    again = await ask(fake, host, fake.press(sent, "more", guild=None))
    assert texts(await again.answered()) == ["line 9"]
    assert texts(message) == ["line 2"]
    assert fake.refusals == []


async def test_message_deleted_meanwhile_cannot_be_updated(fake, host):
    sent = await ask(fake, host, fake.interaction(slash("layout")))
    payload = fake.press(sent, "heart")
    fake.delete(sent.original)
    await host.receive(payload)
    assert [status for status, _ in fake.refusals] == [404]


@pytest.mark.parametrize("private", [True, False])
async def test_first_follow_up_is_as_private_as_its_deferral(private, fake, host):
    exchange = await ask(fake, host, fake.interaction(slash("later", private=private)))
    first, second, third = exchange.messages
    assert first is exchange.original
    assert bool(first["flags"] & EPHEMERAL) is private
    assert second["attachments"][0]["filename"] == "a.txt"
    assert fake.messages.files[second["attachments"][0]["id"]] == b"x"
    assert third["content"] == "edited"
    assert fake.refusals == []


async def test_context_menu_resolves_its_message(fake, host):
    menu = fake.menu("Echo", written("一片孤城万仞山", person(5)))
    message = await (await ask(fake, host, menu)).answered()
    assert message["content"] == "一片孤城万仞山"
    assert message["flags"] & EPHEMERAL


async def test_autocomplete_gets_choices(fake, host):
    payload = fake.complete(slash("find", focused="line", line="山"))
    exchange = await ask(fake, host, payload)
    assert exchange.choices == [{"name": "山山", "value": "山"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"content": "words"}, "IS_COMPONENTS_V2"),
        ({"embeds": [{"title": "words"}]}, "IS_COMPONENTS_V2"),
        ({"flags": 0}, "cannot be removed"),
        ({"components": []}, "required"),
    ],
)
async def test_layout_stays_a_layout(change, words, fake, host):
    sent = await ask(fake, host, fake.interaction(slash("layout")))
    with pytest.raises(Exception, match=words):
        fake.messages.edit(sent.original, change, [])


async def test_three_seconds_to_acknowledge(fake, host):
    payload = fake.interaction(slash("layout"))
    fake.exchange(payload).sent_at -= fake.seconds_to_acknowledge + 1
    with pytest.raises(discord.NotFound, match="10062"):
        await host.receive(payload)


async def test_answer_may_follow_for_fifteen_minutes(fake, host):
    exchange = await ask(fake, host, fake.interaction(slash("layout")))
    exchange.sent_at -= 15 * 60 + 1
    hook = discord.Webhook.partial(1000, exchange.token, client=host)
    with pytest.raises(discord.HTTPException, match="50027"):
        await hook.send("too late")


async def test_bot_joins_and_leaves_a_server(fake, host):
    await host.join(7)
    assert host.get_guild(7)
    await host.leave(7)
    assert host.get_guild(7) is None


async def test_rate_limit_is_waited_out(fake, host):
    fake.failures["callback"] = [429]
    exchange = await ask(fake, host, fake.interaction(slash("layout")))
    assert len(exchange.messages) == 1
