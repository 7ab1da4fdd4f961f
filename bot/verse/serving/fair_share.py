"""The fair-share policy: which priority class takes the next step of the model."""

import bisect
from collections.abc import Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Demand", "FairShare", "priority_class_of", "step_cost"]

# The largest number of rows of the searches of one client in each class but the last.
PRIORITY_CLASS_ROWS = (8, 32, 128)
CALL_COST = 8  # of a step beside its rows, in rows

Key = TypeVar("Key", bound=Hashable)


def priority_class_of(rows: int) -> int:
    """Returns the priority class of a client's searches by their rows; 0 has the fewest rows."""
    return bisect.bisect_left(PRIORITY_CLASS_ROWS, rows)


def step_cost(rows: int) -> int:
    """Returns the cost of a step, in rows."""
    return CALL_COST + rows


class Demand(NamedTuple):
    """What waits for the next step.

    Attributes:
        priority_class: Of its searches.
        cost: Of its next step, in rows.
    """

    priority_class: int
    cost: int


class FairShare(Generic[Key]):
    """Gives half of the steps' cost to the lowest priority class, and the rest to the others.

    The other classes share their half equally. Each has a credit, which grows by its share of the
    cost of every step of the lowest class; when it reaches the cost of the next step, that step is
    taken. So a step of the lowest class waits for one step of the others at a time, and takes at
    most twice as long as without them, while the others always go on. What a class does not use is
    left to the rest.
    """

    def __init__(self) -> None:
        self._credit: dict[Key, float] = {}  # in rows

    def choose(self, demands: Mapping[Key, Demand]) -> Key:
        """Returns the one that takes the next step; ties go to the first.

        Args:
            demands: All that wait, at least one.
        """
        credit = self._credit
        for key in demands:
            credit.setdefault(key, 0.0)
        due = [key for key, demand in demands.items() if credit[key] >= demand.cost]
        if due:
            chosen = max(due, key=lambda key: (demands[key].priority_class, credit[key]))
        else:
            chosen = min(demands, key=lambda key: demands[key].priority_class)
        cost = demands[chosen].cost
        lowest = min(demand.priority_class for demand in demands.values())
        if demands[chosen].priority_class == lowest:
            others = sum(demand.priority_class > lowest for demand in demands.values())
            for key, demand in demands.items():
                if key != chosen:
                    credit[key] += cost / (others if demand.priority_class > lowest else 1)
        credit[chosen] = max(0.0, credit[chosen] - cost)
        return chosen

    def forget(self, key: Key) -> None:
        """Drops the credit of one that will not wait again."""
        self._credit.pop(key, None)
