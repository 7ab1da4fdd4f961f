"""Linked verse where something goes wrong: each is told in private, and no table is harmed."""

import asyncio

import pytest
from lianju.bot.cogs.linked_clock import LinkedClock
from lianju.bot.cogs.linked_lines import COOLDOWN_S
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.store import StoreBusyError, StoreError
from lianju.bot.verse import DeadlineError

from ..verse.toy import Toy
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import ADMIN, labels, slash
from .linked_verse import (
    fitting_line,
    member,
    next_of,
    open_form,
    poem_of,
    send,
    start,
    texts_of,
    write,
)

HOST, SECOND, THIRD, FOURTH, FIFTH, STRANGER = 77, 78, 79, 80, 81, 90
FIVE = {f"member{n}": member(user) for n, user in enumerate((SECOND, THIRD, FOURTH, FIFTH), 1)}
SHOW = slash("lianju show")


@pytest.fixture
def bundle(tmp_path, request):
    return getattr(request, "param", write_bundle_with_prosody)(tmp_path / "toy")


@pytest.fixture
def tick(bot, resources):
    """The clock of this process looks once."""
    return LinkedClock(bot, resources).tick


@pytest.mark.parametrize(
    ("text", "key", "facts"),
    [
        ("好🌸好好好", "linked-line-characters", {"named": "🌸"}),
        ("<@77>好好", "linked-line-characters", {"named": "< @ 7"}),
        ("hello", "linked-line-characters", {"named": "h e l"}),
        ("好" * 4000, "linked-line-length", {"size": 4000, "length": 5}),
        ("好好好好好好好", "linked-line-length", {"size": 7, "length": 5}),
        ("。，", "linked-line-empty", {"length": 5}),
        ("", "linked-line-empty", {"length": 5}),
        ("好好色情好", "linked-line-blocked", {}),
        ("好\ud83c好好好", "linked-line-characters", {"named": "U+D83C"}),
    ],
)
async def test_bad_lines_are_told_in_private_and_the_table_is_unharmed(
    text, key, facts, fake, bot, store
):
    message = await start(fake, bot)
    before = await store.linked.get(1)
    sent = await send(fake, bot, await open_form(fake, bot, message, SECOND), text, SECOND)
    said = texts_of(sent).replace("\\", "")
    assert english(key, **facts) in said
    assert "Open the form again" in labels(sent.messages[0]).values()
    assert await store.linked.get(1) == before
    assert poem_of(message) == []


async def test_a_deleted_message_loses_nothing(fake, bot, clock, store):
    message = await start(fake, bot)
    opened = await open_form(fake, bot, message, SECOND)
    line = fitting_line(message)
    fake.delete(message)
    sent = await send(fake, bot, opened, line, SECOND)
    assert sent.messages[0]["content"] == english("linked-message-gone")
    assert (await store.linked.get(1)).texts == (line,)
    clock.now += 60
    shown = await ask(fake, bot, SHOW, private=False, user=THIRD)
    assert poem_of(shown) == [line]
    await write(fake, bot, shown, fitting_line(shown), THIRD)
    assert len(poem_of(shown)) == 2


async def test_a_table_that_is_shown_again_leaves_its_old_message(fake, bot, clock):
    old = await start(fake, bot)
    clock.now += 60
    new = await ask(fake, bot, SHOW, private=False)
    assert old["id"] in fake.messages.gone
    line = fitting_line(new)
    await write(fake, bot, new, line, SECOND)
    assert poem_of(new) == [line]


async def test_a_channel_that_became_hidden_is_told_once_the_line_is_stored(
    fake, bot, clock, store, tick
):
    message = await start(fake, bot)
    asked = await press(fake, bot, message, button(message, "Finish"), user=HOST)
    fake.hidden_channels.add("99")
    done = fake.press(asked, button(asked, "Yes"), user=HOST)
    await bot.receive(done)
    exchange = fake.exchange(done)
    said = [each["content"] for each in exchange.followups]
    assert said == [english("linked-message-forbidden")]
    assert (await store.linked.get(1)).state == "finished"
    refused = await ask(fake, bot, slash("lianju start", form="jueju5"), may_see=False, user=SECOND)
    assert refused["content"] == english("linked-cannot-see")


async def test_the_clock_minds_neither_deleted_messages_nor_an_outage(
    fake, bot, clock, tick, store, monkeypatch, resources
):
    message = await start(fake, bot, order="turns", minutes=1, **FIVE)
    fake.delete(message)
    clock.now += 61
    await tick()
    assert (await store.linked.get(1)).player == SECOND
    fake.failures["/channels/"] = [503] * 9
    clock.now += 61
    await tick()
    assert (await store.linked.get(1)).player == THIRD

    async def fails(_):
        raise OSError

    monkeypatch.setattr(store.linked, "due", fails)
    await tick()
    assert resources.failures["clock of linked verse"] == 1


async def test_a_time_that_is_set_back_locks_nobody_out(fake, bot, clock, resources):
    passing = type(clock)()
    resources.line_limiter = RequestLimiter(passing, clock)
    message = await start(fake, bot, rules="free")
    await write(fake, bot, message, "东风吹水绿", SECOND)
    clock.now -= 3600
    opened = await open_form(fake, bot, message, SECOND)
    refused = await send(fake, bot, opened, "天上月光明", SECOND)
    in_time = str(int(clock.now + COOLDOWN_S))
    assert english("limit-cooldown", retry_at=in_time) in texts_of(refused)
    passing.now += COOLDOWN_S
    await write(fake, bot, message, "天上月光明", SECOND)


async def test_a_turn_that_ended_while_the_engine_was_away_is_shown_when_it_is_back(
    fake, bot, clock, tick, store, monkeypatch, resources, engine
):
    message = await start(fake, bot, order="turns", minutes=1, **FIVE)

    async def fails(*_):
        raise DeadlineError

    clock.now += 61
    with monkeypatch.context() as away:
        away.setattr(engine, "bundle", fails)
        await tick()
        await tick()
    assert (await store.linked.get(1)).player == SECOND
    assert f"<@{HOST}>" in next_of(message)
    assert resources.failures == {"message of a table": 1}
    await tick()
    assert f"<@{SECOND}>" in next_of(message)


async def test_a_turn_whose_end_cannot_be_stored_is_counted(
    fake, bot, clock, tick, store, monkeypatch, resources
):
    message = await start(fake, bot, order="turns", minutes=1, **FIVE)

    async def fails(*_):
        raise StoreBusyError

    clock.now += 61
    with monkeypatch.context() as busy:
        busy.setattr(store.linked, "save", fails)
        await tick()
    assert resources.failures == {"clock of linked verse": 1}
    await tick()
    assert f"<@{SECOND}>" in next_of(message)


@pytest.mark.parametrize("label", ["Write a line", "Ask for help", "Undo", "Finish", "form", "Yes"])
async def test_a_poem_that_ended_unseen_is_shown_by_the_next_press(label, fake, bot, clock, store):
    message = await start(fake, bot)
    lines = [fitting_line(message)]
    await write(fake, bot, message, lines[0], HOST)
    lines.append(fitting_line(message))
    await write(fake, bot, message, lines[1], SECOND)
    asked = await press(fake, bot, message, button(message, "Finish"), user=HOST)
    opened = await open_form(fake, bot, message, THIRD)
    text = fitting_line(message)
    done, again = (fake.press(asked, button(asked, "Yes"), user=HOST) for _ in range(2))
    fake.failures["/channels/"] = [503]
    await bot.receive(done)
    assert (await store.linked.get(1)).state == "finished"
    assert "Write a line" in labels(message).values()
    clock.now += 60
    if label == "form":
        refused = await send(fake, bot, opened, text, THIRD)
    else:
        is_answer = label == "Yes"
        payload = again if is_answer else fake.press(message, button(message, label), user=HOST)
        await bot.receive(payload)
        refused = fake.exchange(payload)
    assert [each["content"] for each in refused.messages] == [english("linked-closed", slash="/")]
    assert list(labels(message).values()) == ["♥", "Picture", "Revise"]
    assert poem_of(message) == lines


async def test_an_answer_that_comes_too_late_for_discord_is_shown_by_the_bot(
    fake, bot, clock, store
):
    message = await start(fake, bot)
    line = fitting_line(message)
    await write(fake, bot, message, line, SECOND)
    undo = fake.press(message, button(message, "Undo"), user=SECOND)
    fake.seconds_to_acknowledge = -1
    await bot.receive(undo)
    assert fake.refusals == [(404, fake.refusals[0][1])]
    assert (await store.linked.get(1)).texts == ()
    assert poem_of(message) == []


async def test_a_message_that_was_not_noted_is_noted_by_the_next_line(
    fake, bot, clock, store, monkeypatch
):
    async def fails(*_):
        raise StoreError("store-failed")

    with monkeypatch.context() as failing:
        failing.setattr(store.linked, "post", fails)
        payload = fake.interaction(slash("lianju start", form="jueju5"))
        await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    line = fitting_line(message)
    await write(fake, bot, message, line, SECOND)
    assert poem_of(message) == [line]
    assert (await store.linked.get(1)).message_id == int(message["id"])


async def test_a_line_that_is_written_while_a_table_is_shown_again_is_in_its_new_message(
    fake, bot, clock, store, monkeypatch
):
    old = await start(fake, bot)
    line, post = fitting_line(old), store.linked.post

    async def post_later(*args):
        table = await store.linked.get(1)
        assert await store.linked.save(table, table.write(SECOND, line, clock.now))
        await post(*args)

    monkeypatch.setattr(store.linked, "post", post_later)
    clock.now += 60
    assert poem_of(await ask(fake, bot, SHOW, private=False)) == [line]


async def test_two_who_show_a_table_at_once_leave_one_message(fake, bot, clock):
    old = await start(fake, bot)
    clock.now += 60
    payloads = [fake.interaction(SHOW, user=user) for user in (SECOND, THIRD)]
    await asyncio.gather(*map(bot.receive, payloads))
    shown = [old, *(message for each in payloads for message in fake.exchange(each).messages)]
    (left,) = (each for each in shown if each["id"] not in fake.messages.gone)
    line = fitting_line(left)
    await write(fake, bot, left, line, FOURTH)
    assert poem_of(left) == [line]


async def test_a_channel_has_one_table_unless_the_server_allows_more(fake, bot, clock):
    await start(fake, bot)
    clock.now += 60
    data = slash("lianju start", form="jueju5")
    refused = await ask(fake, bot, data, user=SECOND)
    assert refused["content"] == english("linked-channel-full", most=1)
    await start(fake, bot, place={"channel": 100, "user": SECOND})  # another channel
    setting = slash("settings linked-tables", number=2)
    await ask(fake, bot, setting, permissions=ADMIN)
    clock.now += 60
    await start(fake, bot)
    clock.now += 60
    assert (await ask(fake, bot, data))["content"] == english("linked-channel-full", most=2)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"minutes": 5}, "linked-minutes-free"),
        ({"member1": {"user": 5, "bot": True}}, "linked-bot"),
        ({"line": "春江花月夜", "opening": "lianju"}, "linked-opening-twice"),
        ({"line": "春江"}, "linked-line-length"),
        ({"opening": "poet"}, "linked-no-poet"),
        ({"form": "ballad"}, "unknown-choice"),
    ],
)
async def test_bad_options_are_refused_in_private(options, key, fake, bot, store):
    message = await ask(fake, bot, slash("lianju start", **({"form": "jueju5"} | options)))
    facts = {"size": 2, "length": 5} if key == "linked-line-length" else {}
    if key == "unknown-choice":
        assert "ballad" in message["content"]
    else:
        assert message["content"] == english(key, **facts)
    assert await store.linked.shown_in(99) == []


async def test_members_type_at_most_one_line_in_two_seconds(fake, bot, clock):
    message = await start(fake, bot, rules="free")
    await write(fake, bot, message, "天天天天天", SECOND)
    sent = await send(fake, bot, await open_form(fake, bot, message, SECOND), "水水水水水", SECOND)
    assert "One line at a time" in texts_of(sent)  # beside the text, for another try
    clock.now += 2
    await write(fake, bot, message, "水水水水水", SECOND)
    assert poem_of(message) == ["天天天天天", "水水水水水"]


@pytest.mark.parametrize("key", ["store-failed", "busy-group"])
async def test_a_line_that_could_not_be_stored_is_there_for_another_try(
    key, fake, bot, clock, store, monkeypatch
):
    async def save(*_):
        if key == "store-failed":
            raise StoreError(key)  # None: somebody else was first, each time

    message = await start(fake, bot)
    line = fitting_line(message)
    with monkeypatch.context() as failing:
        failing.setattr(store.linked, "save", save)
        sent = await send(fake, bot, await open_form(fake, bot, message, SECOND), line, SECOND)
    assert english(key) in texts_of(sent)
    assert poem_of(message) == []
    clock.now += 60
    (told,) = sent.messages
    again = await open_form(fake, bot, told, SECOND, button(told, "Open the form again"))
    assert again.form["components"][0]["component"]["value"] == line
    await send(fake, bot, again, line, SECOND)
    assert poem_of(message) == [line]


@pytest.mark.parametrize("bundle", [Toy().write], indirect=True)
async def test_bundle_without_tones_and_rhymes_has_free_rules_alone(bundle, fake, bot, clock):
    told = await ask(fake, bot, slash("lianju start", form="jueju5"))
    assert told["content"] == english("linked-no-tones")
    clock.now += 60
    message = await start(fake, bot, rules="free", opening="lianju")
    assert len(poem_of(message)) == 1
    await write(fake, bot, message, "黄河远上天", SECOND)
    assert poem_of(message)[1:] == ["黄河远上天"]


async def test_nothing_that_members_write_is_logged(fake, bot, caplog):
    message = await start(fake, bot, rules="free")
    with caplog.at_level("DEBUG"):
        await write(fake, bot, message, "黄河远上天", SECOND)
        await send(fake, bot, await open_form(fake, bot, message, SECOND), "黄河远上", SECOND)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("lianju")]
    assert ours
    assert not any("黄河" in each for each in ours)
