"""The exporter's command line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from lianju.bot.verse.bundle import load_bundle


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "lianju.export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def test_a_checkpoint_becomes_a_bundle(checkpoint, corpus, tmp_path):
    done = run("bundle", checkpoint, "--out", tmp_path / "toy", "--evaluate", corpus)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Perplexity on test" in done.stdout
    assert load_bundle(tmp_path / "toy").manifest.name == "toy-lstm"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bundle", "{tmp}/none.pt", "--out", "{tmp}/toy"], "There is no checkpoint"),
        (["bundle", "{tmp}/toy.pt"], "Missing option '--out'"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy", "--precision", "int4"], "int4"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy", "--precision", "int8"], "--evaluate"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy.pt/toy"], "toy"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, checkpoint, tmp_path):
    done = run(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lianju-export: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "toy").exists()
