"""Metrics as Prometheus reads them."""

import subprocess
import sys

import pytest
from lianju.bot.metrics import MAX_VALUES, OTHER, Metrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse


def samples(metrics):
    text, _ = metrics.exposition()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in parse(text.decode())
        for sample in family.samples
    }


@pytest.fixture
def metrics():
    return Metrics()


def test_what_is_told_is_counted(metrics):
    metrics.interaction_ended("poem", "answered", 0.2)
    metrics.refused("busy-full")
    metrics.failed("purge")
    metrics.store_used("write", 0.01, failed=False)
    metrics.store_used("write", 0.01, failed=True)
    metrics.http_answered("POST", "/v1/compose", 200, 0.1)
    metrics.bundle_loaded("tang-lstm", "4.0.0", "cpu")
    metrics.bundle_loaded("tang-lstm", "4.1.0", "cpu")
    found = samples(metrics)
    assert found["lianju_interactions_total", "answered", "poem"] == 1
    assert found["lianju_interaction_seconds_sum", "poem"] == 0.2
    assert found["lianju_interaction_seconds_bucket", "0.1", "poem"] == 0
    assert found["lianju_interaction_seconds_bucket", "0.25", "poem"] == 1
    assert found["lianju_refusals_total", "busy-full"] == 1
    assert found["lianju_failures_total", "purge"] == 1
    assert found["lianju_store_seconds_count", "write"] == 2
    assert found["lianju_store_errors_total", "write"] == 1
    assert found["lianju_http_requests_total", "/v1/compose", "200", "POST"] == 1
    assert [key[1:] for key in found if key[0] == "lianju_bundle_info"] == [
        ("4.1.0", "cpu", "tang-lstm")
    ]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ("cut-short", "cut-short"),
        ("refused:PromptError", "refused"),
        ("failed:0badcafe", "failed"),
        ("refused:BusyError,report_failed:HTTPException", "unanswered"),
    ],
)
def test_outcome_is_counted_without_its_details(told, outcome, metrics):
    metrics.interaction_ended("poem", told, 1)
    assert samples(metrics)["lianju_interactions_total", *sorted((outcome, "poem"))] == 1


def test_requests_wait_run_and_end(metrics):
    for _ in range(3):
        metrics.job_arrived()
    metrics.job_started()
    metrics.job_started()
    found = samples(metrics)
    assert (found["lianju_requests_waiting",], found["lianju_requests_running",]) == (1, 2)
    metrics.job_ended(0.5, 0.7)
    metrics.job_ended(0.5, 0.7)
    metrics.job_ended(0.5, None)
    found = samples(metrics)
    assert (found["lianju_requests_waiting",], found["lianju_requests_running",]) == (0, 0)
    assert found["lianju_stage_seconds_count", "queue"] == 3
    assert found["lianju_stage_seconds_count", "search"] == 2


def test_labels_have_few_values_whatever_is_told(metrics):
    for number in range(10 * MAX_VALUES):
        metrics.refused(f"reason-{number}")
        metrics.http_answered("GET", f"/{number}", 404, 0)
    labels = {key[1] for key in samples(metrics) if key[0] == "lianju_refusals_total"}
    assert len(labels) == MAX_VALUES + 1
    assert samples(metrics)["lianju_refusals_total", OTHER] == 9 * MAX_VALUES


@pytest.mark.parametrize(
    "odd", ["", "黄河", "913377204558311424", 'x"} 1\n', "a" * 65, "\ud800", "x\\n"]
)
def test_what_is_no_name_becomes_no_label(odd, metrics):
    metrics.refused(odd)
    metrics.failed(odd)
    metrics.interaction_ended(odd, odd, 1)
    metrics.store_used(odd, 1, failed=True)
    metrics.http_answered(odd, odd, 200, 1)
    text, _ = metrics.exposition()
    assert odd == "" or odd.encode("utf-8", "replace") not in text
    assert samples(metrics)["lianju_interactions_total", OTHER, OTHER] == 1


def test_openmetrics_is_written_for_whoever_prefers_it(metrics):
    metrics.interaction_ended("poem", "answered", 0.2)
    text, media_type = metrics.exposition("application/openmetrics-text;version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert {family.name for family in parse_openmetrics(text.decode())} >= {"lianju_interactions"}
    assert metrics.exposition("*/*")[1].startswith("text/plain")


def test_two_bots_in_one_process_count_apart():
    one, other = Metrics(), Metrics()
    one.refused("busy-full")
    assert ("lianju_refusals_total", "busy-full") in samples(one)
    assert ("lianju_refusals_total", "busy-full") not in samples(other)


def test_engine_and_store_need_no_client_of_prometheus():
    code = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "import lianju.bot.cogs, lianju.bot.serve, lianju.bot.store, lianju.bot.verse"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
