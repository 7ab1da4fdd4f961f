from contextlib import contextmanager

import pytest
from lianju.bot.rate_limit import REFUSED_S, SWEEP_AT, RateLimitError, RequestLimiter
from lianju.bot.verse import BusyError, NothingAllowedError, PromptError, RequestError


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wall_clock():
    return Clock()


@pytest.fixture
def limiter(clock, wall_clock):
    return RequestLimiter(clock, wall_clock)


def ask(limiter, user=7, guild=42, cooldown_s=5):
    with limiter.acquire(user, guild, cooldown_s):
        pass


@contextmanager
def on_cooldown():
    with pytest.raises(RateLimitError) as refusal:
        yield refusal
    assert refusal.value.key == "limit-cooldown"


@pytest.mark.parametrize("elsewhere", [42, 43, None])
def test_user_has_one_request_at_a_time_across_servers(elsewhere, limiter):
    with limiter.acquire(7, 42, 5):
        with pytest.raises(RateLimitError) as refusal:
            ask(limiter, guild=elsewhere)
        ask(limiter, user=8, guild=elsewhere)
    assert refusal.value.key == "limit-running"


def test_cooldown_starts_at_the_request(limiter, clock):
    with limiter.acquire(7, 42, 5):
        clock.now += 2
    with on_cooldown() as refusal:
        ask(limiter)
    assert refusal.value.facts == {"retry_at": "1000003"}
    assert "1000003" in str(refusal.value)
    clock.now += 3
    ask(limiter)


def test_user_is_told_a_time_at_which_it_works(limiter, clock, wall_clock):
    ask(limiter)
    clock.now += 0.25
    wall_clock.now = 2_000_000.5
    with on_cooldown() as refusal:
        ask(limiter)
    clock.now += int(refusal.value.facts["retry_at"]) - wall_clock.now
    ask(limiter)


@pytest.mark.parametrize("hours", [-1, 1])
def test_cooldown_does_not_follow_the_wall_clock(hours, limiter, clock, wall_clock):
    ask(limiter)
    wall_clock.now += hours * 3600
    clock.now += 4
    with on_cooldown() as refusal:
        ask(limiter)
    assert refusal.value.facts == {"retry_at": str(1_000_001 + hours * 3600)}
    clock.now += 1
    ask(limiter)


def test_cooldown_is_per_user_and_server(limiter):
    ask(limiter, 7, 42)
    ask(limiter, 7, 43)
    ask(limiter, 7, None)
    ask(limiter, 8, 42)
    for user, guild in ((7, 42), (7, 43), (7, None), (8, 42)):
        with on_cooldown():
            ask(limiter, user, guild)


def test_refused_request_does_not_lengthen_the_cooldown(limiter, clock):
    ask(limiter)
    clock.now += 4
    with on_cooldown():
        ask(limiter)
    clock.now += 1
    ask(limiter)


@pytest.mark.parametrize("error", [ZeroDivisionError(), BusyError("busy-full")])
def test_failed_request_ends_the_cooldown_at_once(error, limiter):
    with pytest.raises(type(error)), limiter.acquire(7, 42, 5):
        raise error
    ask(limiter)


@pytest.mark.parametrize("error", [PromptError, RequestError, NothingAllowedError])
@pytest.mark.parametrize(("cooldown_s", "waits_s"), [(3600, REFUSED_S), (1, 1)])
def test_refused_request_counts_for_a_short_time(error, cooldown_s, waits_s, limiter, clock):
    with pytest.raises(error), limiter.acquire(7, 42, cooldown_s):
        raise error("prompt-empty")
    clock.now += waits_s - 0.5
    with on_cooldown():
        ask(limiter, cooldown_s=cooldown_s)
    clock.now += 0.5
    ask(limiter, cooldown_s=cooldown_s)


@pytest.mark.parametrize("cooldown_s", [0, 3])
def test_changed_cooldown_applies_to_the_next_request(cooldown_s, limiter, clock):
    ask(limiter, cooldown_s=3600)
    clock.now += 3
    ask(limiter, cooldown_s=cooldown_s)


def test_no_cooldown_never_refuses(limiter):
    for _ in range(3):
        ask(limiter, cooldown_s=0)


def test_finished_cooldowns_are_removed(limiter, clock):
    for user in range(20 * SWEEP_AT):
        ask(limiter, user, cooldown_s=1)
        clock.now += 0.01
    assert len(limiter) <= SWEEP_AT
    with on_cooldown():
        ask(limiter, user, cooldown_s=1)


def test_unfinished_cooldowns_are_never_removed(limiter):
    for user in range(3 * SWEEP_AT):
        ask(limiter, user)
    for user in range(3 * SWEEP_AT):
        with on_cooldown():
            ask(limiter, user)
