import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.web import address_limit
from lianju.bot.web.address_limit import WINDOW_S, AddressLimit
from lianju.bot.web.errors import WebError

ADDRESS = "192.0.2.1"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def is_admitted(limit, address):
    try:
        limit.admit(address)
    except WebError:
        return False
    return True


@given(
    most=st.integers(1, 4),
    steps=st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab")), max_size=40),
)
def test_no_window_has_more_than_the_limit_and_nobody_waits_without_need(most, steps):
    clock, admitted = Clock(), []
    limit = AddressLimit(most, clock)
    for seconds, last in steps:
        clock.now += seconds
        address = f"192.0.2.{ord(last)}"
        recent = [at for at, who in admitted if who == address and clock.now - at < WINDOW_S]
        allowed = is_admitted(limit, address)
        assert allowed is (len(recent) < most)
        if allowed:
            admitted.append((clock.now, address))


def test_the_error_says_how_long_to_wait(clock):
    limit = AddressLimit(1, clock)
    limit.admit(ADDRESS)
    clock.now = 0.5
    with pytest.raises(WebError) as refused:
        limit.admit(ADDRESS)
    assert (refused.value.status, refused.value.key) == (429, "web-limit")
    clock.now += refused.value.facts["seconds"]
    limit.admit(ADDRESS)


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        (None, None, True),
        (None, "192.0.2.1", False),
    ],
)
def test_what_counts_as_one_address(clock, one, other, are_same):
    limit = AddressLimit(1, clock)
    limit.admit(one)
    assert is_admitted(limit, other) is not are_same


def test_no_limit(clock):
    limit = AddressLimit(0, clock)
    assert all(is_admitted(limit, ADDRESS) for _ in range(1000))
    assert len(limit) == 0


def test_addresses_are_forgotten_after_the_window(clock):
    limit = AddressLimit(1, clock)
    for last in range(10):
        limit.admit(f"192.0.2.{last}")
    assert len(limit) == 10
    clock.now = WINDOW_S
    limit.admit(ADDRESS)
    assert len(limit) == 1


def test_only_the_latest_addresses_are_remembered(clock, monkeypatch):
    monkeypatch.setattr(address_limit, "MAX_ADDRESSES", 2)
    limit = AddressLimit(1, clock)
    for last in range(10):
        limit.admit(f"192.0.2.{last}")
    assert len(limit) == 2
    assert not is_admitted(limit, "192.0.2.9")
