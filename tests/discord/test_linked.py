"""Linked verse as members play it."""

import asyncio
import re

import pytest
from lianju.bot.cogs.linked_clock import LinkedClock
from lianju.bot.store import open_store

from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import custom_ids, labels, slash, texts
from .linked_verse import (
    LEVEL,
    fitting_line,
    member,
    next_of,
    open_form,
    poem_of,
    restarted,
    send,
    start,
    texts_of,
    write,
)

HOST, SECOND, THIRD, FOURTH, FIFTH, STRANGER = 77, 78, 79, 80, 81, 90
FIVE = {f"member{n}": member(user) for n, user in enumerate((SECOND, THIRD, FOURTH, FIFTH), 1)}
SHOW = slash("lianju show")


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


@pytest.fixture
def tick(bot, resources):
    """The clock of this process looks once."""
    return LinkedClock(bot, resources).tick


async def test_five_members_play_through_a_restart_a_timeout_and_a_race(
    fake, bot, engine, store, clock, tmp_path, resources
):
    """A regulated poem in turns, then a quatrain where whoever comes first writes."""
    message = await start(fake, bot, "lushi5", order="turns", minutes=10, **FIVE)
    for user in (HOST, SECOND):
        assert f"<@{user}>" in next_of(message)
        await write(fake, bot, message, fitting_line(message), user)
    opened = await open_form(fake, bot, message, THIRD)  # and types while the bot is restarted
    text = fitting_line(message)
    await bot.close()
    url = f"sqlite+aiosqlite:///{tmp_path}/lianju.sqlite3"
    later = await open_store(url)
    async with restarted(fake, engine, later, clock) as (reborn, resources):
        clock.now += 300
        await send(fake, reborn, opened, text, THIRD)
        assert poem_of(message)[2] == text
        tick = LinkedClock(reborn, resources).tick
        await tick()
        assert f"<@{FOURTH}>" in next_of(message)
        clock.now += 601
        await tick()  # the fourth has not written
        assert f"<@{FIFTH}>" in next_of(message)
        late = await open_form(fake, reborn, message, FOURTH)
        assert english("linked-not-your-turn", member=str(FIFTH)) in late.messages[0]["content"]
        for user in (FIFTH, HOST, SECOND, THIRD, FOURTH):
            clock.now += 60
            await write(fake, reborn, message, fitting_line(message), user)
        lines = poem_of(message)
        assert len(set("".join(lines))) == 40  # no character twice
        assert english("linked-state", state="finished", lines=8) in texts(message)[2]
        assert list(labels(message).values()) == ["♥", "Picture", "Revise"]

        # One heart, from a stranger: it is every writer's.
        await press(fake, reborn, message, button(message, "♥"), user=STRANGER)
        assert list(labels(message).values()) == ["♥ 1", "Picture", "Revise"]
        ranked = (await later.leaderboard.members(42, None, 0, 9)).items
        assert [(each.user_id, each.hearts) for each in ranked] == [
            (user, 1) for user in (HOST, SECOND, THIRD, FOURTH, FIFTH)
        ]
        board = await ask(fake, reborn, slash("leaderboard"), private=False, user=HOST)
        assert f"linked verse by <@{HOST}> <@{SECOND}> <@{THIRD}> <@{FIFTH}> …" in texts(board)[1]
        kept = await ask(fake, reborn, slash("favorites list"), user=STRANGER)
        assert f"{lines[0]}，{lines[1]}。" in texts(kept)[1]
        assert "linked verse by" in texts(kept)[1]

        # A quatrain: two write its second line at the same moment.
        clock.now += 60
        quatrain = await start(fake, reborn, "jueju5")
        await write(fake, reborn, quatrain, fitting_line(quatrain), SECOND)
        clock.now += 60
        text = fitting_line(quatrain)
        forms = {user: await open_form(fake, reborn, quatrain, user) for user in (THIRD, FOURTH)}
        sent = {user: fake.submit(forms[user], {"line": text}, user=user) for user in forms}
        await asyncio.gather(*map(reborn.begin, sent.values()))
        slower = {user: fake.exchange(payload) for user, payload in sent.items()}
        ((loser, refused),) = [(u, e) for u, e in slower.items() if e.messages]
        assert poem_of(quatrain)[1:] == [text]
        assert english("linked-too-late", line=2) in texts_of(refused)
        clock.now += 60
        again = button(refused.messages[0], "Open the form again")
        reopened = await open_form(fake, reborn, refused.messages[0], loser, again)
        (label,) = reopened.form["components"]
        assert label["component"]["value"] == text  # nothing that was typed is lost
        assert reopened.form["title"] == english("linked-modal", line=3)
        other = fitting_line(quatrain)
        await send(fake, reborn, reopened, other, loser)
        assert poem_of(quatrain)[2] == other
        clock.now += 60
        await write(fake, reborn, quatrain, fitting_line(quatrain), FIFTH)
        assert english("linked-state", state="finished", lines=4) in texts(quatrain)[2]
    await later.close()
    assert {status for status, _ in fake.refusals} <= {404}


async def test_what_breaks_a_strict_rule_is_told_in_private_and_exactly(fake, bot, clock):
    message = await start(fake, bot)
    await write(fake, bot, message, fitting_line(message), HOST)
    clock.now += 60
    wrong = fitting_line(message, fault=1)
    sent = await send(fake, bot, await open_form(fake, bot, message, SECOND), wrong, SECOND)
    told = texts_of(sent)
    tone = "oblique" if LEVEL[wrong[1]] else "level"
    assert english("fault", kind="tone", place=2, character=wrong[1], tone=tone) in told
    assert wrong in told
    would_do = re.search(r"; ([\w, ]+) would do", told)
    assert would_do
    for character in would_do[1].split(", "):
        assert LEVEL[character] == (tone == "level")
        assert character not in "".join(poem_of(message)) + wrong
    assert list(labels(sent.messages[0]).values()) == ["Change it"]  # strict rules keep nothing
    assert len(poem_of(message)) == 1
    clock.now += 60
    again = await open_form(
        fake, bot, sent.messages[0], SECOND, button(sent.messages[0], "Change it")
    )
    assert again.form["components"][0]["component"]["value"] == wrong
    fixed = wrong[:1] + would_do[1][0] + wrong[2:]
    await send(fake, bot, again, fixed, SECOND)
    assert poem_of(message)[1] == fixed


async def test_loose_rules_ask_and_free_ones_do_not(fake, bot, clock, store):
    message = await start(fake, bot, rules="loose")
    await write(fake, bot, message, fitting_line(message), HOST)
    clock.now += 60
    wrong = fitting_line(message, fault=1)
    sent = await send(fake, bot, await open_form(fake, bot, message, SECOND), wrong, SECOND)
    (asked,) = sent.messages
    assert english("linked-keep-question") in texts_of(sent)
    assert len(poem_of(message)) == 1
    clock.now += 3
    done = await press(fake, bot, asked, button(asked, "Keep it"), user=SECOND)
    assert texts(done) == [english("linked-written", line=2)]
    assert poem_of(message)[1] == wrong
    free = await start(fake, bot, rules="free", place={"channel": 100, "user": THIRD})
    assert "tones" not in next_of(free)
    await write(fake, bot, free, "东东东东东", THIRD)
    assert poem_of(free) == ["东东东东东"]


async def test_lianju_writes_and_helps(fake, bot, clock):
    message = await start(fake, bot)
    payload = fake.press(message, button(message, "Let Lianju write"), user=SECOND)
    await bot.receive(payload)
    (offered,) = fake.exchange(payload).messages
    offers = re.findall(r"\*\*(\w{5})\*\*", texts_of(fake.exchange(payload)))
    assert len(offers) == 3
    picks = custom_ids(offered, "lianju:linked:1:pick")
    done = await press(fake, bot, offered, picks[1], user=SECOND)
    assert texts(done) == [english("linked-written", line=1)]
    assert texts(message)[1] == f"**1.** {offers[1]} · Lianju"
    clock.now += 60
    refused = await press(fake, bot, message, button(message, "Undo"), user=THIRD)
    assert refused["content"] == english("linked-undo-not-yours")
    payload = fake.press(message, button(message, "Ask for help"), user=THIRD)
    await bot.receive(payload)
    (ideas,) = fake.exchange(payload).messages
    uses = custom_ids(ideas, "lianju:linked:1:use")
    assert len(uses) == 3
    opened = await open_form(fake, bot, ideas, THIRD, uses[0])
    idea = opened.form["components"][0]["component"]["value"]
    await send(fake, bot, opened, idea, THIRD)
    assert texts(message)[1].split("\n")[1] == f"**2.** {idea} · <@{THIRD}>"
    assert poem_of(message) == [offers[1], idea]


async def test_skip_join_undo_and_finish(fake, bot, clock, store):
    message = await start(fake, bot, order="turns")
    refused = await open_form(fake, bot, message, SECOND)
    assert refused.messages[0]["content"] == english("linked-join-first")
    await press(fake, bot, message, button(message, "Join"), user=SECOND)
    assert f"<@{HOST}>, who has time until <t:{int(clock.now) + 3600}:t>" in next_of(message)
    await press(fake, bot, message, button(message, "Skip"), user=HOST)
    assert f"<@{SECOND}>" in next_of(message)
    line = fitting_line(message)
    await write(fake, bot, message, line, SECOND)
    assert poem_of(message) == [line]
    await press(fake, bot, message, button(message, "Undo"), user=SECOND)
    assert poem_of(message) == []
    assert f"<@{SECOND}>" in next_of(message)
    clock.now += 60
    await write(fake, bot, message, line, SECOND)
    stranger = await press(fake, bot, message, button(message, "Finish"), user=STRANGER)
    assert stranger["content"] == english("linked-finish-not-yours")
    asked = await press(fake, bot, message, button(message, "Finish"), user=SECOND)
    assert len(labels(message)) == 7  # nothing is finished yet
    done = await press(fake, bot, asked, button(asked, "Yes"), user=SECOND)
    assert texts(done) == [english("linked-finish-done")]
    assert labels(message) == {}  # one line is no verse to keep


async def test_punctuation_and_traditional_characters_are_read(fake, bot):
    message = await start(fake, bot, rules="free")
    await write(fake, bot, message, " 黃河、遠上天。", SECOND)
    assert poem_of(message) == ["黃河遠上天"]


async def test_an_idle_table_closes_and_is_kept(fake, bot, clock, tick, store):
    message = await start(fake, bot)
    line = fitting_line(message)
    await write(fake, bot, message, line, SECOND)
    clock.now += 86_399
    await tick()
    assert "Write a line" in labels(message).values()
    clock.now += 2
    await tick()
    assert english("linked-state", state="idle", lines=1) in texts(message)[2]
    assert labels(message) == {}
    assert (await store.linked.get(1)).texts == (line,)


async def test_the_first_line_may_be_given_or_lianjus(fake, bot, clock):
    message = await start(fake, bot, opening="lianju")
    (line,) = poem_of(message)
    assert "· Lianju" in texts(message)[1]
    clock.now += 60
    given = await start(fake, bot, line=line, order="turns", place={"channel": 100})
    assert texts(given)[1] == f"**1.** {line} · <@{HOST}>"
    clock.now += 60
    wrong = "".join(sorted(LEVEL, key=LEVEL.get, reverse=True)[:5])  # level tones alone
    data = slash("lianju start", form="jueju5", line=wrong)
    refused = await ask(fake, bot, data, channel=101)
    assert refused["content"].startswith("Your first line breaks a rule: 4th character ")


async def test_a_table_in_direct_messages_is_for_one(fake, bot, clock):
    message = await start(fake, bot, place={"guild": None})
    line = fitting_line(message)
    await write(fake, bot, message, line, HOST, guild=None)
    assert poem_of(message) == [line]


async def test_a_message_keeps_the_language_of_its_table(fake, bot):
    message = await start(fake, bot, place={"locale": "zh-TW"})
    assert texts(message)[0].startswith("### 聯句 · 五絕")
    custom_id = button(message, "寫一句")
    opened = await open_form(fake, bot, message, SECOND, custom_id)  # whose language is English
    assert opened.form["title"] == english("linked-modal", line=1)
    await send(fake, bot, opened, _chinese_line(message), SECOND)
    assert len(poem_of(message)) == 1
    assert texts(message)[0].startswith("### 聯句 · 五絕")


def _chinese_line(message):
    """A line for a message in Chinese."""
    pattern = re.search(r"平仄：(\w+)", next_of(message))[1]
    letters = iter(LEVEL)
    return "".join(
        next(each for each in letters if tone == "中" or LEVEL[each] == (tone == "平"))
        for tone in pattern
    )
