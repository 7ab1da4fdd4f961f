"""The command line of `lianju bench`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import missing

if TYPE_CHECKING:
    from lianju.bot.verse.model.session import Provider

    from .engine import Engine
    from .report import Report, Section

ROUNDS = 10  # of what takes many answers at a time


@click.command()
@click.argument("line", default="黄河远上白云间")
@click.option("--bundle", type=click.Path(path_type=Path), help="The model's directory.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Turns; of what takes many answers at a time, at most 10.",
)
@click.option(
    "--threads", type=click.IntRange(0), default=0, show_default=True, help="0 takes every core."
)
@click.option(
    "--provider",
    type=click.Choice(["auto", "cuda", "cpu"]),
    default="auto",
    show_default=True,
    help="Where the model runs.",
)
@click.option(
    "--mixed",
    type=click.IntRange(0, 100_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Requests answered alone and in company; 0 leaves that out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    line: str,
    bundle: Path | None,
    repeat: int,
    threads: int,
    provider: Provider,
    mixed: int,
    as_json: bool,
) -> None:
    """Measure the engine beside plain ways, beside its own matrix products, and under load.

    One answer is to LINE, or to a line drawn by the model that is as long, by a plain beam search
    of width 5; every way has the same search and weights. Ways take turns, so that all see the same
    machine; each turn begins with an answer that is not counted. Figures are medians unless their
    row says otherwise.
    """
    try:
        import torch
        from lianju.bot.verse.model.bundle import default_directory, load_bundle

        from .engine import Engine

        if threads:
            torch.set_num_threads(threads)
        opened = load_bundle(bundle or default_directory())
        report = measure(Engine(opened, line, provider, threads), repeat, mixed)
    except ModuleNotFoundError as error:
        raise missing("lianju bench", error) from error
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else str(report))


def measure(engine: Engine, repeat: int, mixed: int) -> Report:
    """Measures everything.

    Raises:
        ExportError: the ways do not agree on the answer, the weights cannot be read back, or a
            process fails.
        LianjuError: the line cannot be answered, or the bundle cannot be run.
    """
    from lianju.bot.verse.model.session import ort, usable_cores

    from .report import Report

    sections = list(_sections(engine, repeat, mixed))
    manifest = engine.bundle.manifest
    facts = {
        "line": engine.line,
        "bundle": {"name": manifest.name, "version": manifest.version},
        "precision": manifest.graph.precision,
        "provider": engine.model.provider,
        "threads": engine.threads,
        "cores": usable_cores(),
        "onnxruntime": ort.__version__,
        "repeat": repeat,
    }
    return Report(facts, sections)


def _sections(engine: Engine, repeat: int, mixed: int) -> Iterator[Section]:
    from . import answer, company, crowd, defaults, processes, waiting
    from .engine import CROWD
    from .prompts import draw_prompts

    _tell("the plain ways, and whether they agree")
    ways = answer.plain_ways(engine)
    prompts = draw_prompts(engine.composer(), engine.line, max(CROWD, min(repeat, 200)))
    rounds = min(repeat, ROUNDS)
    _tell("one answer in every way")
    yield answer.measure_answer(engine, ways, prompts, repeat)
    _tell("what is written by default")
    yield defaults.measure_defaults(engine, repeat)
    _tell("many requests at once")
    yield crowd.measure_crowd(engine, prompts, rounds)
    yield crowd.measure_lag(engine, prompts, rounds)
    _tell("requests that wait")
    yield waiting.measure_waiting(engine, prompts, rounds)
    _tell(f"{mixed} requests alone and in company")
    yield company.measure_company(engine, prompts, mixed)
    _tell("processes of their own")
    yield processes.measure_processes(engine)


def _tell(doing: str) -> None:
    click.secho(f"{doing} …", dim=True, err=True)
