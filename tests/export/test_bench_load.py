"""The bench under load: what it compares, and that it finds what is not the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.request import Answer, Request
from lianju.export.bench import company, crowd, waiting
from lianju.export.bench.company import are_same
from lianju.export.bench.engine import Engine, run_together, searches_of
from lianju.export.bench.mixture import mix
from lianju.export.bench.prompts import draw_prompts, plain
from lianju.export.bench.report import Report, Row, Section, skipped
from lianju.export.bundle import BundleOptions, write_bundle

LINE = "黄河远上白云间"


@pytest.fixture
def engine(make_trained, corpus, tmp_path):
    write_bundle(make_trained(), tmp_path / "toy", BundleOptions(corpus=corpus))
    return Engine(load_bundle(tmp_path / "toy"), LINE, threads=1)


@pytest.fixture
def prompts(engine):
    return draw_prompts(engine.composer(), LINE, 70)


def test_prompts_are_different_and_as_long_as_the_line(engine, prompts):
    assert len(set(prompts)) == 70
    assert {len(prompt) for prompt in prompts} == {7}
    assert draw_prompts(engine.composer(), LINE, 70) == prompts


def test_searches_driven_by_hand_find_what_the_composer_finds(engine):
    answer = engine.composer().compose_now(plain(LINE))
    (search,) = run_together(engine.model, searches_of(engine, [plain(LINE)]))
    assert [found.log_prob for found in search.result()] == pytest.approx(
        [candidate.log_prob for candidate in answer.candidates]
    )
    assert len(search.plan.prompt) == engine.prompt_tokens == 9


def test_many_at_once_are_held_to_one_after_another_and_to_their_products(engine, prompts):
    rows = crowd.measure_crowd(engine, prompts, 1).rows
    assert [row.target for row in rows] == [None, 1.5, 1.5, 1.3]
    assert all(row.value > 0 for row in rows)
    lags = crowd.measure_lag(engine, prompts, 1).rows
    assert [row.target for row in lags] == [5, 5]


def test_a_gpu_takes_many_more(engine, monkeypatch):
    monkeypatch.setattr(crowd, "CUDA_CROWD", 80)
    row = crowd._on_cuda(engine, serial_ms=1e6)
    assert (row.met, row.target) == (True, 20)
    assert row.name == "rate of 80 at once over one after another"


def test_waiting_is_held_to_what_is_under_way(engine, prompts):
    behind, refused = waiting.measure_waiting(engine, prompts, 1).rows
    assert "alone + step of" in behind.note
    assert behind.target > 0
    assert refused.target == 1


def test_wide_requests_take_their_steps(engine, prompts):
    steps = waiting.wide_steps(engine, prompts[:2])
    assert len(steps) >= 7
    assert min(steps) > 0


def test_the_mixture_has_every_kind_and_is_the_same_every_time(engine, prompts):
    requests = mix(engine.composer(), prompts, 200)
    assert requests == mix(engine.composer(), prompts, 200)
    assert {request.width for request in requests if request.plain} >= {1, 20}
    assert any(request.width and not request.plain for request in requests)
    assert any(request.sampling for request in requests)
    assert any(request.choosing and request.form == "next" for request in requests)
    assert any(request.form == "jueju" for request in requests)
    assert any(request.heads for request in requests)
    assert {len(request.text) for request in requests} == {0, 5, 7}
    assert len({request.text for request in requests}) < 150


def test_answers_alone_and_in_company_are_the_same(engine, prompts):
    (row,) = company.measure_company(engine, prompts, 12).rows
    assert (row.value, row.met) == (100, True)


def test_another_answer_in_company_is_found(engine, prompts, monkeypatch):
    calls = []

    async def compose(self, request, deadline_s):
        calls.append(request)
        changed = replace(request, length=3) if len(calls) == 5 else request
        return self.compose_now(changed)

    monkeypatch.setattr(company, "mix", lambda composer, lines, count: [plain(LINE)] * count)
    monkeypatch.setattr(Composer, "compose", compose)
    (row,) = company.measure_company(engine, prompts, 20).rows
    assert (row.value, row.met) == (95, False)


def test_scores_may_differ_by_rounding_alone(engine):
    answer: Answer = engine.composer().compose_now(Request(LINE, width=2, plain=True))
    first, *rest = answer.candidates

    def moved(by):
        return replace(answer, candidates=(replace(first, log_prob=first.log_prob + by), *rest))

    assert are_same(answer, moved(5e-5))
    assert not are_same(answer, moved(2e-4))
    assert not are_same(answer, replace(answer, candidates=tuple(rest)))
    assert not are_same(answer, "Nothing is allowed.")
    assert are_same("Nothing is allowed.", "Nothing is allowed.")


@pytest.mark.parametrize(
    ("value", "bound", "met"),
    [
        (5.0, "at most", True),
        (5.01, "at most", False),
        (5.0, "at least", True),
        (4.99, "at least", False),
        (None, "at most", None),
    ],
)
def test_verdicts(value, bound, met):
    row = Row("name", value, "ms", 5.0, bound)
    assert row.met is met
    assert row.as_json()["met"] is met
    assert ("✓" in str(row), "✗" in str(row)) == (met is True, met is False)


def test_a_share_below_all_never_looks_like_all():
    assert "99.99 %" in str(Row("name", 99.999, "%", 100.0, "at least"))


def test_the_report_counts_the_targets_met():
    rows = [Row("one", 1.0, "ms", 2.0), Row("two", 3.0, "ms", 2.0), skipped("three", "ms", "hint")]
    facts = {"bundle": {"name": "toy", "version": "1"}, "precision": "fp32", "provider": "cpu"}
    facts |= {"cores": 2, "threads": 0, "onnxruntime": "1", "repeat": 1}
    report = Report(facts, [Section("title", rows)])
    assert str(report).endswith("1 of 2 targets met")
    assert "hint" in str(report)
    assert [row["section"] for row in report.as_json()["rows"]] == ["title"] * 3
