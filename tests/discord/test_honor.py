"""Pages of honor: what is posted in the channel, and what becomes of it."""

import asyncio
import logging

import pytest
from lianju.bot.cogs.honor_clock import HonorClock
from lianju.bot.cogs.honor_posts import HonorPosts
from lianju.bot.honor import EDIT_EVERY_S, LEASE_S, MAX_ATTEMPTS
from lianju.bot.verses import Verse

from .commands import ask, button, english, press
from .honor_pages import CHANNEL, FANS, GUILD, SECOND, VERSE, WRITER, love, shown
from .honor_pages import honors as honors
from .honor_pages import page as page
from .honor_pages import posted as posted
from .honor_pages import server as server
from .interactions import ADMIN, custom_ids, poem, slash, texts
from .linked_verse import restarted

# --- posting ---


async def test_verse_that_three_members_love_is_posted_once_with_its_picture(
    fake, bot, store, page, honors
):
    answer = await ask(fake, bot, poem("床前明月光", count=1), user=WRITER, private=False)
    (heart, *_) = custom_ids(answer, "lianju:heart:")
    for user in (WRITER, *FANS[:2]):  # the writer's own heart is kept, and does not count
        await press(fake, bot, answer, heart, user=user)
    await honors.tick()
    assert fake.standing(CHANNEL) == []
    await press(fake, bot, answer, heart, user=FANS[2])
    for _ in range(3):
        await honors.tick()
    (message,) = fake.posted[str(CHANNEL)]
    hearts, said, (alt,) = shown(message)
    assert hearts == ["♥ 3"]
    assert said == [f"-# {english('honor-by', linked=0, names=f'member {WRITER}')}"]
    assert alt.startswith("床前明月光\n")
    assert f"member {WRITER}、联句" in alt
    assert message["allowed_mentions"]["parse"] == []
    assert "<@" not in str(message["components"])
    (attached,) = message["attachments"]
    assert fake.messages.files[attached["id"]].startswith(b"\x89PNG")


async def test_linked_verse_names_all_who_wrote_and_are_still_there(fake, store, page, honors):
    fake.left.add(str(SECOND))
    writers = dict.fromkeys((WRITER, SECOND, 3), 1.0)
    await love(store, *FANS[:3], author=None, writers=writers)
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    names = "member 1、member 3"
    assert shown(message)[1] == [f"-# {english('honor-by', linked=1, names=names)}"]
    assert names in shown(message)[2][0]


async def test_verse_for_which_a_picture_has_no_room_is_text(fake, store, page, honors):
    await love(store, *FANS[:3], verse=Verse("a" * 70, "*b*"))
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert message["attachments"] == []
    assert texts(message)[0] == "a" * 70 + "\n\\*b\\*"


async def test_many_hearts_are_few_edits(fake, store, page, honors, clock):
    await love(store, *FANS[:3])
    await honors.tick()
    before = len(fake.requests)
    await love(store, *FANS[3:9])
    for _ in range(EDIT_EVERY_S - 1):
        clock.now += 1
        await honors.tick()
    assert len(fake.requests) == before
    clock.now += 1
    await honors.tick()
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert shown(message)[0] == ["♥ 9"]
    assert [method for method, _ in fake.requests[before:]].count("PATCH") == 1
    assert len(message["attachments"]) == 1


async def test_clocks_of_several_processes_post_once(fake, bot, store, page, resources):
    await love(store, *FANS[:3])
    clocks = [HonorClock(bot, resources) for _ in range(4)]
    loving = love(store, *FANS[3:9])
    await asyncio.gather(*(clock.tick() for clock in clocks), loving)
    assert len(fake.posted[str(CHANNEL)]) == 1
    assert [method for method, _ in fake.requests].count("POST") == 1


async def test_names_and_verse_are_escaped(fake, bot, store, page, honors, monkeypatch):
    async def names(*_):
        return ("@everyone *x*",)

    monkeypatch.setattr(HonorPosts, "names", names)
    await love(store, *FANS[:3])
    await honors.tick()
    assert "\\*x\\*" in shown(fake.standing(CHANNEL)[0])[1][0]


# --- what fails, and what is done again ---


async def test_killed_between_sending_and_storing_it_is_posted_once(
    fake, bot, engine, store, page, resources, clock, monkeypatch
):
    """The process is gone before it has stored the id; Discord has forgotten the nonce by then."""
    posted = store.honors.mark_posted

    async def die(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.honors, "mark_posted", die)
    await love(store, *FANS[:3])
    posts = HonorPosts(bot, resources)
    (verse,) = await store.honors.due(clock.now)
    with pytest.raises(KeyboardInterrupt):
        await posts.act(verse, clock.now)
    monkeypatch.setattr(store.honors, "mark_posted", posted)
    fake.nonces.clear()
    (message,) = fake.standing(CHANNEL)
    async with restarted(fake, engine, store, clock) as (again, its_resources):
        await HonorClock(again, its_resources).tick()
        assert len(fake.posted[str(CHANNEL)]) == 1  # whoever else has it may be at work
        clock.now += LEASE_S
        await love(store, FANS[3])
        for _ in range(3):
            await HonorClock(again, its_resources).tick()
            clock.now += EDIT_EVERY_S
    assert fake.posted[str(CHANNEL)] == [message]
    assert shown(message)[0] == ["♥ 4"]


async def test_killed_before_sending_it_is_posted_later(
    fake, bot, engine, store, page, resources, clock
):
    await love(store, *FANS[:3])
    (verse,) = await store.honors.due(clock.now)
    assert await store.honors.claim(verse, clock.now, posting=True)
    clock.now += LEASE_S
    async with restarted(fake, engine, store, clock) as (again, its_resources):
        for _ in range(3):
            await HonorClock(again, its_resources).tick()
    assert len(fake.posted[str(CHANNEL)]) == 1


async def test_receipt_that_is_lost_makes_no_second_message(fake, store, page, honors):
    fake.losses.add("messages")
    await love(store, *FANS[:3])
    await honors.tick()
    assert len(fake.posted[str(CHANNEL)]) == 1
    assert [method for method, _ in fake.requests].count("POST") == 2  # discord.py has tried again
    (nonce,) = fake.nonces
    assert nonce.startswith("h1-")


async def test_what_crosses_the_threshold_while_discord_fails_is_posted_later(
    fake, store, page, honors, clock
):
    fake.failures = {f"channels/{CHANNEL}": [400]}
    await love(store, *FANS[:3])
    await honors.tick()
    assert fake.standing(CHANNEL) == []
    await honors.tick()  # not at once
    assert len(fake.refusals) == 1
    clock.now += 60
    await honors.tick()
    assert len(fake.standing(CHANNEL)) == 1


async def test_names_that_discord_refuses_are_asked_for_again(fake, store, page, honors, clock):
    fake.failures = {f"guilds/{GUILD}/members": [403] * 5}
    await love(store, *FANS[:3])
    for _ in range(6):
        await honors.tick()
        clock.now += 3600
    assert len(fake.standing(CHANNEL)) == 1


async def test_it_is_not_tried_for_ever(fake, store, page, honors, clock):
    fake.failures = {f"channels/{CHANNEL}": [400] * 99}
    await love(store, *FANS[:3])
    for _ in range(2 * MAX_ATTEMPTS):
        await honors.tick()
        clock.now += 1e6
    assert len(fake.refusals) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("where", "fault"), [("forbidden_channels", "forbidden"), ("deleted_channels", "gone")]
)
async def test_lost_channel_is_told_in_the_settings_and_not_tried_again(
    where, fault, fake, bot, store, page, honors, clock, caplog
):
    getattr(fake, where).add(str(CHANNEL))
    await love(store, *FANS[:3])
    for _ in range(3):
        await honors.tick()
        clock.now += 1e6
    assert len(fake.refusals) == 1
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"server={GUILD}" in warnings[0]
    message = await ask(fake, bot, slash("settings show"), permissions=ADMIN)
    assert english("settings-fault", fault=fault) in texts(message)[0]
    getattr(fake, where).clear()
    data = slash("settings anthology", channel={"channel": CHANNEL})
    await ask(fake, bot, data, permissions=ADMIN)
    await honors.tick()
    assert len(fake.standing(CHANNEL)) == 1
    message = await ask(fake, bot, slash("settings show"), permissions=ADMIN)
    assert english("settings-fault", fault=fault) not in texts(message)[0]


async def test_permission_that_is_known_to_be_missing_costs_no_request(
    fake, bot, store, honors, clock
):
    await store.guild_settings.set_honor_page(GUILD, 74, 3, clock.now)
    await love(store, *FANS[:3])
    await honors.tick()
    assert [path for _, path in fake.requests if "/messages" in path] == []
    assert (await store.guild_settings.get(GUILD)).honor_page.fault == "forbidden"


async def test_busy_database_is_tried_again(fake, store, page, honors, clock, monkeypatch):
    due = store.honors.due

    async def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(store.honors, "due", fail)
    await love(store, *FANS[:3])
    await honors.tick()
    monkeypatch.setattr(store.honors, "due", due)
    await honors.tick()
    assert len(fake.standing(CHANNEL)) == 1


# --- gone ---


async def test_verse_of_a_writer_who_deletes_their_data_is_gone(
    fake, bot, store, honors, posted, clock
):
    shown_to = await ask(fake, bot, slash("privacy"), user=WRITER)
    for key in ("privacy-delete", "privacy-yes"):
        custom_id = button(shown_to, english(key))
        shown_to = await press(fake, bot, shown_to, custom_id, user=WRITER)
    await honors.tick()
    assert fake.standing(CHANNEL) == []
    clock.now += 999
    await love(store, *FANS[3:9], asked_at=1.0)
    await honors.tick()
    assert fake.standing(CHANNEL) == []


async def test_name_of_one_of_several_is_gone(fake, store, page, honors, clock):
    await love(store, *FANS[:3], author=None, writers={WRITER: 1.0, SECOND: 1.0})
    await honors.tick()
    await store.delete_user(WRITER, clock.now)
    clock.now += EDIT_EVERY_S
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert "member 1" not in str(shown(message))
    assert "member 2" in shown(message)[2][0]


async def test_without_hearts_it_is_gone(fake, store, honors, posted, clock):
    await love(store, *FANS[:2])
    clock.now += EDIT_EVERY_S
    await honors.tick()
    assert shown(posted)[0] == ["♥ 1"]  # below the threshold it stays
    await love(store, FANS[2])
    await honors.tick()
    assert fake.standing(CHANNEL) == []


async def test_what_a_moderator_removes_is_gone(fake, bot, store, honors, posted):
    (verse,) = await store.moderation.matching(GUILD, "", 9)
    data = slash("remove-verse", verse=str(verse.id), reason="spam")
    await ask(fake, bot, data, permissions=ADMIN)
    await honors.tick()
    assert fake.standing(CHANNEL) == []


async def test_message_that_a_moderator_deletes_does_not_come_again(
    fake, store, honors, posted, clock
):
    fake.delete(posted)
    for fan in FANS[3:8]:
        await love(store, fan)
        clock.now += EDIT_EVERY_S
        await honors.tick()
    assert fake.standing(CHANNEL) == []
    assert len(fake.posted[str(CHANNEL)]) == 1


async def test_bot_that_is_removed_forgets_the_page(fake, bot, store, honors, posted):
    await store.delete_guild(GUILD, 1_900_000_000)
    await love(store, *FANS[3:9])
    await honors.tick()
    assert len(fake.posted[str(CHANNEL)]) == 1


# --- buttons ---


async def test_heart_below_the_verse_keeps_it(fake, bot, store, honors, posted, clock):
    heart = button(posted, "♥")
    told = await press(fake, bot, posted, heart, user=FANS[5])
    assert texts(told) == [english("honor-kept", own=0)]
    (kept,) = await store.favorites.all(FANS[5])
    assert (kept.verse, kept.guild_id) == (VERSE, GUILD)
    clock.now += EDIT_EVERY_S
    await honors.tick()
    assert shown(posted)[0] == ["♥ 4"]
    (ranked,) = (await store.leaderboard.members(GUILD, None, 0, 9)).items
    assert (ranked.user_id, ranked.hearts) == (WRITER, 4)
    told = await press(fake, bot, posted, heart, user=FANS[5])
    assert texts(told) == [english("honor-unkept", own=0)]
    assert await store.favorites.all(FANS[5]) == []
    told = await press(fake, bot, posted, heart, user=WRITER)  # whose heart does not count
    assert texts(told) == [english("honor-kept", own=1)]


@pytest.mark.parametrize("place", [{"user": WRITER}, {"user": 99, "permissions": ADMIN}])
async def test_writer_and_moderator_take_it_down(place, fake, bot, store, honors, posted, clock):
    question = await press(fake, bot, posted, button(posted, "Take down"), **place)
    done = await press(fake, bot, question, button(question, "Yes"), **place)
    assert texts(done) == [english("honor-down-done")]
    await honors.tick()
    assert fake.standing(CHANNEL) == []
    await love(store, *FANS[3:9])
    clock.now += 999
    await honors.tick()
    assert fake.standing(CHANNEL) == []


async def test_nobody_else_takes_it_down(fake, bot, store, honors, posted):
    told = await press(fake, bot, posted, button(posted, "Take down"), user=FANS[0])
    assert told["content"] == english("honor-not-yours")
    await store.delete_guild(GUILD, 1)
    for label in ("Take down", "♥"):
        told = await press(fake, bot, posted, button(posted, label), user=WRITER)
        assert told["content"] == english("honor-gone")
