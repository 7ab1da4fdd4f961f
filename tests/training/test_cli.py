import json
import subprocess
import sys

import pytest
from lianju.training.__main__ import main


def _run(capsys, *arguments):
    status = 0
    sys_argv, sys.argv = sys.argv, ["lianju-train", *map(str, arguments)]
    try:
        main()
    except SystemExit as stop:
        status = stop.code
    finally:
        sys.argv = sys_argv
    return status, *capsys.readouterr()


def test_from_corpus_to_text(corpus, tmp_path, capsys):
    run = tmp_path / "run"
    status, out, _ = _run(capsys, "train", corpus, "--out", run, "--preset", "tiny")
    assert status == 0
    assert "best validation perplexity" in out
    status, out, _ = _run(capsys, "evaluate", run / "best.pt", "--corpus", corpus, "--json")
    assert status == 0
    assert json.loads(out)["poems"] == 12
    status, out, _ = _run(capsys, "sample", run / "best.pt", "山水/", "--count", 2, "--seed", 5)
    assert status == 0
    assert [line[:5] for line in out.splitlines()] == ["山水 / ", "山水 / "]
    assert _run(capsys, "sample", run / "best.pt", "山水/", "--count", 2, "--seed", 5)[1] == out
    status, out, _ = _run(capsys, "sample", run / "best.pt", "山", "--count", 1, "--seed", 5)
    assert out.startswith("山")
    assert not out.startswith("山 /")
    status, out, err = _run(capsys, "sample", run / "best.pt", "山龘")
    assert (status, out) == (2, "")
    assert "does not know 龘" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nowhere", "--out", "run"], "lianju-train prepare"),
        (["train", "nowhere", "--out", "run", "--preset", "huge"], "no preset 'huge'"),
        (["train", "nowhere", "--out", "run", "--minutes", "0"], "--minutes"),
        (["train", "nowhere"], "--out"),
        (["evaluate", "nowhere.pt", "--corpus", "nowhere"], "no checkpoint nowhere.pt"),
        (["sample", "nowhere.pt"], "no checkpoint nowhere.pt"),
        (["prepare", "--source", "nowhere"], "has no poet"),
        (["prepare", "--source", "a", "--text", __file__], "one of --source"),
        (["dance"], "dance"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = _run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_python_m_is_the_same():
    command = [sys.executable, "-m", "lianju.training", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "prepare" in done.stdout
