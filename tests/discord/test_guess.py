"""`/guess` through a real command tree: rounds, their end in time or early, restarts, the board."""

import asyncio
import json
import logging
import random
import re
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.cogs import FEATURES
from lianju.bot.cogs.housekeeping import Housekeeping
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.rounds import ROUND_S
from lianju.bot.settings import Settings
from lianju.bot.verse import to_traditional

from .bots import OtherBot
from .bundle_with_prosody import READINGS
from .commands import ask, button, english, press
from .guesses import (
    BOARD,
    EASY,
    HARD,
    HOST,
    MEMBERS,
    MODERATOR,
    POEMS,
    Timers,
    begin,
    end,
    first_line,
    is_level,
    options,
    poets_button,
    refusal,
)
from .guesses import bundle as bundle
from .guesses import poems as poems
from .guesses import timers as timers
from .interactions import custom_ids, labels, slash, texts
from .process import serving


async def test_options_sound_like_the_poets_line_and_none_is_a_known_one(
    fake, bot, clock, timers, engine
):
    known = await engine.anthology()
    letters = set()
    for _ in range(12):
        message = await begin(fake, bot, clock)
        lines = [*options(message).values()]
        assert len(lines) == len({*lines}) == 4
        (poem,) = (poem for poem in POEMS if poem.lines[0] == first_line(message))
        assert [line for line in lines if known.has_line(line)] == [poem.lines[1]]
        for line in lines:
            assert len(line) == 7
            assert READINGS[line[-1]] == READINGS[poem.lines[1][-1]]
            for place in (1, 3, 5, 6):
                assert is_level(line[place]) == is_level(poem.lines[1][place])
        letters.add(lines.index(poem.lines[1]))
        await end(fake, bot, message)
    assert len(letters) > 1  # shuffled
    assert timers.waits == [ROUND_S] * 12


async def test_fifty_rounds_are_counted_and_no_poem_comes_twice(fake, bot, clock, timers, store):
    rng, seen = random.Random(9), set()  # noqa: S311
    hits = {user: [] for user in MEMBERS}
    for number in range(50):
        message = await begin(fake, bot, clock, EASY if number % 2 else HARD, user=HOST)
        assert first_line(message) not in seen
        seen.add(first_line(message))
        is_famous = [poem.lines[0] for poem in POEMS].index(first_line(message)) < 80
        assert is_famous == bool(number % 2)
        poets, buttons = poets_button(message), [*options(message)]
        guessing = [user for user in MEMBERS if rng.random() < 0.8]
        for user in guessing:
            chosen = [rng.choice([poets, *buttons]) for _ in range(rng.choice((1, 1, 2)))]
            for each in chosen:
                note = await press(fake, bot, message, each, user=user)
                letter = labels(message)[each][0]
                assert f"**{letter}**" in texts(note)[0]
            hits[user].append(chosen[-1] == poets)
        result = await end(fake, bot, message)
        right = [user for user in guessing if hits[user][-1]]
        who = texts(result)[3]
        assert re.findall(r"<@(\d+)>", who) == [str(user) for user in right]
        assert custom_ids(result) == [f"lianju:guess-again:1:{'easy' if number % 2 else 'hard'}"]
    clock.now += 60
    board = await ask(fake, bot, slash(BOARD), private=False)
    best = sorted(MEMBERS, key=lambda user: (-sum(hits[user]) / len(hits[user]), -sum(hits[user])))
    rows = texts(board)[1].split("\n")
    assert [re.search(r"<@(\d+)>", row)[1] for row in rows] == [str(user) for user in best]
    for user, row in zip(best, rows, strict=True):
        count, total = sum(hits[user]), len(hits[user])
        streak = total - ([i for i, hit in enumerate(hits[user], 1) if not hit] or [0])[-1]
        assert f"{count} of {total} right ({round(100 * count / total)} %)" in row
        assert f"streak {streak}," in row
    total = sum(map(len, hits.values()))
    fooled = total - sum(map(sum, hits.values()))
    about = await ask(fake, bot, slash("about"))
    share = f"in {round(100 * fooled / total)} % of {total} guesses"
    assert share in texts(about)[2]
    # What a member did is deleted; the figure, which names nobody, stays.
    for user in MEMBERS:
        await store.delete_user(user, clock.now + 1e9)
    board = await ask(fake, bot, slash(BOARD), private=False)
    assert texts(board)[1] == english("guess-board-none", slash="/")
    assert share in texts(await ask(fake, bot, slash("about")))[2]


async def test_round_ends_in_time_by_itself(fake, bot, clock, timers, resources):
    message = await begin(fake, bot, clock)
    right, *wrong = sorted(options(message), key=poets_button(message).__ne__)
    await press(fake, bot, message, wrong[0], user=1)
    await press(fake, bot, message, right, user=2)
    assert timers.waits == [ROUND_S]
    await timers.run_out()
    assert "<@2>" in texts(message)[3]
    assert "<@1>" not in texts(message)[3]
    assert "(1 of 2)" in texts(message)[3]
    assert message["allowed_mentions"]["parse"] == []
    (poem,) = (poem for poem in POEMS if poem.lines[0] == first_line(message))
    title = f"**{poem.title}** · {poem.poet}"
    assert texts(message)[4].split("\n")[:2] == [title, "，".join(poem.lines[:2])]
    assert resources.failures.total() == 0


async def test_restart_in_the_middle_loses_nothing_and_the_round_ends(
    fake, bot, clock, timers, engine, store, resources
):
    message = await begin(fake, bot, clock)
    right, *wrong = sorted(options(message), key=poets_button(message).__ne__)
    await press(fake, bot, message, right, user=1)
    await bot.close()
    again = Resources(Settings(), engine, store, RequestLimiter(clock, clock), clock)
    async with OtherBot() as second:
        await second.login(fake.token)
        again.client = second
        for cog in FEATURES:
            await second.add_cog(cog(again))
            second.add_dynamic_items(*cog.items)
        later = Timers(second)
        clock.now += 10
        await second.get_cog("Lianju guess").resume()
        await second.get_cog("Lianju guess").resume()  # the gateway may be ready twice
        await press(fake, second, message, right, user=2)
        await press(fake, second, message, wrong[1], user=3)
        assert later.waits == [ROUND_S - 10]
        await later.run_out()
        assert "<@1> <@2>" in texts(message)[3]
        assert "(2 of 3)" in texts(message)[3]
        assert again.failures.total() == 0
    assert await store.guesses.unfinished() == []


async def test_round_of_a_process_that_was_killed_ends_when_it_is_back(fake, settings, tmp_path):
    edits = "/channels/99/messages/"
    fake.gates[edits] = asyncio.Event()
    fake.gates[edits].set()
    async with serving(**settings) as served:
        await served.online(fake.ready)
        message = await (await fake.send(fake.interaction(EASY))).answered()
        pressed = await fake.send(fake.press(message, poets_button(message), user=1))
        await pressed.answered()
        served.kill()
        await served.ended()
    (database,) = tmp_path.glob("*.sqlite3")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE guess_round SET ends_at = ends_at - 60")
    fake.ready.clear()
    async with serving(**settings) as served:
        await served.online(fake.ready)
        await served.online(fake.reached[edits])  # or fails if it ends before
        ended = await served.stop()
    assert ended.status == 0
    assert "<@1> (1 of 1)" in texts(message)[3]
    assert fake.refusals == []


async def test_only_the_host_and_moderators_end_a_round_early(fake, bot, clock, timers):
    for who in ({"user": HOST}, {"user": 5, "permissions": MODERATOR}):
        message = await begin(fake, bot, clock, user=HOST)
        ending = button(message, "End")
        assert await refusal(fake, bot, fake.press(message, ending, user=4)) == english(
            "guess-not-host"
        )
        assert "guess-again" in custom_ids(await press(fake, bot, message, ending, **who))[0]


async def test_of_two_that_begin_at_the_same_moment_one_does(fake, bot, clock, timers):
    payloads = [fake.interaction(EASY, user=user) for user in (1, 2)]
    await asyncio.gather(*map(bot.receive, payloads))
    messages = [fake.exchange(payload).messages for payload in payloads]
    (refused,) = (each for (each,) in messages if each["content"])
    assert refused["flags"] & 64
    assert "running in this channel" in refused["content"]
    # Elsewhere another round can begin; one that was forgotten by the bot is no obstacle.
    assert options(await ask(fake, bot, EASY, private=False, user=3, channel=98))
    clock.now += ROUND_S + 1
    assert options(await ask(fake, bot, EASY, private=False, user=4))


async def test_members_who_begin_too_often_are_told_to_wait(fake, bot, clock, timers):
    message = await ask(fake, bot, EASY, private=False)
    result = await end(fake, bot, message)
    again = custom_ids(result)[0]
    assert "again <t:" in await refusal(fake, bot, fake.press(result, again, user=HOST))
    clock.now += 60
    payload = fake.press(result, again, user=HOST)
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert options(message)


async def test_alone_in_a_direct_message_the_choice_ends_the_round(fake, bot, clock, timers):
    private = {"guild": None, "channel": 500, "user": 9}
    board = await ask(fake, bot, slash(BOARD), private=False, **private)
    assert texts(board)[1] == english("guess-board-alone", slash="/")
    message = await begin(fake, bot, clock, **private)
    assert len(custom_ids(message)) == 4
    result = await press(fake, bot, message, poets_button(message), **private)
    assert "(1 of 1)" in texts(result)[3]
    board = await ask(fake, bot, slash(BOARD), private=False, **private)
    assert "1 of 1 right (100 %)" in texts(board)[1]


@pytest.mark.parametrize("poems", [(), POEMS[:2]])
async def test_too_few_poems_are_told_in_a_sentence(poems, fake, bot, clock, timers):
    for number in range(3):
        payload = fake.interaction(EASY, user=number + 1)
        await bot.receive(payload)
        (message,) = fake.exchange(payload).messages
        if not (number == 0 and poems):
            key = "guess-no-poem" if poems else "guess-no-anthology"
            assert message["content"] == english(key)
            assert message["flags"] & 64
        else:
            await end(fake, bot, message, user=1)


async def test_rounds_are_in_the_script_and_the_language_of_the_server(
    fake, bot, clock, timers, store
):
    message = await begin(fake, bot, clock, locale="zh-TW")
    (poem,) = (p for p in POEMS if to_traditional(p.lines[0]) == first_line(message))
    assert to_traditional(poem.lines[1]) in options(message).values()
    assert texts(message)[0] == "### 詩人還是機器？"
    await timers.run_out()
    assert texts(message)[0] == "### 詩人還是機器？"
    assert to_traditional(poem.lines[3]) in texts(message)[4]


async def test_other_places_and_unknown_options_are_refused(fake, bot, clock, store, timers):
    await store.guild_settings.change(42, channels=frozenset({5}))
    sentence = await refusal(fake, bot, fake.interaction(EASY))
    assert "<#5>" in sentence
    odd = slash("guess start", difficulty="impossible")
    sentence = await refusal(fake, bot, fake.interaction(odd, channel=5))
    assert "impossible" in sentence


async def test_log_names_neither_lines_nor_members(fake, bot, clock, timers, caplog):
    caplog.set_level(logging.INFO)
    message = await begin(fake, bot, clock, user=271828)
    await press(fake, bot, message, poets_button(message), user=314159)
    await end(fake, bot, message, user=271828)
    assert "command=guess start" in caplog.text
    assert "271828" not in caplog.text
    assert "314159" not in caplog.text
    assert first_line(message) not in caplog.text


async def test_members_scores_are_exported_and_shown_as_deleted(
    fake, bot, clock, timers, resources
):
    housekeeping = Housekeeping(bot, resources, [])
    assert await housekeeping.export_user(1) == {}
    message = await begin(fake, bot, clock)
    await press(fake, bot, message, poets_button(message), user=1)
    await end(fake, bot, message)
    message = await begin(fake, bot, clock, guild=None, channel=500, user=1)
    wrong = next(key for key in options(message) if key != poets_button(message))
    await press(fake, bot, message, wrong, guild=None, channel=500, user=1)
    ((name, content),) = (await housekeeping.export_user(1)).items()
    assert name == "lianju-guesses.json"
    assert [[*row.values()] for row in json.loads(content)["guesses"]] == [
        [None, 1, 0, 0, 0],
        ["42", 1, 1, 1, 1],
    ]
    shown = await ask(fake, bot, slash("privacy"), user=1)
    asked = await press(fake, bot, shown, "lianju:forget:1:1:ask", user=1)
    deleted = await press(fake, bot, asked, "lianju:forget:1:1:delete", user=1)
    assert texts(deleted)[1] == f"- {english('privacy-deleted-guesses', count=2, slash='/')}"
    assert await housekeeping.export_user(1) == {}


async def test_board_has_pages(fake, bot, clock, store, timers):
    message = await begin(fake, bot, clock)
    for user in range(1, 26):
        await press(fake, bot, message, [*options(message)][user % 4], user=user)
    await end(fake, bot, message)
    board = await ask(fake, bot, slash(BOARD), private=False)
    assert len(texts(board)[1].split("\n")) == 10
    turned = await press(fake, bot, board, "lianju:guess-board:1:77:1", user=HOST)
    assert texts(turned)[1].startswith("**11.**")
    await press(fake, bot, board, "lianju:guess-board:1:77:2", user=5)  # in private, to another
