"""A bundle for couplets with random weights, as the exporter writes it, and its corpus."""

import json

import numpy as np
import torch
from lianju.bot.verse.model.bundle import PROSODY
from lianju.training.checkpoint import Trained
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model

from ..verse.couplets import COMMA, EITHER, LETTERS, LEVEL, OBLIQUE, TOKENS, vocabulary_of
from .grading import relist
from .toy_bundle import write_toy_bundle

PARTS = {"train": 60, "validation": 12, "test": 12}


def write_pairs(folder, seed=3):
    """Writes couplets of five and seven characters, in both directions, as a corpus."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for split, count in PARTS.items():
        rows = []
        for number in range(count):
            size = (5, 7)[number % 2]
            # So few that there are others to answer them with.
            few = [rng.permutation([*LETTERS])[:4] for _ in range(2)]
            upper, lower = ([*map(str, rng.choice(letters, size))] for letters in few)
            rows += [
                f"<lower> {' '.join(upper)}\t{' '.join(lower)}",
                f"<upper> {' '.join(lower)}\t{' '.join(upper)}",
            ]
        rows.append(f"<lower> 春 花 {COMMA} 夜 月\t天 山 {COMMA} 水 雨")
        (folder / f"{split}.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "report.json").write_text(json.dumps({"pairs": True}), encoding="utf-8")
    return folder


def write_couplet_bundle(folder, precision="fp32", seed=5):
    """Writes a bundle with tones into the folder `couplet`, and its corpus into `pairs`."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    config = ModelConfig(
        kind="seq2seq",
        vocabulary_size=len(TOKENS),
        cell="lstm",
        embedding_size=24,
        hidden_size=24,
        tied=True,
        attention="dot",
        memory_heads=2,
        memory_size=8,
    )
    model = build_model(config).eval()
    with torch.no_grad():
        model.embedding.weight.mul_(3)  # so that what was read matters
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": seed}
    trained, corpus = Trained(model, vocabulary_of(), info), write_pairs(folder / "pairs")
    out = write_toy_bundle(
        trained, folder / "couplet", name="toy", precision=precision, corpus=corpus
    )
    rows = (("先", "平", LEVEL + EITHER), ("屑", "入", OBLIQUE + EITHER))
    table = "".join("\t".join(row) + "\n" for row in rows)
    (out / PROSODY).write_text(table, encoding="utf-8")
    relist(out, PROSODY)
    return out
