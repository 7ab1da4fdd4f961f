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
        (["train", "nowhere", "--out", "run", "--minutes", "nan"], "nan is not a finite number"),
        (["prepare", "--text", __file__, "--out", "/dev/null/x"], "/dev/null"),
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


def test_a_corpus_and_a_recipe_agree_on_what_a_stream_is(tmp_path, capsys):
    novel, names = tmp_path / "novel.txt", tmp_path / "names.txt"
    novel.write_text("a b c d\n" * 200, encoding="utf-8")
    names.write_text("\n".join(f"name{i}" for i in range(900)), encoding="utf-8")
    for option, text, fits in (("--stream", novel, "true"), ("--text", names, "false")):
        out = tmp_path / text.stem
        assert _run(capsys, "prepare", option, text, "--out", out)[0] == 0
        other = "false" if fits == "true" else "true"
        run = ["train", out, "--out", tmp_path / "run", "--preset", "tiny"]
        status, _, err = _run(capsys, *run, "--set", f"data.stream={other}")
        assert status == 2
        assert f"--set data.stream={fits}" in err


def test_prepare_takes_no_folder_that_is_not_its_own(tmp_path, capsys):
    names, out = tmp_path / "names.txt", tmp_path / "precious"
    names.write_text("\n".join(f"name{i}" for i in range(900)), encoding="utf-8")
    out.mkdir()
    (out / "train.txt").write_text("mine", encoding="utf-8")
    status, _, err = _run(capsys, "prepare", "--text", names, "--out", out)
    assert status == 2
    assert "choose another --out" in err
    assert (out / "train.txt").read_text() == "mine"
