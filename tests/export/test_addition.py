"""A net learns to add, and adds through its bundle: a wrong state between steps is a wrong carry.

The commands are those of docs/training.md.
"""

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from lianju.bot.errors import LianjuError
from lianju.export.__main__ import cli as export
from lianju.training.__main__ import cli as train
from lianju.training.errors import run_command

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "examples" / "addition.py"


def _load_script():
    spec = importlib.util.spec_from_file_location("addition", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


addition = _load_script()
PROGRAMS = {
    "lianju-train": train,
    "lianju-export": export,
    "python docs/examples/addition.py": addition.cli,
}
EVERY_BYTE = [(a, b) for a in range(256) for b in range(256)]
LONG = [*addition.random_numbers(7), (2**64 - 1, 1), (2**64 - 1, 2**64 - 1)]


def _documented_commands():
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    return re.search(r"### The carry\n.*?```sh\n(.*?)```", page, re.DOTALL)[1].splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the documented commands, up to the export, have run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("addition")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in _documented_commands():
            name = next(name for name in PROGRAMS if command.startswith(f"{name} "))
            arguments = shlex.split(command.removeprefix(name))
            if arguments[0] not in ("add", "check"):
                PROGRAMS[name](arguments, standalone_mode=False)
    torch.set_num_threads(threads)
    return folder


@pytest.fixture(scope="module")
def adder(folder):
    return addition.open_bundle(folder / "bundles" / "addition")


@pytest.mark.parametrize("numbers", [EVERY_BYTE, LONG], ids=["8 bits", "64 bits"])
def test_every_sum_is_right(adder, numbers):
    assert addition.add(*adder, numbers) == [a + b for a, b in numbers]


class Forgetful:
    """Drops the state between steps."""

    def __init__(self, model):
        self.initial_state, self._step = model.initial_state, model.step

    def step(self, token, parent, state, k, mask):
        return self._step(token, parent, self.initial_state(len(token)), k, mask)


def test_without_the_state_only_sums_without_a_carry_are_right(adder):
    model, vocabulary = adder
    sums = addition.add(Forgetful(model), vocabulary, EVERY_BYTE)
    assert sums == [a ^ b for a, b in EVERY_BYTE]


class Shuffling(Forgetful):
    """Keeps its rows in an order that changes with every step."""

    def __init__(self, model):
        super().__init__(model)
        self._rng = np.random.default_rng(1)
        self._row = None  # where the state has each row

    def step(self, token, parent, state, k, mask):
        before = np.arange(len(token)) if self._row is None else self._row
        order = self._rng.permutation(len(token))
        self._row = np.argsort(order)
        output = self._step(token[order], before[parent[order]], state, k, mask)
        return output._replace(top_token=output.top_token[self._row])


class Prefilling(Forgetful):
    """Reads all earlier tokens at once, at each step."""

    def __init__(self, model):
        super().__init__(model)
        self._prefill, self._tokens = model.prefill, []

    def step(self, token, parent, state, k, mask):
        state = self.initial_state(len(token))
        if self._tokens:
            state = self._prefill(np.array(self._tokens), parent, state)
        self._tokens.append(token)
        return self._step(token, parent, state, k, mask)


class Rejoining(Forgetful):
    """Takes the state apart and joins it again, at each step."""

    def __init__(self, model):
        super().__init__(model)
        self._model = model

    def step(self, token, parent, state, k, mask):
        state = self._model.join(self._model.split(state))
        return self._step(token, parent, state, k, mask)


@pytest.mark.parametrize("way", [Shuffling, Prefilling, Rejoining])
def test_the_state_can_be_carried_in_other_ways(adder, way):
    model, vocabulary = adder
    numbers = LONG[-200:]
    assert addition.add(way(model), vocabulary, numbers) == [a + b for a, b in numbers]


def _run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["addition.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        run_command(addition.cli, "addition.py", LianjuError)
    return exit_.value.code, *capsys.readouterr()


def test_the_commands_add_and_check(folder, adder, monkeypatch, capsys):
    bundle = folder / "bundles" / "addition"
    found = _run(monkeypatch, capsys, "add", bundle, 200, 100)
    assert found == (0, "300\n", "")
    status, out, _ = _run(monkeypatch, capsys, "check", bundle)
    assert status == 0
    assert out == (
        "8 bits: 65,536 of 65,536 sums are right\n64 bits: 1,000 of 1,000 sums are right\n"
    )
    monkeypatch.setattr(addition, "open_bundle", lambda _: (Forgetful(adder[0]), adder[1]))
    status, out, _ = _run(monkeypatch, capsys, "check", bundle)
    assert status == 1
    assert "8 bits: 6,561 of 65,536" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "nowhere", "1", "2"], "nowhere"),
        (["add", ROOT / "bot" / "models" / "tang", "1", "2"], "has not learned to add"),
        (["add", "nowhere", "-1", "2"], "-1"),
        (["add", "nowhere", "1"], "OTHER"),
        (["text", "nowhere/addition.txt"], "nowhere"),
        (["text", "addition.txt", "--lines", "0"], "--lines"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, out, err = _run(monkeypatch, capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_text_depends_on_its_seed_and_has_right_sums(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    texts = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert _run(monkeypatch, capsys, "text", name, "--lines", 300, "--seed", seed)[0] == 0
        texts.append(Path(name).read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]
    lengths, pairs, shown = [], 0, 0
    for line in texts[0].splitlines():
        *sums, rest = line.split(".")
        assert (len(sums), rest) == (8, "")
        for each in sums:
            carry, tokens, before = 0, each.split(), pairs
            while tokens:
                one, other = map(int, tokens.pop(0))
                carry, bit = divmod(one + other + carry, 2)
                pairs += 1
                if tokens and tokens[0] in addition.SUM_BITS:
                    assert tokens.pop(0) == addition.SUM_BITS[bit]
                    shown += 1
            lengths.append(pairs - before)
    assert set(lengths) == set(range(1, 9))
    assert 0.45 < shown / pairs < 0.55
