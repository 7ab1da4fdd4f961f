"""What only a process of its own can tell: its memory at rest, and a start from nothing."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import ExportError
from .engine import Engine
from .prompts import WIDTH
from .report import Row, Section, skipped

COLD_RUNS = 5
COLD_S = 1.0
REQUESTS = 1000
RESIDENT_MB = 250.0
PROMPTS = 200


def measure_resident(engine: Engine) -> Row:
    """Measures what the engine's process holds after so many mixed requests.

    Raises:
        ExportError: the process fails.
    """
    name = f"memory after {REQUESTS:,} mixed requests, idle"
    if sys.platform != "linux":
        return skipped(name, "MB", "only Linux tells it")
    wishes = {
        "bundle": str(engine.bundle.directory.resolve()),
        "provider": engine.provider,
        "threads": engine.threads,
        "line": engine.line,
        "prompts": PROMPTS,
        "requests": REQUESTS,
    }
    measured = _run("lianju.export.bench.resident", [json.dumps(wishes)], "the engine's process")
    note = f"{measured['opened_bytes'] / 1e6:.0f} MB once opened, engine only"
    return Row(name, measured["resident_bytes"] / 1e6, "MB", RESIDENT_MB, note=note)


def measure_cold(engine: Engine) -> Row:
    """Measures `lianju poem` from its start to its end.

    Raises:
        ExportError: it fails.
    """
    command = [sys.executable, "-m", "lianju.bot", "poem", engine.line, "--beam", str(WIDTH)]
    command += ["--bundle", str(engine.bundle.directory.resolve()), "--provider", engine.provider]
    runs = [_run("lianju.export.cold", command, "`lianju poem`") for _ in range(COLD_RUNS)]
    peaks = [run["peak_bytes"] for run in runs]
    note = "" if None in peaks else f"{max(peaks) / 1e6:.0f} MB at its peak"
    seconds = statistics.median(run["seconds"] for run in runs)
    return Row("`lianju poem` from a cold start", seconds, "s", COLD_S, note=note)


def measure_processes(engine: Engine) -> Section:
    """Measures both.

    Raises:
        ExportError: a process fails.
    """
    return Section("Processes of their own", [measure_cold(engine), measure_resident(engine)])


def _run(module: str, arguments: Sequence[str], name: str) -> dict[str, Any]:
    run = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or [f"exit status {run.returncode}"])[-1]
        raise ExportError(f"{name} failed: {reason}")
    return json.loads(run.stdout)
