import json
import sqlite3
from contextlib import closing

import pytest
from lianju.bot import cli
from lianju.bot.store import bench as bench_module
from lianju.bot.store.bench import Report, Row, fill

from .test_against_naive import wrong_tallies


def test_the_filled_database_is_as_large_and_as_uneven_as_said(path):
    fill(path, 5000, 50)
    assert wrong_tallies(path) == []
    with closing(sqlite3.connect(path)) as database:
        sizes = [
            size
            for (size,) in database.execute(
                "SELECT count(*) FROM favourite GROUP BY guild_id ORDER BY 1 DESC"
            )
        ]
        ((seconds,),) = database.execute("SELECT max(kept_at) - min(kept_at) FROM favourite")
    assert sum(sizes) == 5000
    assert len(sizes) == 50
    assert 1.99 < seconds / 86_400 / 365 <= 2
    # The largest of 50 has 1 / (1 + 1/2 + … + 1/50) of all, the second half of that.
    largest = 5000 / sum(1 / n for n in range(1, 51))
    assert sizes[:2] == [pytest.approx(largest, rel=0.05), pytest.approx(largest / 2, rel=0.05)]


def test_every_operation_is_measured_and_the_targets_are_told(capsys):
    command = ["bench-store", "--favorites", "2000", "--servers", "20", "--repeat", "20"]
    assert cli.main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["favorites"], report["servers"], report["repeat"]) == (2000, 20, 20)
    assert len(report["rows"]) == 30
    for row in report["rows"]:
        assert 0 < row["median_ms"] <= row["p95_ms"]
        page = {"couplets", "members", "favorites", "suggest"} & set(
            row["name"].replace(",", "").split()[:1]
        )
        aimless = row["name"].startswith(("start", "write and sync"))
        assert row["target_ms"] == (None if aimless else 10 if page else 5)


def test_the_table_points_at_what_is_missed():
    rows = [Row("slow", 4.0, 10.5, 10.0), Row("quick", 4.0, 9.5, 10.0), Row("start", 1, 2, None)]
    lines = str(Report(10**6, 10**4, 200, 23.4, 200.5, rows)).splitlines()
    assert lines[0].startswith("1000000 favorites, 10000 servers: filled in 23 s, 200 MB")
    assert [line.endswith("MISSED") for line in lines[2:]] == [True, False, False]
    assert "10.50 ms    10 ms  slow" in lines[2]


def test_samples_are_of_servers_by_their_size(path):
    fill(path, 5000, 50)
    sample = bench_module._Sample(path, 400)
    assert sample.servers.count(sample.server) > 400 * 0.15
