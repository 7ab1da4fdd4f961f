import json
import subprocess
import sys

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.__main__ import main
from lianju.training.checkpoint import load_trained, save_checkpoint
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig, load_recipe

SPECIAL = ("<unk>", "<e>", "<s>", "</l>")


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


def test_train_evaluate_and_sample(corpus, tmp_path, capsys):
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


def test_a_recipe_for_the_other_kind_of_corpus_is_refused(tmp_path, capsys):
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


def test_prepare_refuses_a_folder_with_other_files(tmp_path, capsys):
    names, out = tmp_path / "names.txt", tmp_path / "precious"
    names.write_text("\n".join(f"name{i}" for i in range(900)), encoding="utf-8")
    out.mkdir()
    (out / "train.txt").write_text("mine", encoding="utf-8")
    status, _, err = _run(capsys, "prepare", "--text", names, "--out", out)
    assert status == 2
    assert "choose another --out" in err
    assert (out / "train.txt").read_text() == "mine"


def test_a_run_begins_with_another_models_weights_and_goes_on_without_it(corpus, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    _run(capsys, "train", corpus, "--out", first, "--preset", "tiny")
    # Another vocabulary than the corpus would give: the initial model's is used.
    poems = (corpus / "train.txt").read_text(encoding="utf-8")
    (corpus / "train.txt").write_text(poems + "龙 虎 </l> 龙 虎 </l>\n", encoding="utf-8")
    train = ["train", corpus, "--out", second, "--preset", "tiny"]
    status, _, err = _run(capsys, *train, "--tokens", 2000, "--initial", first / "best.pt")
    assert status == 0, err
    assert load_trained(second / "last.pt").info["initial"]["preset"] == "tiny"
    (first / "best.pt").unlink()
    status, _, err = _run(capsys, *train, "--tokens", 3000, "--resume")
    assert status == 0, err
    trained = load_trained(second / "last.pt")
    assert "龙" not in trained.vocabulary
    assert trained.info["initial"]["preset"] == "tiny"
    assert trained.info["tokens_seen"] >= 3000


def _saved(path, tokens, **config):
    vocabulary = Vocabulary(tokens, (*[-1] * 4, *[1] * (len(tokens) - 4)))
    model = LanguageModel(load_recipe("tiny").model.config(len(tokens)))
    if config:
        model = LanguageModel(ModelConfig(vocabulary_size=len(tokens), **config))
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    save_checkpoint(path, model, weights, vocabulary, {})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("missing", (), "no checkpoint"),
        ("damaged", (), "is not a checkpoint"),
        ("wider", (), "has another shape"),
        ("latin", (), "lacks most tokens"),
        ("fits", ("--set", "data.line_tokens=false"), "--set data.line_tokens=true"),
        ("fits", ("--resume",), "one of --initial, --embedding and --resume"),
        ("fits", ("--tokens", "9", "--minutes", "1"), "one of --minutes and --tokens"),
        ("fits", ("--set", "run.precision=bf16"), "run.precision=auto"),
    ],
)
def test_a_run_that_cannot_begin_is_one_sentence_and_writes_nothing(
    name, options, message, corpus, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    characters = tuple("山水云月花鸟风雪江天春秋")
    (tmp_path / "damaged.pt").write_bytes(b"PK\x03\x04 cut off")
    _saved(tmp_path / "wider.pt", (*SPECIAL, *characters), hidden_size=33)
    _saved(tmp_path / "latin.pt", (*SPECIAL, *"abcdefgh"))
    _saved(tmp_path / "fits.pt", (*SPECIAL, *characters))
    train = ["train", corpus, "--out", tmp_path / "run", "--preset", "tiny", *options]
    status, out, err = _run(capsys, *train, "--initial", tmp_path / f"{name}.pt")
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_without_training_state_is_not_resumed(corpus, tmp_path, capsys):
    run = tmp_path / "run"
    train = ["train", corpus, "--out", run, "--preset", "tiny"]
    _run(capsys, *train)
    (run / "best.pt").replace(run / "last.pt")
    status, out, err = _run(capsys, *train, "--resume")
    assert (status, out) == (2, "")
    assert "cannot be resumed" in err
