"""Memory that nobody uses goes back to the system, where the C library would keep it."""

import ctypes
import sys

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Gives what has been freed back to the system, most of which glibc would keep.

    After many wide searches at once that is more than all the rest of the process. With another C
    library nothing is done.
    """
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return
    trim(0)
