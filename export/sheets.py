"""Reading sheets: lines that a bundle writes, for readers to mark.

From such marks `lianju-train prefer` learns which lines are better. Half of the lines after each
context are the most probable ones that were drawn, among which the bot chooses; the others are
drawn at random from the rest, so that a reader sees what is worse, too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.generation import POOL_TEMPERATURE, POOL_TOP_K, POOL_TOP_P
from lianju.bot.verse.planning.line_plan import LinePlanner
from lianju.bot.verse.serving.prefix_cache import PrefixCache
from tqdm import tqdm

from .errors import ExportError
from .groups import TOGETHER, Draws, Place, places_of, plan_of, run_searches, search_for

POOL = Draws(POOL_TEMPERATURE, POOL_TOP_K, POOL_TOP_P)
DRAWN = 60  # lines after each context, as for an answer of the bot


def draw_sheets(
    directory: Path,
    corpus: Path,
    split: str,
    *,
    count: int,
    lines: int,
    seed: int,
    threads: int,
) -> Iterator[str]:
    """Yields the rows of a sheet: contexts, each with lines of the bundle in random order.

    A row is one of a file of marks (`training.marks`) without the marks, which a reader fills in.

    Args:
        directory: The bundle.
        corpus: The prepared corpus, whose poems give the contexts.
        split: The part of the corpus.
        count: Contexts, at most.
        lines: Lines after each context, at most.
        seed: Of all random choices.
        threads: Of the bundle; 0 takes every core.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        CorpusError: The corpus cannot be read.
        ExportError: It has no line that follows another one and obeys the rules.
    """
    bundle = load_bundle(directory)
    vocabulary = bundle.vocabulary
    model = OnnxModel(bundle, threads=threads)
    planner, prefix_cache = LinePlanner(bundle), PrefixCache(model)
    joint = " " if vocabulary.is_words else ""

    def text(tokens: tuple[str, ...]) -> str:
        return joint.join(tokens)

    def rows() -> Iterator[str]:
        numbered = enumerate(places_of(corpus, split, vocabulary, seed))
        while some := list(islice(numbered, TOGETHER)):
            planned: list[tuple[int, Place]] = []
            searches = []
            for number, place in some:
                if plan := plan_of(planner, bundle, place):
                    planned.append((number, place))
                    searches.append(search_for(vocabulary, plan, DRAWN, POOL, (seed, number)))
            results = run_searches(model, prefix_cache, searches)
            for (number, place), found in zip(planned, results, strict=True):
                generator = np.random.default_rng((seed, number))
                paths = sorted(found, key=lambda path: -path.log_prob)
                best, rest = paths[: (lines + 1) // 2], paths[(lines + 1) // 2 :]
                others = generator.permutation(len(rest))[: lines - len(best)].tolist()
                shown = [*best, *(rest[other] for other in others)]
                order = generator.permutation(len(shown)).tolist()
                marks = {
                    text(tuple(vocabulary.tokens[token] for token in shown[row].tokens)): None
                    for row in order
                }
                if len(marks) > 1:
                    content = {"context": list(map(text, place.context)), "marks": marks}
                    yield json.dumps(content, ensure_ascii=False)

    found = False
    for row in tqdm(islice(rows(), count), "contexts", count):
        found = True
        yield row
    if not found:
        raise ExportError(
            f"{corpus / split}.txt has no line that follows one of the same length and in whose "
            "place two lines can be drawn under the rules of answers."
        )


def write_sheet(path: Path, rows: Iterable[str]) -> int:
    """Writes a new sheet, completely or not at all; returns the number of rows.

    Raises:
        ExportError: The file exists, so that a reader's marks may be in it, or cannot be written.
    """
    if path.exists():
        raise ExportError(f"{path} exists already: choose another --out.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8") as file:
            for row in rows:
                file.write(f"{row}\n")
                count += 1
        temporary.replace(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return count
