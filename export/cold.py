"""Runs a command and prints, as JSON, how many seconds it took and how much memory at its peak.

A process of its own: a child counts its parent's memory from before its start, so the parent that
measures must be a small one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time


def main() -> int:
    """Runs `sys.argv[1:]`; returns its exit status."""
    started = time.perf_counter()
    status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode  # noqa: S603 - the caller's own command
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak_bytes": _peak_bytes()}))
    return status


def _peak_bytes() -> int | None:
    """Returns the largest resident size of a child, where the system tells."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


if __name__ == "__main__":
    sys.exit(main())
