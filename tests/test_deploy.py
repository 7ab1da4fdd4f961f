"""The files of `docs/deploy` agree with the code: metrics, settings, extras, deadlines."""

import configparser
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from lianju.bot.cli import cli
from lianju.bot.metrics import Metrics
from lianju.bot.monitor import Watch
from lianju.bot.serve import GRACE_S
from lianju.bot.settings import Settings, variable
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SERIES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "info": ("_info",),
    "unknown": ("",),
}
PROMETHEUS_OWN = {"up"}

every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


def read_yaml(name):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


class NoBot:
    """A bot that is not online."""

    shards, guilds, running, shard_ids, shard_count = {}, (), 0, None, None


@pytest.fixture(scope="module")
def names():
    """Every series that `/metrics` of a bot or of the HTTP interface has, or will have."""
    metrics = Metrics()
    metrics.add(Watch(NoBot()).metrics)
    text, _ = metrics.exposition()
    return PROMETHEUS_OWN | {
        family.name + ending
        for family in text_string_to_metric_families(text.decode())
        for ending in SERIES[family.type]
        if not family.name.endswith("_created")
    }


def metrics_in(expression):
    """The names of series in an expression of PromQL."""
    text = re.sub(r'"[^"]*"', "", expression)  # values of labels
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(by|without)\s*\([^)]*\)", "", text)
    return set(re.findall(r"[a-z_][a-z0-9_]*(?![a-z0-9_]*\s*\()", text)) - {"and", "or"}


def expressions(panels):
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from expressions(panel.get("panels", ()))


def test_names_in_expressions_are_found():
    expression = 'sum by (le, x) (rate(a_b_bucket{c="d(e",f=~"$g"}[$__rate_interval])) / up > 0.5'
    assert metrics_in(expression) == {"a_b_bucket", "up"}


def test_dashboard_shows_metrics_that_exist(names):
    dashboard = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    found = set().union(*map(metrics_in, expressions(dashboard["panels"])))
    assert found - names == set()
    lianju = {name for name in names if name.startswith("lianju_")}
    shown = {re.sub("_(bucket|count|sum)$", "", name) for name in found}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in lianju} - shown == set()


def test_dashboard_can_be_imported_anywhere():
    dashboard = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    assert dashboard["uid"]
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    used = set(re.findall(r"\$(\w+)", " ".join(expressions(panels))))
    assert used - {"__rate_interval"} <= set(variables)


def test_alerts_ask_for_metrics_that_exist(names):
    (group,) = read_yaml("prometheus/alerts.yml")["groups"]
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"])
    for rule in group["rules"]:
        assert metrics_in(rule["expr"]) - names == set(), rule["alert"]
        assert rule["labels"]["severity"]
        assert rule["annotations"]["summary"].endswith(".")


def test_prometheus_scrapes_the_services_of_the_compose_file():
    config, services = read_yaml("prometheus/prometheus.yml"), read_yaml("compose.yaml")["services"]
    assert all((DEPLOY / "prometheus" / name).exists() for name in config["rule_files"])
    jobs = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"]}
    assert {name for job in jobs.values() for name in job["names"]} <= set(services)
    monitor = services["bot"]["environment"]["LIANJU_MONITOR"]
    assert monitor.endswith(f":{jobs['lianju-bot']['port']}")
    assert f"--metrics-export-port={jobs['ray']['port']}" in services["ray-worker"]["command"]


def test_compose_file_sets_settings_that_exist():
    compose = read_yaml("compose.yaml")
    known = {variable(field) for field in Settings.model_fields}
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
    )
    for service in compose["services"].values():
        if "lianju" in service["image"]:
            names = set(service.get("environment", ()))
            assert {name for name in names if not name.startswith("RAY_")} <= known
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / "Dockerfile").resolve().exists()
            assert set(service["build"]["args"]["EXTRAS"].split(",")) <= extras
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists(), source
        assert set(service.get("depends_on", ())) <= set(compose["services"])


def seconds(value):
    return float(str(value).removesuffix("s"))


def test_whoever_stops_the_bot_waits_long_enough():
    least = Settings.model_fields["deadline"].default + GRACE_S
    bot = read_yaml("compose.yaml")["services"]["bot"]
    assert seconds(bot["stop_grace_period"]) > least
    for unit in UNITS:
        assert seconds(read_unit(unit)["Service"]["TimeoutStopSec"]) > least


def read_unit(unit):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(unit, encoding="utf-8")
    return parser


@every_unit
def test_unit_runs_a_command_that_exists_with_settings_that_exist(unit):
    service = read_unit(unit)["Service"]
    program, name, *words = service["ExecStart"].split()
    assert Path(program).name == "lianju"
    command = cli.get_command(click.Context(cli), name)
    command.make_parser(click.Context(command)).parse_args(words)
    known = {variable(field) for field in Settings.model_fields}
    assert set(re.findall(r"LIANJU_\w+|SENTRY_DSN", unit.read_text(encoding="utf-8"))) <= known


@every_unit
def test_unit_may_write_in_its_own_folder_only(unit):
    service = read_unit(unit)["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["DynamicUser"] == service["NoNewPrivileges"] == "yes"
    folder = f"/var/lib/{service['StateDirectory']}"
    assert service["WorkingDirectory"] == folder
    for path in re.findall(r"sqlite\+aiosqlite:///(/\S+)", unit.read_text(encoding="utf-8")):
        assert path.startswith(f"{folder}/")


@every_unit
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_understands_the_unit(unit, tmp_path):
    program = tmp_path / "lianju"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = unit.read_text(encoding="utf-8").replace("/opt/lianju/bin/lianju", str(program))
    copy = tmp_path / unit.name
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert ours == []
