"""Runs a real `lianju serve` through faults: `python -m tests.campaign --minutes 20 --seed 1`.

Members of a fake Discord ask, keep verses, play linked verse and `/guess`, have pictures drawn,
delete their data and write odd texts, while requests fail, the gateway drops, bundles are damaged,
the clock jumps, the database is locked, the disk is full, and the process is stopped or killed and
started again. What happens depends on the seed and the number of each event; how events overlap
depends on the machine as well.

Checked all the time: every interaction is acknowledged within 3 s and answered once; no
acknowledged favorite is lost or doubled; an acknowledged line of a poem is in its place, and no
turn has two; each guess is counted once; nothing of a forgotten member is stored; the log has no
traceback, no token and nothing that users wrote; memory is bounded; the event loop is never blocked
for 100 ms. Time in which other processes had the processor does not count.

It prints a table, writes a file for each fault, and its exit status is 1 if there was any. The full
disk needs the permission to mount one. The clock that jumps is Python's `time.time`.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from ..discord.bundle_with_prosody import made_up_poems, write_bundle_with_prosody
from ..verse.toy import PROMPTS
from .campaign import Campaign
from .faulty_discord import FaultyDiscord
from .machine import Machine, small_disk
from .report import Report

MEMORY_MB = 350.0
POEMS = 400  # to be guessed


async def campaign(
    seed: int,
    minutes: float,
    *,
    events: int | None = None,
    bundle: Path | None = None,
    out: Path | None = None,
    memory_mb: float = MEMORY_MB,
) -> Report:
    """Runs a campaign in a temporary folder.

    Args:
        seed: Decides what happens.
        minutes: How long it lasts; it ends with a last check.
        events: How many events there are at most.
        bundle: A bundle; None writes one of toy verse.
        out: Where a file for each fault is written; None writes none.
        memory_mb: The most that the process may hold.
    """
    chosen = f" --bundle {bundle}" if bundle else ""
    report = Report(seed, f"python -m tests.campaign --seed {seed}{chosen}", out)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if bundle is None:
            couplets = list(zip(PROMPTS[:40:2], PROMPTS[1:40:2], strict=True))
            couplets = [pair for pair in couplets if len(pair[0]) == len(pair[1])]
            bundle = write_bundle_with_prosody(folder / "toy", couplets, poems=made_up_poems(POEMS))
        os.chdir(folder)  # where no .env is
        try:
            with small_disk(folder) as disk_is_small:
                machine = Machine(folder, bundle, disk_is_small)
                for what, why in machine.skipped.items():
                    print(f"skipped: {what}, as {why}", file=sys.stderr)
                async with FaultyDiscord.running() as fake:
                    await Campaign(fake, machine, report, memory_mb).run(minutes, events)
        finally:
            os.chdir(before)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, help="stop after so many")
    parser.add_argument("--bundle", type=Path, help="a folder; left out, toy verse")
    parser.add_argument("--memory-mb", type=float, default=MEMORY_MB)
    parser.add_argument("--out", type=Path, help="of the reproductions; campaign-SEED, if left out")
    given = parser.parse_args()
    report = asyncio.run(
        campaign(
            given.seed,
            given.minutes,
            events=given.events,
            bundle=given.bundle and given.bundle.resolve(),
            out=(given.out or Path(f"campaign-{given.seed}")).resolve(),
            memory_mb=given.memory_mb,
        )
    )
    print(report.table())
    for fault in report.faults[:20]:
        print(f"{fault.kind}, event {fault.event}: {fault.what[:200]!r}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
