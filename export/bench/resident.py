"""Answers many requests as `lianju serve` would, and prints, as JSON, what memory it then holds.

A process of its own, without torch: `python -m lianju.export.bench.resident JSON`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from lianju.bot.verse.composer import open_composer
from lianju.bot.verse.serving.scheduler import IDLE_S

from .company import answer_all
from .mixture import mix
from .prompts import draw_prompts


def main() -> None:
    """Runs with the wishes of `sys.argv[1]`: bundle, provider, threads, line, requests."""
    wishes = json.loads(sys.argv[1])
    composer = open_composer(Path(wishes["bundle"]), wishes["provider"], wishes["threads"])
    before = resident_bytes()
    prompts = draw_prompts(composer, wishes["line"], wishes["prompts"])
    asyncio.run(answer_all(composer, mix(composer, prompts, wishes["requests"])))
    time.sleep(2 * IDLE_S)  # then what only steps need has been given back
    after = resident_bytes()
    composer.close()
    print(json.dumps({"opened_bytes": before, "resident_bytes": after}))


def resident_bytes() -> int:
    """What of this process lies in memory, on Linux."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
