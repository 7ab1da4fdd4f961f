"""The adding problem: its text, and the curves of runs on it."""

import importlib.util
import re
from math import exp, log
from pathlib import Path

import pytest
from lianju.training.__main__ import cli as train
from lianju.training.errors import TrainingError, run_command

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "memory.py"


def _load_script():
    spec = importlib.util.spec_from_file_location("memory", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


memory = _load_script()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs the script in an empty folder; returns exit status, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["memory.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            run_command(memory.cli, "memory.py", TrainingError)
        return exit_.value.code, *capsys.readouterr()

    return run


def test_a_source_has_a_digit_in_each_half_and_the_target_is_their_sum(run):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("pairs", name, "--count", 200, "--length", 40, "--seed", seed) == (0, "", "")
    first, same, other = (Path(name).read_text(encoding="utf-8") for name in "abc")
    assert first == same != other
    lines = first.splitlines()
    assert len(lines) == 200
    for line in lines:
        source, target = line.split("\t")
        tokens = source.split(" ")
        digits = re.fullmatch(r"([xy]*)([0-4])([xy]*)([0-4])([xy]*)", "".join(tokens))
        assert len(tokens) == 40
        assert digits.end(1) < 20 <= digits.end(3)
        assert int(digits[2]) + int(digits[4]) == "〇一二三四五六七八".index(target)


def test_the_curves_of_runs_are_one_picture(run):
    assert run("pairs", "memory.tsv", "--count", 600, "--length", 20)[0] == 0
    train(["prepare", "--pairs", "memory.tsv", "--out", "data"], standalone_mode=False)
    kinds = {
        "LSTM": [],
        "RNN, tanh": ["model.cell=rnn"],
        "RNN, relu, from the identity": [
            "model.cell=rnn",
            "model.nonlinearity=relu",
            "model.initialization=identity",
        ],
    }
    for number, settings in enumerate(kinds.values()):
        options = [part for each in settings for part in ("--set", each)]
        command = ["train", "data", "--preset", "memory", "--out", f"run{number}"]
        train([*command, "--tokens", "800", *options], standalone_mode=False)
    runs = [Path(f"run{number}") for number in range(3)]
    assert [memory.name(each) for each in runs] == list(kinds)
    status, _, _ = run("curves", "memory.png", *runs)
    assert status == 0
    assert Path("memory.png").read_bytes().startswith(b"\x89PNG")


def test_the_perplexity_of_a_guess_is_that_of_the_sums():
    sums = [one + other for one in range(5) for other in range(5)]
    nats = sum(log(25 / sums.count(each)) for each in sums) / 25
    assert memory.both_unknown() == pytest.approx(exp(nats))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pairs", "nowhere/memory.tsv"], "nowhere"),
        (["pairs", "memory.tsv", "--length", "5"], "--length"),
        (["pairs", "memory.tsv", "--count", "0"], "--count"),
        (["curves", "memory.png"], "RUN"),
        (["curves", "memory.png", "nowhere"], "nowhere has measured nothing"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, message, run, tmp_path):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
