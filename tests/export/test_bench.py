"""The bench: every way gives the same answer, and the command reports all there is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial

import click
import pytest
import torch
from click.testing import CliRunner
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export import bench
from lianju.export.bench import answer, defaults, gpt2, processes
from lianju.export.bench.engine import Engine
from lianju.export.bench.prompts import draw_prompts
from lianju.export.bundle import BundleOptions, write_bundle
from lianju.export.errors import ExportError
from lianju.export.plain import Stepwise

LINE = "黄河远上白云间"
RATIOS = ("slower than", "faster than", "rate over", "the slowest over", "time at width")


@pytest.fixture
def make_bundle(make_trained, corpus, tmp_path):
    def make_bundle(name="lstm", precision="fp32", vocabulary=None):
        trained = make_trained(name)
        if vocabulary:
            trained = replace(trained, vocabulary=vocabulary(trained.vocabulary))
        options = BundleOptions(precision=precision, corpus=corpus)
        write_bundle(trained, tmp_path / "toy", options)
        return load_bundle(tmp_path / "toy")

    return make_bundle


def without_lines(vocabulary):
    """A vocabulary with two ordinary tokens in the place of `<s>` and `</l>`."""
    tokens = tuple({"<s>": "始", "</l>": "终"}.get(it, it) for it in vocabulary.tokens)
    return Vocabulary(
        tokens,
        tuple(7 if it in "始终" else c for it, c in zip(tokens, vocabulary.counts, strict=True)),
    )


@pytest.fixture
def small_gpt2(monkeypatch):
    """GPT-2 as small as it gets, where `transformers` is installed."""
    small = partial(gpt2.open_gpt2, n_layer=1, n_embd=8, n_head=2, vocab_size=50)
    monkeypatch.setattr(answer, "open_gpt2", small)


@pytest.fixture
def run(monkeypatch, small_gpt2):
    """Runs the command on a bundle; returns its standard output."""
    monkeypatch.setattr(processes, "COLD_RUNS", 1)
    monkeypatch.setattr(processes, "REQUESTS", 6)

    def run(bundle, *options):
        arguments = [LINE, "--repeat", "1", "--threads", "1", "--bundle", str(bundle.directory)]
        done = CliRunner().invoke(bench.bench, [*arguments, *options], catch_exceptions=False)
        assert done.exit_code == 0
        assert "Traceback" not in done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_one_answer_is_measured_in_every_way(precision, make_bundle, small_gpt2):
    engine = Engine(make_bundle(precision=precision), LINE, threads=1)
    prompts = draw_prompts(engine.composer(), LINE, 4)
    section = answer.measure_answer(engine, answer.plain_ways(engine), prompts, repeat=2)
    assert [row.name for row in section.rows if not row.depth] == [
        "Lianju, a prompt never seen before",
        "Lianju, a prompt seen before",
        "time at width 20 over that at 5",
    ]
    by_name = {row.name: row for row in section.rows}
    assert by_name["faster than PyTorch re-run, all outputs"].target == 20
    assert by_name["faster than PyTorch step by step"].target == 5
    assert by_name["faster than GPT-2 base, transformers"].target in (60, None)
    assert by_name["slower than its bare matrix products"].target == 1.5
    if precision == "fp32":  # else a random model has near ties, which rounding turns around
        assert "5/5 lines alike" in by_name["faster than PyTorch re-run, last output"].note


def test_a_way_that_answers_otherwise_is_found(make_bundle, monkeypatch):
    def forgetful(self, history, carried):
        features, _ = self.model.features(history[:, -1:])
        return self.model.output(features[:, -1]), tuple(torch.zeros(0, len(history), 0))

    monkeypatch.setattr(Stepwise, "logits", forgetful)
    with pytest.raises(ExportError, match=r"PyTorch step by step.* offer different lines"):
        answer.plain_ways(Engine(make_bundle(), LINE, threads=1))


def test_json_says_what_the_table_says(make_bundle, monkeypatch, run):
    reports = []
    measure = bench.command.measure
    monkeypatch.setattr(
        bench.command, "measure", lambda *args: reports.append(measure(*args)) or reports[-1]
    )
    printed = json.loads(run(make_bundle(), "--mixed", "6", "--json"))
    (report,) = reports
    table = click.unstyle(str(report))
    assert printed["line"] == LINE
    assert max(map(len, table.splitlines())) <= 104  # a figure of many digits may take a few more
    rows = [row for section in report.sections for row in section.rows]
    assert [row["name"] for row in printed["rows"]] == [row.name for row in rows]
    for shown, row in zip(printed["rows"], rows, strict=True):
        assert shown["section"] in table
        assert (shown["value"], shown["met"]) == (row.value, row.met)
        assert click.unstyle(str(row)) in table
        assert (row.unit == "×") == row.name.startswith(RATIOS)
        assert row.value is None or row.value > 0
    assert {row.name for row in rows} >= {
        "64 requests at once, all new prompts",
        "99 % of wakes, 64 plain requests",
        "99 % of wakes, 64 of the default kind",
        "width 5 behind 10 of width 20 under way",
        "a full queue of 64 refuses one more",
        "mixed requests, 64 in flight, as alone",
        "five lines chosen of a pool",
        "five quatrains, each line chosen",
        "`lianju poem` from a cold start",
        "memory after 6 mixed requests, idle",
    }
    assert "100.00 %" in table


@pytest.mark.parametrize(("name", "precision"), [("gru", "int8"), ("lstm, attention", "fp32")])
def test_any_bundle_of_ours_is_measured(name, precision, make_bundle, run):
    table = run(make_bundle(name, precision, without_lines), "--mixed", "0")
    assert "--mixed 0 leaves it out" in table
    assert "slower than its bare matrix products" in table
    assert "chosen of a pool" not in table


def test_without_transformers_its_row_says_how_to_have_it(make_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    engine = Engine(make_bundle(), LINE, threads=1)
    section = answer.measure_answer(engine, answer.plain_ways(engine), [LINE], repeat=1)
    rows = [row for row in section.rows if "GPT-2" in row.name]
    assert [(row.value, row.met) for row in rows] == [(None, None)] * 2
    assert all("pip install 'lianju[bench]'" in str(row) for row in rows)


def test_gpt2_generates_so_many_tokens():
    pytest.importorskip("transformers")
    generate = gpt2.open_gpt2(4, 3, 7, n_layer=1, n_embd=8, n_head=2, vocab_size=50)
    assert generate().shape == (1, 11)


def test_weights_that_cannot_be_read_back_are_one_sentence(make_bundle):
    bundle = make_bundle()
    bundle.graph_path.write_bytes(b"no graph")
    with pytest.raises(ExportError, match="weights cannot be read back"):
        answer.plain_ways(Engine(bundle, LINE))


def test_what_cannot_be_written_is_not_measured(make_bundle):
    bundle = make_bundle()
    (row,) = defaults.measure_defaults(Engine(bundle, "黄河远上", threads=1), 1).rows
    assert row.name == "five lines chosen of a pool"
    startless = replace(bundle, vocabulary=without_lines(bundle.vocabulary))
    assert list(defaults.measure_defaults(Engine(startless, LINE, threads=1), 1).rows) == []


def test_a_failing_process_is_told(make_bundle):
    with pytest.raises(ExportError, match="`lianju poem` failed: lianju: "):
        processes.measure_cold(Engine(make_bundle(), "abc"))
