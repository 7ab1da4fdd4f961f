"""The admission policy: who gets the places of a bounded queue."""

from collections import Counter
from collections.abc import Hashable

from ..errors import BusyError

__all__ = ["Admission"]


class Admission:
    """Shares the places of a queue among groups of clients, such as servers.

    A group gets another place only while it has fewer than are free. So one group alone gets half
    of the places, two get a third each, and whoever comes next always finds one: dynamic
    thresholds, by Choudhury and Hahne (1998), with the factor 1. Clients without a group are
    limited by the number of places only.

    Args:
        places: How many there are.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._held: Counter[Hashable | None] = Counter()

    def acquire(self, group: Hashable | None) -> None:
        """Takes a place for a client of a group, or of none.

        Raises:
            BusyError: There is no place for it.
        """
        free = self._places - self._held.total()
        if free <= 0:
            raise BusyError("busy-full")
        if group is not None and self._held[group] >= free:
            raise BusyError("busy-group")
        self._held[group] += 1

    def release(self, group: Hashable | None) -> None:
        """Gives a place back."""
        self._held[group] -= 1
        if not self._held[group]:
            del self._held[group]
