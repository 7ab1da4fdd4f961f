"""What is calculated for many servers, beside figures worked out by hand."""

from click.testing import CliRunner

from .scaling import Assumptions, main, needs

GIVEN = Assumptions(
    answers=8.64,  # 100 a second from a million servers
    hearts=0.5,
    peak=2.0,
    rate=20.0,
    load=0.5,
    bot_ms=10.0,
    bot_mb=100.0,
    server_kb=20.0,
    shard=1000,
    shards=50,
    concurrency=0,
    favorite_bytes=500.0,
    writes=3.0,
)


def test_a_million_servers():
    found = needs(1_000_000, GIVEN)
    assert (found.shards, found.online_s) == (1000, 63 * 5)  # 16 at once
    assert round(found.peak, 6) == 200
    assert found.replicas == 20  # of which each does 10 a second
    assert found.bots == 20  # 50 shards each; 200 answers and 100 hearts keep only 3 cores busy
    assert round(found.bot_mb, 6) == 100 + 50_000 * 0.02
    assert round(found.writes, 6) == 700
    assert round(found.stored_gb, 1) == round(8.64e6 * 0.5 * 365 * 500 / 1e9, 1)


def test_few_servers_need_one_of_each():
    found = needs(1, GIVEN)
    assert (found.shards, found.online_s, found.replicas, found.bots) == (1, 5, 1, 1)


def test_bots_may_be_what_is_short():
    busy = needs(1_000_000, Assumptions(**{**vars(GIVEN), "bot_ms": 100.0}))
    assert busy.bots == 60  # 30 cores, each half busy


def test_assumptions_are_options():
    done = CliRunner().invoke(main, ["--servers", "1000000", "--answers", "8.64", "--peak", "2"])
    assert done.exit_code == 0
    assert "200.0" in done.stdout
