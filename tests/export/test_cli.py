"""The exporter's command line."""

from __future__ import annotations

import pytest
from lianju.bot.verse.model.bundle import load_bundle


def test_a_checkpoint_becomes_a_bundle(run, checkpoint, corpus, tmp_path):
    status, out, complaint = run(
        "bundle", checkpoint, "--out", tmp_path / "toy", "--evaluate", corpus
    )
    assert (status, complaint) == (0, "")
    assert "Perplexity on test" in out
    assert load_bundle(tmp_path / "toy").manifest.name == "toy-lstm"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bundle", "{tmp}/none.pt", "--out", "{tmp}/toy"], "There is no checkpoint"),
        (["bundle", "{tmp}/toy.pt"], "Missing option '--out'"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy", "--precision", "int4"], "int4"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy", "--precision", "int8"], "--evaluate"),
        (["bundle", "{tmp}/toy.pt", "--out", "{tmp}/toy.pt/toy"], "Nothing can be written beside"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, run, checkpoint, tmp_path):
    status, out, complaint = run(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert (status, out) == (2, "")
    assert complaint.startswith("lianju-export: ")
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "toy").exists()
