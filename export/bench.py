"""`lianju bench`: one answer, side by side with the plain ways to compute it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from .errors import ExportError, missing

if TYPE_CHECKING:
    from lianju.bot.verse.bundle import Bundle
    from lianju.bot.verse.request import Answer
    from lianju.bot.verse.step import Stepper

WIDTH = 5
COLD_RUNS = 5
# The threads of one runtime go on spinning for a while and would slow the next one down.
PAUSE = 0.05  # seconds


@dataclass(frozen=True)
class Way:
    """One way to an answer."""

    name: str
    answer: Callable[[], Answer]


@dataclass(frozen=True)
class Row:
    """What was measured of one way.

    Attributes:
        median_ms: of one warm answer.
        ratio: of its median to the engine's.
        same_lines: how many of its lines the engine offers too.
    """

    name: str
    median_ms: float
    ratio: float
    same_lines: int


@dataclass(frozen=True)
class Product:
    """What is written by default, and how long that takes the engine.

    Attributes:
        median_ms: of one warm answer.
        target_ms: what it may take on two cores.
    """

    name: str
    median_ms: float
    target_ms: float


@dataclass(frozen=True)
class Cold:
    """A `lianju poem` from its start to its end: medians, and the largest peak."""

    seconds: float
    peak_mb: float | None


@click.command()
@click.argument("line", default="黄河远上白云间")
@click.option("--bundle", type=click.Path(path_type=Path), help="The model's directory.")
@click.option(
    "--repeat", type=click.IntRange(1, 1000), default=20, show_default=True, help="Warm answers."
)
@click.option(
    "--threads", type=click.IntRange(0), default=0, show_default=True, help="0 takes every core."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(line: str, bundle: Path | None, repeat: int, threads: int, as_json: bool) -> None:
    """Measure one answer beside the plain ways to compute it.

    Every way answers LINE with the same search (width 5, as many characters as LINE has) and the
    same weights. They take turns, so that all see the same machine; each turn begins with an answer
    that is not counted. Then come the answers that are written by default, as far as the model and
    LINE allow them: five lines chosen of a pool, and the rest of a quatrain.
    """
    try:
        import torch
        from lianju.bot.verse.bundle import default_directory, load_bundle

        if threads:
            torch.set_num_threads(threads)
        opened = load_bundle(bundle or default_directory())
        rows, lines = compare(opened, line, repeat, threads)
        products = measure_products(opened, line, repeat, threads)
    except ModuleNotFoundError as error:
        raise missing("lianju bench", error) from error
    cold = measure_cold(line, opened.directory)
    report = {
        "line": line,
        "bundle": {"name": opened.manifest.name, "version": opened.manifest.version},
        "width": WIDTH,
        "repeat": repeat,
        "threads": torch.get_num_threads(),
        "lines": lines,
        "rows": [asdict(row) for row in rows],
        "products": [asdict(product) for product in products],
        "cold": asdict(cold),
    }
    table = _table(report, rows, products, cold)
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else table)


def compare(bundle: Bundle, line: str, repeat: int, threads: int = 0) -> tuple[list[Row], int]:
    """Answers a line in every way, in turns.

    Returns:
        What was measured, the engine first, and how many lines each answer has.

    Raises:
        ExportError: the ways do not agree on the answer, or the weights cannot be read back.
        LianjuError: the line cannot be answered.
    """
    ways = _ways(bundle, line, threads)
    offered = [_texts(way.answer()) for way in ways]
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(repeat):
        for way, taken in zip(ways, seconds, strict=True):
            taken.append(_seconds(way))
    medians = [statistics.median(taken) * 1e3 for taken in seconds]
    rows = [
        Row(way.name, median, median / medians[0], len(set(texts) & set(offered[0])))
        for way, median, texts in zip(ways, medians, offered, strict=True)
    ]
    return rows, len(offered[0])


def measure_products(bundle: Bundle, line: str, repeat: int, threads: int = 0) -> list[Product]:
    """Writes what is written by default; what the model cannot or the line forbids is left out.

    Raises:
        LianjuError: the line cannot be answered.
    """
    from lianju.bot.verse.composer import Choosing, Composer, Request
    from lianju.bot.verse.errors import RequestError
    from lianju.bot.verse.scheduler import Scheduler
    from lianju.bot.verse.step_model import StepModel

    engine = StepModel(bundle, threads=threads)
    composer = Composer(bundle, engine, Scheduler(engine))
    line_wanted = Request(line, choosing=Choosing(0))
    products = []
    for name, target_ms, request in (
        ("five lines chosen of a pool", 60.0, line_wanted),
        ("five quatrains, each line chosen", 250.0, replace(line_wanted, form="jueju")),
    ):
        way = Way(name, partial(composer.compose_now, request))
        try:
            chosen = way.answer().request.choosing is not None
        except RequestError:
            continue
        if chosen:
            median_s = statistics.median(_seconds(way) for _ in range(repeat))
            products.append(Product(name, median_s * 1e3, target_ms))
    return products


def _seconds(way: Way) -> float:
    """How long the second of two answers takes."""
    time.sleep(PAUSE)
    way.answer()
    started = time.perf_counter()
    way.answer()
    return time.perf_counter() - started


def measure_cold(line: str, directory: Path) -> Cold:
    """Runs `lianju poem` in processes of its own.

    Raises:
        ExportError: it fails.
    """
    command = [sys.executable, "-m", "lianju.bot", "poem", line, "--beam", str(WIDTH)]
    command += ["--bundle", str(directory.resolve())]
    measured = []
    for _ in range(COLD_RUNS):
        run = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "lianju.export.cold", *command],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if run.returncode:
            raise ExportError(f"`lianju poem` failed: {run.stderr.strip()}")
        measured.append(json.loads(run.stdout))
    peaks = [each["peak_bytes"] for each in measured]
    return Cold(
        statistics.median(each["seconds"] for each in measured),
        None if None in peaks else max(peaks) / 1e6,
    )


def _ways(bundle: Bundle, line: str, threads: int) -> list[Way]:
    from lianju.bot.verse.composer import Composer
    from lianju.bot.verse.request import Request
    from lianju.bot.verse.scheduler import Scheduler
    from lianju.bot.verse.step_model import StepModel

    from .plain import RerunAllPositions, RerunLastPosition, Stepwise
    from .weights import StoredWeights

    request = Request(line, width=WIDTH)

    def way(name: str, model: Stepper) -> Way:
        composer = Composer(bundle, model, Scheduler(model))
        return Way(name, lambda: composer.compose_now(request))

    engine = StepModel(bundle, threads=threads)
    stored = StoredWeights(bundle.graph_path)
    torch_model = stored.model()
    plain = [
        way("stepwise PyTorch, state kept", Stepwise(torch_model)),
        way("PyTorch, prefix run anew, last output", RerunLastPosition(torch_model)),
        way("PyTorch, prefix run anew, all outputs", RerunAllPositions(torch_model)),
    ]
    with TemporaryDirectory() as folder:
        exact = replace(bundle, directory=Path(folder))
        stored.save_exact(exact.graph_path)
        _require_same(
            way("the graph with fp32 activations", StepModel(exact, "cpu", threads)), plain
        )
    return [way(f"lianju, {stored.precision.name} on {engine.provider}", engine), *plain]


def _require_same(reference: Way, others: Sequence[Way]) -> None:
    wanted = _texts(reference.answer())
    for other in others:
        if _texts(other.answer()) != wanted:
            raise ExportError(f"{other.name} and {reference.name} offer different lines.")


def _texts(answer: Answer) -> list[str]:
    return [candidate.text for candidate in answer.candidates]


def _table(
    report: dict[str, Any], rows: Sequence[Row], products: Sequence[Product], cold: Cold
) -> str:
    bundle, lines = report["bundle"], report["lines"]
    head = (
        f"{report['line']}, width {WIDTH}, {bundle['name']} {bundle['version']}, "
        f"{report['threads']} threads, medians of {report['repeat']}"
    )
    body = [
        f"{row.median_ms:9.2f} ms {row.ratio:7.1f}×  {row.same_lines}/{lines} lines  {row.name}"
        for row in rows
    ]
    body += [
        f"{product.median_ms:9.2f} ms  {product.name} (at most {product.target_ms:.0f} ms wanted)"
        for product in products
    ]
    memory = "" if cold.peak_mb is None else f", {cold.peak_mb:.0f} MB"
    return "\n".join((head, *body, f"{cold.seconds:9.2f} s{memory}  `lianju poem`, cold start"))
