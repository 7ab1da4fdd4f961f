"""How often one address may ask."""

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from .errors import WebError

__all__ = ["WINDOW_S", "AddressLimit"]

WINDOW_S = 60.0
MAX_ADDRESSES = 65_536  # that are remembered
IPV6_PREFIX = 64  # bits: what one connection to the internet usually has


class AddressLimit:
    """Admits a number of requests of one address within any `WINDOW_S`.

    Args:
        most: How many requests; 0 admits all.
        clock: Returns monotonic seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._admitted: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """Returns how many addresses are remembered."""
        return len(self._admitted)

    def admit(self, address: str | None) -> None:
        """Counts a request.

        Args:
            address: Who asks; IPv6 addresses of one network count as one, and so do requests
                without an address.

        Raises:
            WebError: The address has to wait; the fact `seconds` says how long.
        """
        if not self._most:
            return
        now, key = self._clock(), _network(address)
        times = self._admitted.setdefault(key, deque(maxlen=self._most))
        self._admitted.move_to_end(key)
        if len(times) == self._most and times[0] + WINDOW_S > now:
            raise WebError(429, "web-limit", seconds=math.ceil(times[0] + WINDOW_S - now))
        times.append(now)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Forgets addresses that need not wait any more, and beyond the limit the oldest."""
        while len(self._admitted) > 1:
            times = next(iter(self._admitted.values()))
            if len(self._admitted) <= MAX_ADDRESSES and times[-1] + WINDOW_S > now:
                return
            self._admitted.popitem(last=False)


def _network(address: str | None) -> str:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:  # a Unix socket has none
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
