"""One warm answer: the engine beside plain PyTorch, a transformer, and its own matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.request import Answer

from ..errors import ExportError
from ..plain import RerunAllPositions, RerunLastPosition, Stepwise
from ..weights import StoredWeights
from .engine import Engine
from .floor import Floor
from .gpt2 import HINT, open_gpt2
from .prompts import WIDTH, plain
from .recording import record
from .report import Row, Section, skipped
from .turns import Run, Way, again, medians

NEW, SEEN = "a prompt never seen before", "a prompt seen before"
ALL_OUTPUTS = "PyTorch re-run, all outputs"
LAST_OUTPUT = "PyTorch re-run, last output"
STEPWISE = "PyTorch step by step"
GPT2 = "GPT-2 base, transformers"
FLOOR = "its bare matrix products"
TARGETS = {ALL_OUTPUTS: 20.0, LAST_OUTPUT: None, STEPWISE: 5.0, GPT2: 60.0}
WIDE, TIMES_WIDE = 20, 3.0
TIMES_FLOOR = 1.5
NO_PRODUCTS = "no matrix products were found in the graph"


@dataclass(frozen=True)
class PlainWay:
    """One of the plain ways to the same answer."""

    name: str
    model: LanguageModel


def plain_ways(engine: Engine) -> list[PlainWay]:
    """The plain ways, with the bundle's weights read back, once they agree on the answer.

    Raises:
        ExportError: they do not agree, or the weights cannot be read back.
        LianjuError: the line cannot be answered.
    """
    stored = StoredWeights(engine.bundle.graph_path)
    model = stored.model()
    ways = [
        PlainWay(ALL_OUTPUTS, RerunAllPositions(model)),
        PlainWay(LAST_OUTPUT, RerunLastPosition(model)),
        PlainWay(STEPWISE, Stepwise(model)),
    ]
    with TemporaryDirectory() as folder:
        exact = replace(engine.bundle, directory=Path(folder))
        stored.save_exact(exact.graph_path)
        wanted = _texts(_answer(engine, OnnxModel(exact, "cpu", engine.threads)))
    for way in ways:
        if _texts(_answer(engine, way.model)) != wanted:
            raise ExportError(
                f"{way.name} and the graph with fp32 activations offer different lines."
            )
    return ways


def measure_answer(
    engine: Engine, ways: Sequence[PlainWay], prompts: Sequence[str], repeat: int
) -> Section:
    """Measures one answer in every way; each turn has a prompt of its own, the same for all.

    Args:
        engine: the engine.
        ways: what it is compared with.
        prompts: different ones, as long as the engine's line.
        repeat: turns.
    """
    answer = _answer(engine, engine.model)
    same = {way.name: _shared(answer, _answer(engine, way.model)) for way in ways}
    floors = {NEW: _floor(engine, seen=False), SEEN: _floor(engine, seen=True)}
    lianju = [_fresh(NEW, engine, engine.model, prompts), _seen(engine, prompts)]
    others = [_fresh(way.name, engine, way.model, prompts) for way in ways]
    with suppress(ModuleNotFoundError):
        others.append(again(GPT2, open_gpt2(engine.prompt_tokens, WIDTH, answer.length)))
    bare = [again(f"{kind}, {FLOOR}", floor.run) for kind, floor in floors.items() if floor]
    wide = _fresh("wide", engine, engine.model, prompts, WIDE)
    taken = medians([*lianju, *bare, *others, wide], repeat)

    rows = []
    for kind in (NEW, SEEN):
        rows.append(Row(f"Lianju, {kind}", taken[kind], "ms"))
        rows.append(over_floor(taken[kind], taken.get(f"{kind}, {FLOOR}")))
        for name, target in TARGETS.items():
            title = f"faster than {name}"
            if name not in taken:
                rows.append(skipped(title, "×", HINT, depth=1))
                continue
            note = f"{taken[name]:.1f} ms" + (f", {same[name]} lines alike" if name in same else "")
            ratio = taken[name] / taken[kind]
            rows.append(Row(title, ratio, "×", target, "at least", note, depth=1))
    ratio = taken["wide"] / taken[NEW]
    note = f"{taken['wide']:.1f} ms"
    rows.append(
        Row(f"time at width {WIDE} over that at {WIDTH}", ratio, "×", TIMES_WIDE, note=note)
    )
    title = f"One warm answer to {answer.length} characters, plain beam of width {WIDTH}"
    return Section(title, rows)


def over_floor(engine_ms: float, floor_ms: float | None) -> Row:
    """The row that holds a time to that of its bare products."""
    name = f"slower than {FLOOR}"
    if floor_ms is None:
        return skipped(name, "×", NO_PRODUCTS, depth=1)
    note = f"{floor_ms:.2f} ms"
    return Row(name, engine_ms / floor_ms, "×", TIMES_FLOOR, note=note, depth=1)


def _answer(engine: Engine, model: LanguageModel) -> Answer:
    return engine.composer(model).compose_now(plain(engine.line))


def _fresh(
    name: str, engine: Engine, model: LanguageModel, prompts: Sequence[str], width: int = WIDTH
) -> Way:
    """A composer of its own for each turn, warm from another prompt."""

    def prepare(turn: int) -> Run:
        composer = engine.composer(model)
        composer.compose_now(plain(engine.line, width))
        request = plain(prompts[turn % len(prompts)], width)
        return lambda: composer.compose_now(request)

    return Way(name, prepare)


def _seen(engine: Engine, prompts: Sequence[str]) -> Way:
    composer = engine.composer()

    def prepare(turn: int) -> Run:
        request = plain(prompts[turn % len(prompts)])
        composer.compose_now(request)
        return lambda: composer.compose_now(request)

    return Way(SEEN, prepare)


def _floor(engine: Engine, seen: bool) -> Floor:
    """The bare products of one answer, to a prompt that has been answered before or not."""

    def answer(model: OnnxModel, times: int) -> None:
        composer = engine.composer(model)
        for _ in range(times):
            composer.compose_now(plain(engine.line))

    provider, before = engine.model.provider, int(seen)
    recording = record(
        engine.bundle,
        provider,
        engine.threads,
        work=lambda model: answer(model, before + 1),
        opening=lambda model: answer(model, before),
    )
    return Floor(recording, provider, engine.threads)


def _texts(answer: Answer) -> list[str]:
    return [candidate.text for candidate in answer.candidates]


def _shared(one: Answer, other: Answer) -> str:
    """How many lines two answers have in common, of how many."""
    return f"{len(set(_texts(one)) & set(_texts(other)))}/{len(one.candidates)}"
