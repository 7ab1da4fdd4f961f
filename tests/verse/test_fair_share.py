"""The fair-share policy alone: names that stand for batches, and the costs of their steps."""

from collections import Counter

import pytest
from lianju.bot.verse.serving.fair_share import Demand, FairShare, step_cost


def demands(**classes_and_costs):
    return {name: Demand(*both) for name, both in classes_and_costs.items()}


def choices(policy, waiting, count):
    return [policy.choose(waiting) for _ in range(count)]


def test_a_single_class_takes_every_step():
    assert choices(FairShare(), demands(only=(3, 500)), 4) == ["only"] * 4


def test_the_lowest_class_goes_first():
    waiting = demands(wide=(2, 10), narrow=(0, 10), middle=(1, 10))
    assert FairShare().choose(waiting) == "narrow"


def test_a_higher_class_goes_when_its_credit_reaches_its_cost():
    waiting = demands(narrow=(0, 10), wide=(1, 30))
    expected = ["narrow", "narrow", "narrow", "wide"] * 2
    assert choices(FairShare(), waiting, 8) == expected


def test_an_expensive_step_of_the_lowest_class_gives_as_much_credit():
    waiting = demands(narrow=(0, 30), wide=(1, 30))
    assert choices(FairShare(), waiting, 4) == ["narrow", "wide"] * 2


def test_of_two_that_are_due_the_higher_class_goes_first():
    waiting = demands(narrow=(0, 20), middle=(1, 10), wide=(2, 10))
    assert choices(FairShare(), waiting, 3) == ["narrow", "wide", "middle"]


@pytest.mark.parametrize(
    "waiting",
    [
        demands(a=(0, 9), b=(1, 33)),
        demands(a=(0, 9), b=(1, 33), c=(3, 300)),
        demands(a=(1, 40), b=(2, 41), c=(3, 300)),
        demands(a=(0, 16), b=(1, 40), c=(2, 136), d=(3, 328)),
    ],
    ids=len,
)
def test_the_lowest_class_has_half_of_the_cost_and_the_others_equal_shares(waiting):
    taken = Counter()
    for name in choices(FairShare(), waiting, 5000):
        taken[name] += waiting[name].cost
    half = taken.pop("a")
    largest = max(demand.cost for demand in waiting.values())
    assert len(taken) == len(waiting) - 1
    for cost in taken.values():
        assert cost == pytest.approx(half / len(taken), abs=2 * largest)


def test_between_two_steps_of_a_higher_class_the_lowest_has_at_most_their_cost():
    waiting = demands(narrow=(0, 13), wide=(2, 100))
    given = 0
    for name in choices(FairShare(), waiting, 1000):
        if name == "wide":
            assert given <= 100 + 13
            given = 0
        else:
            given += 13


def test_batches_of_one_class_take_turns():
    waiting = demands(first=(0, 10), second=(0, 10), third=(0, 10))
    taken = Counter(choices(FairShare(), waiting, 300))
    assert set(taken) == {"first", "second", "third"}
    assert max(taken.values()) - min(taken.values()) <= 2


def test_credit_is_lost_when_it_is_forgotten():
    policy, both = FairShare(), demands(narrow=(0, 10), wide=(1, 30))
    choices(policy, both, 3)  # 30 of credit: the wide one is due
    policy.forget("wide")
    assert choices(policy, both, 4) == ["narrow"] * 3 + ["wide"]
    policy.forget("unknown")


def test_the_cost_of_a_step_grows_with_its_rows():
    assert step_cost(6) - step_cost(5) == 1
    assert step_cost(1) > 1  # a call has a cost of its own
