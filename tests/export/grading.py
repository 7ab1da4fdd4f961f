"""A small bundle of random weights that can be graded, and a corpus to grade it on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from lianju.bot.verse.model.bundle import PROSODY
from lianju.training.checkpoint import Trained

from .toy_bundle import write_toy_bundle

HAN = tuple(
    "东江支微鱼齐佳灰真文元寒先肴豪歌阳庚青尤山水云月花鸟风雪天春秋日人心无来去白马声雨夜归"
)

# By turns level and oblique: two groups of each.
GROUPS = (("东", "平"), ("冬", "平"), ("董", "上"), ("送", "去"))


def write_corpus(folder: Path, characters: tuple[str, ...], poems: int = 40) -> Path:
    """Poems of random characters: quatrains, eight lines, and uneven ones, which are skipped."""
    rng = np.random.default_rng(5)
    folder.mkdir()
    shapes = [(7,) * 4, (5,) * 4, (7,) * 8, (5, 7, 5, 7)]
    for split, count in {"train": 3 * poems, "validation": poems, "test": poems}.items():
        lines = []
        for number in range(count):
            shape = shapes[number % len(shapes)]
            lines.append(
                " </l> ".join(" ".join(rng.choice(characters, size)) for size in shape) + " </l>"
            )
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    kept = {"tang": {"poems": poems}, "song": {"poems": 2 * poems}}
    (folder / "report.json").write_text(json.dumps({"kept": {"train": kept}}), encoding="utf-8")
    return folder


def write_graded(trained: Trained, corpus: Path, out: Path) -> Path:
    """A bundle with a corpus index, tones and rhymes."""
    write_toy_bundle(trained, out, corpus=corpus)
    vocabulary = trained.vocabulary
    ordinary = [token for token in vocabulary.tokens if vocabulary.is_ordinary(token)]
    table = "".join(
        f"{name}\t{tone}\t{''.join(ordinary[place :: len(GROUPS)])}\n"
        for place, (name, tone) in enumerate(GROUPS)
    )
    (out / PROSODY).write_text(table, encoding="utf-8")
    relist(out, PROSODY)
    return out


def relist(bundle: Path, *names: str) -> None:
    """Updates the checksums in a bundle's manifest."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in names:
        content = (bundle / name).read_bytes()
        manifest["files"][name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    path.write_text(json.dumps(manifest), encoding="utf-8")
