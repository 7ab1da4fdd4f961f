"""Metrics in the format of Prometheus; the only module that imports its client library."""

import re
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .observer import Observer, Stage

__all__ = ["Collect", "Metrics"]

# Seconds, from one step of the model to the default LIANJU_DEADLINE.
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ROWS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 8192)

# Labels are names in our code, so this bounds only what a later mistake could cost. Ids do not
# begin with a letter.
MAX_VALUES = 100
NAME = re.compile(r"[A-Za-z/][\w /{}:.-]{0,63}", re.ASCII)
OTHER = "other"
REPORT_FAILED, UNANSWERED = "report_failed", "unanswered"

Collect = Callable[[], Iterable[Metric]]
"""Reads what has a value at any time, such as the length of the queue."""


class Metrics(Observer):
    """Counts what it is told, and collects the rest when somebody asks.

    It has a registry of its own: the host of an extension may have another.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self._values: dict[str, set[str]] = {}

        def counter(name: str, help_text: str, *labels: str) -> Counter:
            return Counter(f"lianju_{name}", help_text, labels, registry=registry)

        def gauge(name: str, help_text: str) -> Gauge:
            return Gauge(f"lianju_{name}", help_text, registry=registry)

        def histogram(
            name: str, help_text: str, *labels: str, buckets: tuple[float, ...] = LATENCIES
        ) -> Histogram:
            full = f"lianju_{name}"
            return Histogram(full, help_text, labels, buckets=buckets, registry=registry)

        self._interactions = counter(
            "interactions", "Commands, buttons and autocompletes of Discord.", "command", "outcome"
        )
        self._interaction_s = histogram(
            "interaction_seconds", "Time to deal with an interaction.", "command"
        )
        self._refusals = counter("refusals", "Requests refused, by the error's key.", "reason")
        self._failures = counter("failures", "Failures of which no user is told.", "what")
        stage_s = histogram("stage_seconds", "Time of a request in one stage.", "stage")
        self._stage_s = {stage: stage_s.labels(stage) for stage in get_args(Stage)}
        self._waiting = gauge("requests_waiting", "Requests that wait for the model.")
        self._running = gauge("requests_running", "Requests that the model works on.")
        self._bundle = Info("lianju_bundle", "The bundle that answers.", registry=registry)
        self._step_rows = histogram("step_rows", "Rows of one step of the model.", buckets=ROWS)
        self._step_s = histogram("step_seconds", "Time of one step of the model.")
        self._store_s = histogram(
            "store_seconds", "Time of an operation of the database.", "operation"
        )
        self._store_errors = counter(
            "store_errors", "Operations of the database that failed.", "operation"
        )
        self._http = counter("http_requests", "Requests over HTTP.", "method", "route", "status")
        self._http_s = histogram("http_request_seconds", "Time of a request over HTTP.", "route")
        Info("lianju_build", "The version of Lianju.", registry=registry).info(
            {"version": version("lianju")}
        )

    def interaction_ended(self, command: str, outcome: str, seconds: float) -> None:
        kind = UNANSWERED if REPORT_FAILED in outcome else outcome.partition(":")[0]
        command, outcome = self._bound("command", command), self._bound("outcome", kind)
        self._interactions.labels(command, outcome).inc()
        self._interaction_s.labels(command).observe(seconds)

    def refused(self, reason: str) -> None:
        self._refusals.labels(self._bound("reason", reason)).inc()

    def failed(self, what: str) -> None:
        self._failures.labels(self._bound("what", what)).inc()

    def stage_ended(self, stage: Stage, seconds: float) -> None:
        self._stage_s[stage].observe(seconds)

    def bundle_loaded(self, name: str, version: str, provider: str) -> None:
        self._bundle.info({"name": name, "version": version, "provider": provider})

    def job_arrived(self) -> None:
        self._waiting.inc()

    def job_started(self) -> None:
        self._waiting.dec()
        self._running.inc()

    def job_ended(self, waited_s: float, ran_s: float | None) -> None:
        self.stage_ended("queue", waited_s)
        if ran_s is None:
            self._waiting.dec()
        else:
            self._running.dec()
            self.stage_ended("search", ran_s)

    def step_taken(self, rows: int, seconds: float) -> None:
        self._step_rows.observe(rows)
        self._step_s.observe(seconds)

    def store_used(self, operation: str, seconds: float, *, failed: bool) -> None:
        operation = self._bound("operation", operation)
        self._store_s.labels(operation).observe(seconds)
        if failed:
            self._store_errors.labels(operation).inc()

    def http_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        method, route = self._bound("method", method), self._bound("route", route)
        self._http.labels(method, route, str(status)).inc()
        self._http_s.labels(route).observe(seconds)

    def add(self, collect: Collect) -> None:
        """Adds what is read whenever the metrics are asked for."""
        self._registry.register(_Collector(collect))

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Returns all metrics as text, and the media type.

        Args:
            accept: The media types that are welcome, as in the header of HTTP.
        """
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def _bound(self, label: str, value: str) -> str:
        """Returns the value, or a common one if it is no name or one too many."""
        known = self._values.setdefault(label, set())
        if value not in known:
            if len(known) >= MAX_VALUES or not NAME.fullmatch(value):
                return OTHER
            known.add(value)
        return value


class _Collector(Collector):
    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()
