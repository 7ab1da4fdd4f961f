import pytest
from lianju.bot.rate_limit import SWEEP_AT, CooldownError, RequestLimiter, StillRunningError


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(clock):
    return RequestLimiter(clock)


def ask(desk, user=7, guild=42, cooldown_s=5):
    with desk.seat(user, guild, cooldown_s):
        pass


@pytest.mark.parametrize("elsewhere", [42, 43, None])
def test_one_request_a_user_runs_wherever_they_ask(elsewhere, desk):
    with desk.seat(7, 42, 5):
        with pytest.raises(StillRunningError) as refusal:
            ask(desk, guild=elsewhere)
        ask(desk, user=8, guild=elsewhere)
    assert refusal.value.key == "desk-running"


def test_cooldown_counts_from_the_request(desk, clock):
    with desk.seat(7, 42, 5):
        clock.now += 2
    with pytest.raises(CooldownError) as refusal:
        ask(desk)
    assert refusal.value.retry_at == 1_000_005
    assert refusal.value.key == "desk-cooldown"
    assert "1000005" in str(refusal.value)
    clock.now += 3
    ask(desk)


def test_user_is_told_a_time_at_which_it_works(desk, clock):
    clock.now += 0.5
    ask(desk)
    with pytest.raises(CooldownError) as refusal:
        ask(desk)
    clock.now = refusal.value.retry_at
    ask(desk)


def test_cooldowns_are_of_one_user_in_one_server(desk):
    ask(desk, 7, 42)
    ask(desk, 7, 43)
    ask(desk, 7, None)
    ask(desk, 8, 42)
    for user, guild in ((7, 42), (7, 43), (7, None), (8, 42)):
        with pytest.raises(CooldownError):
            ask(desk, user, guild)


def test_refused_request_does_not_lengthen_the_cooldown(desk, clock):
    ask(desk)
    clock.now += 4
    with pytest.raises(CooldownError):
        ask(desk)
    clock.now += 1
    ask(desk)


def test_failure_gives_the_seat_back_at_once(desk):
    with pytest.raises(ZeroDivisionError), desk.seat(7, 42, 5):
        raise ZeroDivisionError
    ask(desk)


@pytest.mark.parametrize("cooldown_s", [0, 3])
def test_changed_cooldown_holds_from_the_next_request_on(cooldown_s, desk, clock):
    ask(desk, cooldown_s=3600)
    clock.now += 3
    ask(desk, cooldown_s=cooldown_s)


def test_no_cooldown_never_refuses(desk):
    for _ in range(3):
        ask(desk, cooldown_s=0)


def test_finished_cooldowns_are_forgotten(desk, clock):
    for user in range(20 * SWEEP_AT):
        ask(desk, user, cooldown_s=1)
        clock.now += 0.01
    assert len(desk) <= SWEEP_AT
    with pytest.raises(CooldownError):
        ask(desk, user, cooldown_s=1)


def test_unfinished_cooldowns_are_kept_however_many(desk):
    for user in range(3 * SWEEP_AT):
        ask(desk, user)
    for user in range(3 * SWEEP_AT):
        with pytest.raises(CooldownError):
            ask(desk, user)
