"""`lianju bench` measures every kind of request, and prints the same as a table and as JSON."""

import importlib
import json
import subprocess
import sys

import pytest
from lianju.bot import cli
from lianju.bot.verse.composer import open_composer

from .verse.toy import SPECIALS, Toy

# The package has the command under the same name.
module = importlib.import_module("lianju.bot.cli.bench")

LINE = "黄河远上白云间"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command with small numbers; returns what it prints."""
    monkeypatch.setattr(module, "AT_ONCE", (1, 3))
    monkeypatch.setattr(module, "COLD_STARTS", 1)
    monkeypatch.setattr(module, "IDLE_S", 0.0)

    def run(toy, *arguments):
        bundle = toy.write(tmp_path / "toy")
        options = ["--bundle", str(bundle), "--threads", "1", "--repeat", "2"]
        assert cli.main(["bench", *arguments, *options]) == 0
        return capsys.readouterr().out

    return run


def test_every_kind_of_request_is_measured_alone_and_at_once(run):
    report = json.loads(run(Toy(), "--json"))
    loads = report["loads"]
    assert [(load["kind"], load["at_once"], load["requests"]) for load in loads] == [
        (kind, at_once, requests) for kind in module.KINDS for at_once, requests in ((1, 2), (3, 3))
    ]
    assert report["requests"] == 5 * len(module.KINDS)
    for load in loads:
        assert 0 < load["median_ms"] <= load["p95_ms"]
        assert load["rate"] > 0
    for load in loads[::2]:  # one at a time, so no more answers than the median allows
        assert load["rate"] <= 2 * 1e3 / load["median_ms"]
    assert report["bundle"] == {"name": "toy", "version": "0.0.1"}
    assert (report["line"], report["provider"], report["threads"]) == (LINE, "cpu", 1)
    assert 0.05 < report["cold_start_s"] < 60
    assert report["idle_mb"] is None or 20 < report["idle_mb"] < 10_000


def test_the_table_has_a_row_for_each_measurement(run):
    lines = run(Toy(), LINE).splitlines()
    assert lines[0].startswith("toy 0.0.1, fp32 on cpu")
    for kind in module.KINDS:
        assert sum(line.startswith(kind) for line in lines) == 2
    assert len(lines) == 2 + 2 * len(module.KINDS) + 2
    assert max(map(len, lines)) <= 80


def test_kinds_that_the_line_does_not_allow_are_named_with_the_reason(run):
    report = json.loads(run(Toy(), "黄河远上", "--json"))
    assert set(report["skipped"]) == {"quatrain"}
    assert {load["kind"] for load in report["loads"]} == set(module.KINDS) - {"quatrain"}


def test_words_are_measured_like_characters(run):
    words = Toy((*SPECIALS, *"abcdefgh"))
    assert "plain beam" in run(words, "abca")


def test_prompts_are_different_and_as_long_as_the_line(tmp_path):
    composer = open_composer(Toy().write(tmp_path / "toy"), "cpu", 1)
    prompts = module.draw_prompts(composer, LINE, 50)
    assert len(set(prompts)) == 50
    assert {len(prompt) for prompt in prompts} == {7}
    assert module.draw_prompts(composer, LINE, 50) == prompts


def test_torch_is_not_imported():
    script = "import sys, lianju.bot.cli.bench; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
