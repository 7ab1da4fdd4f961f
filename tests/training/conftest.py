import random
from pathlib import Path

import pytest
import torch
from lianju.training import run_log


@pytest.fixture(autouse=True)
def _one_thread():
    # The toy models are too small for two; it also keeps the arithmetic repeatable.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch):
    """Runs draw no loss curves, each of which takes longer than the toy's training."""
    monkeypatch.setattr(run_log, "draw_curve", lambda *_: None)


def _poem(generator: random.Random, size: int) -> str:
    # Lines count on from where they begin, so that there is something to learn.
    letters = "山水云月花鸟风雪江天春秋"
    lines = []
    for _ in range(4):
        begin = generator.randrange(len(letters))
        lines.append(" ".join(letters[(begin + i) % len(letters)] for i in range(size)))
    return " </l> ".join(lines) + " </l>"


def write_corpus(folder: Path) -> Path:
    """Writes a prepared corpus of toy quatrains."""
    generator = random.Random(7)  # noqa: S311 - a toy corpus
    folder.mkdir()
    for name, count in {"train": 120, "validation": 12, "test": 12}.items():
        poems = [_poem(generator, generator.choice((5, 7))) for _ in range(count)]
        (folder / f"{name}.txt").write_text("\n".join(poems) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def write_pair_corpus(folder: Path) -> Path:
    """Writes a corpus of toy pairs: lines of three to six characters, answered backwards."""
    generator = random.Random(7)  # noqa: S311 - a toy corpus
    folder.mkdir()
    for name, count in {"train": 120, "validation": 12, "test": 12}.items():
        lines = [generator.choices("山水云月花鸟", k=generator.randint(3, 6)) for _ in range(count)]
        texts = [f"{' '.join(line)}\t{' '.join(line[::-1])}\n" for line in lines]
        (folder / f"{name}.txt").write_text("".join(texts), encoding="utf-8")
    return folder


@pytest.fixture
def pair_corpus(tmp_path: Path) -> Path:
    return write_pair_corpus(tmp_path / "pairs")
