"""The bench: every way gives the same answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from lianju.bot.verse.bundle import load_bundle
from lianju.bot.verse.vocabulary import Vocabulary
from lianju.export import bench
from lianju.export.bundle import BundleOptions, write_bundle
from lianju.export.errors import ExportError
from lianju.export.plain import Stepwise

LINE = "黄河远上白云间"


@pytest.fixture(params=["fp32", "int8"])
def bundle(request, make_trained, corpus, tmp_path):
    options = BundleOptions(precision=request.param, corpus=corpus)
    write_bundle(make_trained(), tmp_path / "toy", options)
    return load_bundle(tmp_path / "toy")


def test_all_ways_give_the_same_lines(bundle):
    rows, lines = bench.compare(bundle, LINE, repeat=1, threads=1)
    assert lines == 5
    assert len(rows) == 4
    assert rows[0].ratio == 1
    shared = [row.same_lines for row in rows]
    if bundle.manifest.graph.precision == "fp32":
        assert shared == [5] * 4
    else:  # a random model has near ties, which the rounding of activations turns around
        assert shared[0] == 5
    for row in rows:
        assert row.median_ms > 0
        assert row.ratio == pytest.approx(row.median_ms / rows[0].median_ms)


@pytest.mark.parametrize("bundle", ["fp32"], indirect=True)
def test_a_way_that_answers_otherwise_is_found(bundle, monkeypatch):
    def forgetful(self, history, carried):
        features, _ = self.model.features(history[:, -1:])
        return self.model.output(features[:, -1]), tuple(torch.zeros(0, len(history), 0))

    monkeypatch.setattr(Stepwise, "logits", forgetful)
    with pytest.raises(ExportError, match=r"stepwise PyTorch.* offer different lines"):
        bench.compare(bundle, LINE, repeat=1, threads=1)


@pytest.mark.parametrize("bundle", ["fp32"], indirect=True)
def test_the_command_reports_in_json(bundle, monkeypatch):
    monkeypatch.setattr(bench, "COLD_RUNS", 1)
    options = ["--repeat", "1", "--threads", "1", "--json", "--bundle", str(bundle.directory)]
    done = CliRunner().invoke(bench.bench, [LINE, *options], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert report["line"] == LINE
    assert [row["same_lines"] for row in report["rows"]] == [5] * 4
    assert [product["target_ms"] for product in report["products"]] == [60, 250]
    assert all(product["median_ms"] > 0 for product in report["products"])
    assert report["cold"]["seconds"] > 0
    assert report["cold"]["peak_mb"] > 10
    assert done.stderr == ""


@pytest.mark.parametrize("bundle", ["fp32"], indirect=True)
def test_what_cannot_be_written_is_not_measured(bundle):
    (line,) = bench.measure_products(bundle, "黄河远上", repeat=1, threads=1)
    assert line.name == "five lines chosen of a pool"
    tokens = tuple("始" if it == "<s>" else it for it in bundle.vocabulary.tokens)
    startless = replace(bundle, vocabulary=Vocabulary(tokens, bundle.vocabulary.counts))
    assert bench.measure_products(startless, LINE, repeat=1, threads=1) == []


@pytest.mark.parametrize("bundle", ["fp32"], indirect=True)
def test_a_failing_cold_start_is_told(bundle):
    with pytest.raises(ExportError, match="`lianju poem` failed: lianju: "):
        bench.measure_cold("abc", bundle.directory)
