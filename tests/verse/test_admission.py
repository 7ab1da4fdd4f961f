"""The policy that shares the places of the queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.verse.errors import BusyError
from lianju.bot.verse.serving.admission import Admission


def fill(admission, group):
    """Takes as many places as a group can get, and returns how many, and why there were no more."""
    for held in range(1000):
        try:
            admission.acquire(group)
        except BusyError as refusal:
            return held, refusal.key
    raise AssertionError("no end of places")


@pytest.mark.parametrize(("places", "share"), [(1, 1), (2, 1), (3, 2), (64, 32)])
def test_one_group_gets_half_and_the_next_one_finds_a_place(places, share):
    admission = Admission(places)
    assert fill(admission, "greedy") == (share, "busy-group" if places > 1 else "busy-full")
    if places > 1:
        admission.acquire("next")


def test_many_greedy_groups_leave_a_place_for_another():
    admission = Admission(64)
    shares = [fill(admission, group)[0] for group in range(5)]
    assert shares == [32, 16, 8, 4, 2]
    admission.acquire("another")


def test_groups_that_take_turns_get_equal_shares():
    admission, shares = Admission(64), [0] * 7
    for _ in range(64):
        for group in range(7):
            try:
                admission.acquire(group)
            except BusyError:
                continue
            shares[group] += 1
    assert shares == [8] * 7


def test_clients_without_a_group_are_limited_by_the_places_alone():
    admission = Admission(5)
    assert fill(admission, None) == (5, "busy-full")
    with pytest.raises(BusyError) as refusal:
        admission.acquire("group")
    assert refusal.value.key == "busy-full"


def test_released_place_can_be_taken_again():
    admission = Admission(4)
    assert fill(admission, "a")[0] == 2
    admission.release("a")
    assert fill(admission, "a")[0] == 1


@given(st.integers(1, 9), st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=80))
def test_a_group_without_a_place_is_refused_only_when_all_are_taken(places, steps):
    admission, held = Admission(places), dict.fromkeys("abc", 0)
    for takes, group in steps:
        if takes:
            free = places - sum(held.values())
            if held[group] < free:
                admission.acquire(group)
                held[group] += 1
                continue
            with pytest.raises(BusyError) as refusal:
                admission.acquire(group)
            assert refusal.value.key == ("busy-group" if free else "busy-full")
        elif held[group]:
            admission.release(group)
            held[group] -= 1
