"""`/remove-verse`, and who may use it."""

import logging

import pytest
from lianju.bot.store import StoreBusyError
from lianju.bot.verses import Verse

from .commands import ask, english, press
from .fake_gateway import guild_payload
from .interactions import ADMIN, custom_ids, poem, slash, texts

LINE = "黄河远上白云间"
VERSE, OTHER = Verse(LINE, "一片孤城万仞山"), Verse("白日依山尽", "黄河入海流")
MANAGE_MESSAGES = 1 << 13
ROLE = 7


@pytest.fixture
async def board(store):
    """Two members keep one verse in server 42, one of them another; server 43 has the first."""
    for user, guild, verse in ((1, 42, VERSE), (2, 42, VERSE), (1, 42, OTHER), (1, 43, VERSE)):
        await store.favorites.toggle(user, guild, verse, 9, 100)
    await store.favorites.toggle(2, None, VERSE, 9, 90)


async def verses(store, guild=42):
    return [each.verse for each in (await store.leaderboard.verses(guild, None, 0, 10)).items]


async def offered(fake, bot, typed="", permissions=ADMIN, **place):
    data = slash("remove-verse", focused="verse", verse=typed)
    payload = fake.complete(data, permissions=permissions, **place)
    await bot.receive(payload)
    return {choice["name"]: choice["value"] for choice in fake.exchange(payload).choices}


def removal(verse, reason="spam"):
    return slash("remove-verse", verse=verse, reason=reason)


async def test_verse_leaves_the_board_and_members_keep_it(fake, bot, store, board):
    choices = await offered(fake, bot)
    assert list(choices) == ["黄河远上白云间，一片孤城万仞山", "白日依山尽，黄河入海流"]
    assert list(await offered(fake, bot, "依山")) == ["白日依山尽，黄河入海流"]
    assert await offered(fake, bot, guild=44) == {}
    chosen = next(iter(choices.values()))
    message = await ask(fake, bot, removal(chosen), permissions=ADMIN)
    shown = f"{VERSE.line}，{VERSE.answer}"
    assert texts(message) == [english("moderation-removed", verse=shown, count=2)]
    assert await verses(store) == [OTHER]
    assert await verses(store, 43) == [VERSE]
    assert await store.leaderboard.lines(42, "", 9) == [OTHER.answer]
    kept = [(each.verse, each.guild_id) for each in await store.favorites.all(1)]
    assert sorted(kept, key=str) == sorted([(VERSE, None), (OTHER, 42), (VERSE, 43)], key=str)
    assert [each.guild_id for each in await store.favorites.all(2)] == [None]
    members = (await store.leaderboard.members(42, None, 0, 9)).items
    assert [(each.user_id, each.hearts) for each in members] == [(9, 1)]
    again = await ask(fake, bot, removal(chosen), permissions=ADMIN)
    assert again["content"] == english("moderation-unknown")


async def test_removed_verse_does_not_come_back_by_a_heart(fake, bot, store, clock):
    answer = await ask(fake, bot, poem(LINE), private=False)
    (heart,) = custom_ids(answer, "lianju:heart:2:1:")
    await press(fake, bot, answer, heart, user=78)
    (chosen,) = (await offered(fake, bot)).values()
    await ask(fake, bot, removal(chosen), permissions=ADMIN)
    await press(fake, bot, answer, heart, user=79)
    assert await verses(store) == []
    for user in (78, 79):
        assert [each.guild_id for each in await store.favorites.all(user)] == [None]
        await press(fake, bot, answer, heart, user=user)  # and it can be taken back
        assert await store.favorites.all(user) == []
    await press(fake, bot, answer, heart, user=79)
    assert await verses(store) == []  # though nobody kept it in between
    await press(fake, bot, answer, heart, user=80, guild=43)
    assert len(await verses(store, 43)) == 1


async def test_log_has_ids_and_the_reason_but_no_text(fake, bot, store, board, caplog):
    caplog.set_level(logging.INFO, "lianju")
    chosen = next(iter((await offered(fake, bot)).values()))
    await ask(fake, bot, removal(chosen, "personal"), permissions=ADMIN, user=271828)
    (line,) = (record.getMessage() for record in caplog.records)
    start = f"command=remove-verse server=42 verse={chosen} hearts=2 reason=personal ms="
    assert line.startswith(start)
    assert line.endswith("outcome=answered")
    assert "271828" not in line
    assert not set(VERSE.line) & set(line)


@pytest.mark.parametrize("verse", ["黄河", "0", "9" * 18, "-1", "١"])
async def test_what_was_not_chosen_is_refused(verse, fake, bot, store, board):
    told = await ask(fake, bot, removal(verse), permissions=ADMIN)
    assert told["content"] == english("moderation-unknown")
    assert len(await verses(store)) == 2


async def test_reason_that_no_client_offers_is_refused(fake, bot, store, board, caplog):
    caplog.set_level(logging.INFO, "lianju")
    chosen = next(iter((await offered(fake, bot)).values()))
    told = await ask(fake, bot, removal(chosen, "黄河"), permissions=ADMIN)
    assert told["content"].startswith("黄河 is not known: choose from offensive")
    assert "黄河" not in caplog.text
    assert len(await verses(store)) == 2


class TestPermissions:
    @pytest.fixture(autouse=True)
    async def server(self, fake, bot, board):
        """Server 42 grants Manage Messages by a role."""
        role = {"id": str(ROLE), "name": "moderators", "color": 0, "hoist": False, "position": 1}
        role |= {"managed": False, "mentionable": False, "flags": 0}
        role |= {"colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}
        everyone = role | {"id": "42", "name": "@everyone", "permissions": "0", "position": 0}
        granted = role | {"permissions": str(MANAGE_MESSAGES)}
        payload = guild_payload(42) | {"roles": [everyone, granted]}
        await bot._after(bot._connection.parse_guild_create, payload)

    async def tried(self, fake, bot, store, permissions, roles=()):
        """Whether the command removes a verse; it is offered to the same members."""
        payloads = [
            fake.complete(slash("remove-verse", focused="verse", verse=""), permissions=permissions)
        ]
        (verse, *_) = await store.moderation.matching(42, "", 9)
        payloads.append(fake.interaction(removal(str(verse.id)), permissions=permissions))
        for payload in payloads:
            payload["member"]["roles"] = [str(role) for role in roles]
            await bot.receive(payload)
        completed, removed = (fake.exchange(payload) for payload in payloads)
        gone = len(await verses(store)) == 1
        assert bool(completed.choices) == gone
        if not gone:
            assert removed.original["content"] == english("moderation-forbidden")
        return gone

    @pytest.mark.parametrize(
        ("permissions", "roles", "may"),
        [
            (ADMIN, (), True),
            (MANAGE_MESSAGES, (ROLE,), True),
            (MANAGE_MESSAGES, (), False),  # in this channel alone
            (0, (ROLE,), False),  # where a channel takes it away
            (0, (), False),
            (~(ADMIN | MANAGE_MESSAGES) & ((1 << 40) - 1), (), False),
        ],
        ids=["manage-server", "manage-messages", "channel", "denied", "none", "all-others"],
    )
    async def test_only_moderators_may(self, permissions, roles, may, fake, bot, store):
        assert await self.tried(fake, bot, store, permissions, roles) is may

    async def test_discord_is_given_a_hint(self, bot):
        command = bot.tree.get_command("remove-verse")
        assert command.default_permissions.manage_messages
        assert command.guild_only


async def test_busy_database_changes_nothing(fake, bot, store, board, monkeypatch):
    async def fail(*_):
        raise StoreBusyError

    monkeypatch.setattr(store.moderation, "remove", fail)
    told = await ask(fake, bot, removal("1"), permissions=ADMIN)
    assert told["content"] == english("store-busy")
