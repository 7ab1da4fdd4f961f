"""`/settings anthology`: the page of honor is chosen, shown and ended."""

import pytest

from .commands import ask, english
from .honor_pages import CHANNEL, GUILD
from .honor_pages import server as server
from .interactions import ADMIN, slash, texts

ARCHIVE = {"archived": False, "auto_archive_duration": 60, "locked": False}
ARCHIVE |= {"archive_timestamp": "2026-01-01T00:00:00+00:00"}


async def administer(fake, bot, data):
    message = await ask(fake, bot, data, permissions=ADMIN)
    return "\n".join(texts(message)) or message["content"]


def choose(channel, **options):
    return slash("settings anthology", channel={"channel": channel}, **options)


async def test_page_is_set_changed_shown_and_ended(fake, bot, store):
    said = await administer(fake, bot, choose(CHANNEL))
    assert said.startswith("**Page of honor**: off → <#70>, from 3 hearts on\n")
    said = await administer(fake, bot, choose(CHANNEL, threshold=5))
    assert said.startswith("**Page of honor**: <#70>, from 3 hearts on → <#70>, from 5 hearts on\n")
    said = await administer(fake, bot, choose(73))  # an announcement channel
    assert "<#73>, from 5 hearts on" in said
    assert "**Page of honor**: <#73>" in await administer(fake, bot, slash("settings show"))
    assert "stays as it was" in await administer(fake, bot, choose(73))
    said = await administer(fake, bot, slash("settings anthology-off"))
    assert said.startswith("**Page of honor**: <#73>, from 5 hearts on → off\n")
    await administer(fake, bot, choose(CHANNEL))
    assert "<#70>, from 3 hearts on → off" in await administer(fake, bot, slash("settings reset"))
    assert (await store.guild_settings.get(GUILD)).honor_page is None


@pytest.mark.parametrize(
    ("channel", "kind", "key"),
    [
        (71, 15, "anthology-kind"),
        (72, 2, "anthology-kind"),
        (CHANNEL, 11, "anthology-kind"),
        (79, 0, "anthology-unknown"),
        (74, 0, "anthology-permissions"),
    ],
    ids=["forum", "voice", "thread", "another server's", "forbidden"],
)
async def test_channel_that_will_not_do_is_refused_in_one_sentence(
    channel, kind, key, fake, bot, store
):
    data = choose(channel)
    resolved = data["resolved"]["channels"][str(channel)]
    resolved["type"] = kind
    if kind == 11:
        resolved |= {"parent_id": "70", "owner_id": "77", "member_count": 1, "message_count": 0}
        resolved["thread_metadata"] = ARCHIVE
    names = ", ".join(
        english("anthology-permission", permission=each)
        for each in ("send_messages", "attach_files")
    )
    facts = {"channel": f"<#{channel}>", "permissions": names}
    assert await administer(fake, bot, data) == english(key, **facts)
    assert (await store.guild_settings.get(GUILD)).honor_page is None


@pytest.mark.parametrize("threshold", [0, 101, -1])
async def test_threshold_out_of_range_is_refused_by_its_name(threshold, fake, bot, store):
    said = await administer(fake, bot, choose(CHANNEL, threshold=threshold))
    facts = {"name": "threshold", "value": threshold, "low": 1, "high": 100}
    assert said == english("request-range", **facts)
    assert said.startswith("Threshold")
    assert (await store.guild_settings.get(GUILD)).honor_page is None


async def test_only_admins_may(fake, bot, store):
    for data in (choose(CHANNEL), slash("settings anthology-off")):
        message = await ask(fake, bot, data)
        assert message["content"] == english("settings-forbidden")
