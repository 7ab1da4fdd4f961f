"""The comparison of several models."""

import json
import unicodedata

import pytest
from lianju.training.__main__ import main
from lianju.training.evaluate import measure, open_scorer
from lianju.training.ngram import open_baseline


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["lianju-train", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            return stop.code, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return run


def test_models_are_compared_in_one_table(run, corpus, tmp_path):
    run("train", corpus, "--out", tmp_path / "run", "--preset", "tiny")
    best, file = tmp_path / "run" / "best.pt", tmp_path / "compared.json"
    status, out, complaint = run("compare", corpus, best, "--kneser-ney", "all", "--json", file)
    assert (status, complaint) == (0, "")
    wanted = {
        "Kneser-Ney 5-gram, all": measure(open_baseline(corpus, "all"), corpus, "test"),
        str(best): measure(open_scorer(best), corpus, "test"),
    }
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["split"] == "test"
    assert report["models"] == [{"name": name, **found.as_dict()} for name, found in wanted.items()]
    lines = out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(wanted)
    for line, found in zip(lines[2:], wanted.values(), strict=True):
        assert [cell.strip() for cell in line.split("|")[2:5]] == [
            f"{value:.1f}" for value in (found.all, found.han, found.regulated)
        ]
    wide = [sum(1 + (unicodedata.east_asian_width(c) == "W") for c in line) for line in lines]
    assert len(set(wide)) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{corpus}"], "Give a checkpoint, a bundle or --kneser-ney"),
        (["{corpus}", "--kneser-ney", "yuan"], "choose from all"),
        (["{corpus}", "none.pt", "--kneser-ney", "all"], "There is no checkpoint none.pt"),
        (["nowhere", "--kneser-ney", "all"], "lianju-train prepare"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, run, corpus):
    status, out, complaint = run("compare", *(each.format(corpus=corpus) for each in arguments))
    assert (status, out) == (2, "")
    assert sentence in complaint
    assert len(complaint.splitlines()) == 1
