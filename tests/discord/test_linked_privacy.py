"""A member's part in linked verse: it is handed out, and messages lose a deleted name."""

import asyncio
import json

import pytest
from lianju.bot.cogs.housekeeping import Housekeeping

from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, press
from .interactions import custom_ids, slash, texts
from .linked_verse import fitting_line, member, poem_of, start, write

HOST, SECOND, THIRD = 77, 78, 79


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


async def test_a_member_is_given_own_lines_and_tables(fake, bot, clock, resources):
    housekeeping = Housekeeping(bot, resources, [])
    message = await start(fake, bot)
    line = fitting_line(message)
    await write(fake, bot, message, line, SECOND)
    offers = await press(fake, bot, message, button(message, "Let Lianju write"), user=THIRD)
    await press(fake, bot, offers, custom_ids(offers, "lianju:linked:1:pick")[0], user=THIRD)
    chosen = poem_of(message)[1]

    async def handed_out(user):
        files = await housekeeping.export_user(user)
        (table,) = json.loads(files["lianju-linked.json"])["tables"]
        lines = [
            (each["number"], each["text"], each["chosen_of_lianju"]) for each in table["lines"]
        ]
        assert (table["server_id"], table["channel_id"], table["form"]) == ("42", "99", "jueju5")
        return table["started"], table["has_a_place"], lines

    assert await handed_out(HOST) == (True, True, [])
    assert await handed_out(SECOND) == (False, False, [(1, line, False)])
    assert await handed_out(THIRD) == (False, False, [(2, chosen, True)])
    assert await housekeeping.export_user(4) == {}


async def test_messages_lose_the_name_of_a_deleted_member(fake, bot, clock, resources, store):
    """Of an open table, a finished one, one that only the member wrote at, and a deleted one."""
    named = {"member1": member(SECOND), "member2": member(THIRD)}
    messages = []
    for number in range(4):
        clock.now += 60
        place = {"channel": 100 + number, "user": SECOND if number == 2 else HOST}
        given = {} if number == 2 else {"order": "turns", **named}
        messages.append(await start(fake, bot, rules="free", place=place, **given))
        users = (SECOND, SECOND) if number == 2 else (HOST, SECOND)
        for line, user in zip(("东风吹水绿", "天上月光明"), users, strict=True):
            clock.now += 60
            await write(fake, bot, messages[-1], line, user, channel=100 + number)
    finishing = await press(
        fake, bot, messages[1], button(messages[1], "Finish"), user=HOST, channel=101
    )
    await press(fake, bot, finishing, button(finishing, "Yes"), user=HOST, channel=101)
    fake.delete(messages[3])
    assert all(f"<@{SECOND}>" in str(texts(message)) for message in messages)
    held = fake.gates["/channels/"] = asyncio.Event()
    shown = await ask(fake, bot, slash("privacy"), user=SECOND)
    sure = await press(fake, bot, shown, f"lianju:forget:1:{SECOND}:ask", user=SECOND)
    await press(fake, bot, sure, f"lianju:forget:1:{SECOND}:delete", user=SECOND)
    assert f"<@{SECOND}>" in str(texts(messages[0]))  # told before any message is edited
    held.set()
    await asyncio.gather(*resources.background)
    for message in messages[:2]:
        assert f"<@{SECOND}>" not in str(texts(message))
        assert f"<@{HOST}>" in str(texts(message))
        assert len(poem_of(message)) == 2
    assert messages[2]["id"] in fake.messages.gone
    assert resources.failures.total() == 0
    # The other's deletion, as the host of the bot asks for it.
    await Housekeeping(bot, resources, []).delete_user(HOST)
    await asyncio.gather(*resources.background)
    assert f"<@{HOST}>" not in str([texts(message) for message in messages[:2]])
