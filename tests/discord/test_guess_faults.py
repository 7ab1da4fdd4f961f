"""`/guess` where Discord, the store or the process fails, or a press comes late."""

import asyncio

from lianju.bot.cogs import guess
from lianju.bot.cogs.guess_rounds import GIVE_UP_AFTER_S, RETRY_AFTER_S
from lianju.bot.rounds import ROUND_S, GuessScore
from lianju.bot.store import StoreError
from lianju.bot.ui import replies

from .commands import button, english, press
from .guesses import (
    EASY,
    HOST,
    begin,
    end,
    poets_button,
    refusal,
)
from .guesses import bundle as bundle
from .guesses import poems as poems
from .guesses import timers as timers
from .interactions import texts


async def test_a_guess_after_the_time_shows_the_result_and_does_not_count(
    fake, bot, clock, timers, store
):
    message = await begin(fake, bot, clock)
    clock.now += ROUND_S + 1
    shown = await press(fake, bot, message, poets_button(message), user=1)
    assert texts(shown)[3] == english("guess-nobody")
    assert await store.guesses.score(42, 1) is None


async def test_a_press_that_is_handled_after_the_result_leaves_it_and_is_told_in_private(
    fake, bot, clock, timers
):
    message = await begin(fake, bot, clock)
    chosen = poets_button(message)
    await press(fake, bot, message, chosen, user=1)
    late = [fake.press(message, each, user=HOST) for each in (chosen, button(message, "End"))]
    await timers.run_out()
    for payload in late:
        assert await refusal(fake, bot, payload) == english("guess-over-before")
    assert "<@1> (1 of 1)" in texts(message)[3]


async def test_the_result_is_not_shown_in_a_private_answer_that_was_deferred(
    fake, bot, clock, timers, store, monkeypatch
):
    message = await begin(fake, bot, clock)
    chosen = poets_button(message)
    await press(fake, bot, message, chosen, user=1)
    payload, choose = fake.press(message, chosen, user=2), store.guesses.choose

    async def choose_late(*args):
        await fake.exchange(payload).until(lambda: fake.exchange(payload).acknowledged)
        return await choose(*args)

    monkeypatch.setattr(store.guesses, "choose", choose_late)
    monkeypatch.setattr(replies, "DEFER_AFTER_S", 0)
    clock.now += ROUND_S + 1
    assert await refusal(fake, bot, payload) == english("guess-over-before")
    assert "<@1> (1 of 1)" in texts(message)[3]


async def test_the_result_is_shown_in_its_message_even_if_the_database_is_slow(
    fake, bot, clock, timers, store, monkeypatch
):
    message = await begin(fake, bot, clock)
    chosen = poets_button(message)
    await press(fake, bot, message, chosen, user=1)
    payload, end = fake.press(message, chosen, user=2), store.guesses.end

    async def end_late(*args):
        await fake.exchange(payload).until(lambda: fake.exchange(payload).acknowledged)
        return await end(*args)

    monkeypatch.setattr(store.guesses, "end", end_late)
    monkeypatch.setattr(replies, "DEFER_AFTER_S", 0.3)
    clock.now += ROUND_S + 1
    await bot.receive(payload)
    assert fake.exchange(payload).messages == []  # none of its own
    assert "<@1> (1 of 1)" in texts(message)[3]


async def test_the_next_press_shows_the_result_where_the_bot_may_not_edit(
    fake, bot, clock, timers, store
):
    message = await begin(fake, bot, clock)
    chosen = poets_button(message)
    await press(fake, bot, message, chosen, user=1)
    (asked,) = await store.guesses.unfinished()
    fake.hidden_channels.add("99")
    await bot.get_cog("Lianju guess")._ends.finish(asked)  # as after a restart
    await press(fake, bot, message, chosen, user=2)
    assert "<@1> (1 of 1)" in texts(message)[3]
    assert await store.guesses.unfinished() == []


async def test_a_round_whose_message_could_not_be_noted_ends_in_time_all_the_same(
    fake, bot, clock, timers, store, monkeypatch
):
    async def fails(*_):
        raise StoreError("store-failed")

    monkeypatch.setattr(store.guesses, "set_message", fails)
    payload = fake.interaction(EASY)
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    await press(fake, bot, message, poets_button(message), user=1)
    await timers.run_out()
    assert "<@1> (1 of 1)" in texts(message)[3]


async def test_a_round_that_discord_shows_though_it_reported_a_fault_counts_its_guesses(
    fake, bot, clock, timers, store, monkeypatch
):
    payload, respond = fake.interaction(EASY), guess.respond

    async def shows_and_fails(*arguments, **options):
        monkeypatch.setattr(guess, "respond", respond)
        await respond(*arguments, **options)
        (message,) = fake.exchange(payload).messages
        await press(fake, bot, message, poets_button(message), user=1)
        raise ConnectionError

    monkeypatch.setattr(guess, "respond", shows_and_fails)
    await bot.receive(payload)
    await timers.run_out()
    assert await store.guesses.score(42, 1) == GuessScore(1, 1, 1, 1, 1)


async def test_a_result_that_could_not_be_noted_is_answered_once(
    fake, bot, clock, timers, store, monkeypatch
):
    async def fails(*_):
        raise StoreError("store-failed")

    message = await begin(fake, bot, clock)
    await press(fake, bot, message, poets_button(message), user=1)
    with monkeypatch.context() as failing:
        failing.setattr(store.guesses, "set_shown", fails)
        result = await end(fake, bot, message)
    assert "<@1> (1 of 1)" in texts(result)[3]
    await timers.run_out()
    assert await store.guesses.unfinished() == []


async def test_deleted_messages_and_lost_rounds_are_told_in_a_sentence(
    fake, bot, clock, timers, store, resources
):
    message = await begin(fake, bot, clock)
    chosen = poets_button(message)
    await store.guesses.abandon(int(chosen.split(":")[3]))
    for custom_id in (chosen, button(message, "End")):
        sentence = await refusal(fake, bot, fake.press(message, custom_id))
        assert sentence == english("guess-gone", slash="/")
    gone = await begin(fake, bot, clock)
    fake.delete(gone)
    await timers.run_out()
    assert resources.failures.total() == 0


async def test_result_that_discord_refused_is_shown_later(
    fake, bot, clock, timers, resources, store
):
    message = await begin(fake, bot, clock)
    await press(fake, bot, message, poets_button(message), user=1)
    fake.failures["@original"] = [400, 400]
    await timers.run_out()
    assert timers.waits == [ROUND_S, *RETRY_AFTER_S[:2]]
    assert resources.failures == {"end of a round": 2}
    assert "<@1> (1 of 1)" in texts(message)[3]
    assert await store.guesses.unfinished() == []


async def test_result_is_shown_by_the_bot_once_the_interaction_has_expired(
    fake, bot, clock, timers, resources
):
    message = await begin(fake, bot, clock)
    await press(fake, bot, message, poets_button(message), user=1)
    clock.now += 16 * 60
    fake.failures["@original"] = [401] * 9
    await timers.run_out()
    assert "<@1> (1 of 1)" in texts(message)[3]
    assert resources.failures == {}


async def test_guesses_whose_result_cannot_be_shown_for_a_day_are_deleted(
    fake, bot, clock, timers, store, resources
):
    message = await begin(fake, bot, clock)
    await press(fake, bot, message, poets_button(message), user=1)
    fake.hidden_channels.add("99")
    clock.now += GIVE_UP_AFTER_S
    await timers.run_until(RETRY_AFTER_S[-1])
    (asked,) = await store.guesses.unfinished()
    assert (await store.guesses.end(asked.id)).choices
    clock.now += ROUND_S
    await bot.get_cog("Lianju guess")._ends.finish(asked)
    assert (await store.guesses.end(asked.id)).choices == {}
    assert (await store.guesses.score(42, 1)).hits == 1
    assert resources.failures == {}


async def test_result_that_discord_refused_is_shown_after_a_restart_or_a_press(
    fake, bot, clock, timers, resources, store
):
    ends = bot.get_cog("Lianju guess")._ends
    for number, way in enumerate(("restart", "press"), 1):
        message = await begin(fake, bot, clock)
        await press(fake, bot, message, poets_button(message), user=1)
        fake.failures["@original"] = [400]
        await timers.run_until(RETRY_AFTER_S[0])
        assert resources.failures == {"end of a round": number}
        (asked,) = await store.guesses.unfinished()
        assert asked.message_id == int(message["id"])
        if way == "restart":
            (waiting,) = ends._timers.values()
            ends.cancel()
            await asyncio.wait([waiting])
            await ends.resume()
            await timers.run_out()
        else:
            await press(fake, bot, message, poets_button(message), user=2)
        assert "<@1>" in texts(message)[3]
        assert "(1 of 1)" in texts(message)[3]
        assert await store.guesses.unfinished() == []
