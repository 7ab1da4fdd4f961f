"""A member's part in linked verse: it is handed out."""

import json

import pytest
from lianju.bot.cogs.housekeeping import Housekeeping

from .bundle_with_prosody import write_bundle_with_prosody
from .commands import button, press
from .interactions import custom_ids
from .linked_verse import fitting_line, poem_of, start, write

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
