"""The campaign finds nothing in a short run, and each of its checks can fail."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import Counter

import pytest
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

from ..discord.fake_discord import TOKEN
from ..discord.interactions import poem
from .__main__ import campaign
from .campaign import Campaign
from .checks import (
    MEMBER,
    SERVER,
    WRITTEN,
    could_delete,
    ids_in_files,
    log_faults,
    read_database,
)
from .conversations import Conversations
from .faulty_discord import FaultyDiscord
from .ledger import Ledger
from .machine import Machine
from .plays import Line, Plays, StoredPlays
from .report import Report
from .watch import Watch

TIMINGS = {"late", "blocked", "deaf", "slow-stop", "unacknowledged", "unanswered"}
RECORD = "2026-11-29 18:20:48,920 INFO lianju.bot.cogs.base: "
KEY = (MEMBER, SERVER, "黄河远上白云间", "一片孤城万仞山")


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_") or name.upper() == "DISCORD_TOKEN":
            monkeypatch.delenv(name)


async def test_short_campaign_finds_no_fault(tmp_path):
    report = await campaign(5, minutes=10, events=30, out=tmp_path)
    assert [fault for fault in report.faults if fault.kind not in TIMINGS] == []
    assert report.total("interactions") > 10
    assert report.counts["database", "checked"] == report.total("ends") >= 1


# --- tables and rounds ---

WROTE, CHOSE = Line("春花秋月何", MEMBER, SERVER), (70, MEMBER)


def plays_of(*, undone=False, again=None):
    plays = Plays()
    plays.write((3, 0), WROTE)
    if again is not None:
        plays.write((3, 0), again)
    if undone:
        plays.loosen(3)
    plays.press(*CHOSE)
    plays.choose(*CHOSE)
    plays.press(70, MEMBER + 1)
    return plays


def stored_plays(lines=None, scores=None, counted=1):
    lines = {(3, 0): WROTE.text} if lines is None else lines
    return StoredPlays(lines, frozenset({70}), {MEMBER: 1} if scores is None else scores, counted)


@pytest.mark.parametrize(
    ("plays", "stored", "fault"),
    [
        (plays_of(), stored_plays(), None),
        (plays_of(), stored_plays(lines={}), "acknowledged line lost"),
        (plays_of(), stored_plays(lines={(3, 0): "x"}), "acknowledged line replaced"),
        (plays_of(undone=True), stored_plays(lines={}), None),
        (plays_of(again=WROTE), stored_plays(), None),
        (
            plays_of(again=Line("x", MEMBER + 1, SERVER)),
            stored_plays(lines={(3, 0): "x"}),
            "two lines in one turn",
        ),
        (plays_of(), stored_plays(scores={}), f"0 guesses of member {MEMBER}"),
        (plays_of(), stored_plays(scores={MEMBER: 2}), f"2 guesses of member {MEMBER}"),
        (plays_of(), stored_plays(scores={MEMBER: 1, MEMBER + 1: 1}, counted=2), None),
        (plays_of(), stored_plays(counted=3), "3 guesses were counted"),
    ],
)
def test_plays_are_compared_with_what_was_acknowledged(plays, stored, fault):
    found = list(plays.differences(stored, lambda member: False, set()))
    assert [each[: len(fault or "")] for each in found] == ([fault] if fault else [])


def test_what_left_or_was_forgotten_may_be_gone():
    missing = stored_plays(lines={}, scores={}, counted=0)
    assert list(plays_of().differences(missing, lambda member: member == MEMBER, set())) == []
    (other,) = plays_of().differences(missing, lambda member: False, {SERVER})
    assert other.startswith("0 guesses")
    rewritten = plays_of(again=Line("x", MEMBER + 1, SERVER))
    found = stored_plays(lines={(3, 0): "x"})
    assert list(rewritten.differences(found, lambda member: member == MEMBER, set())) == []


# --- the log ---

TRACEBACK = f'{RECORD}incident=1\n  File "a.py", line 1, in f\n    f()\n'


@pytest.mark.parametrize(
    ("log", "kinds"),
    [
        (f"{RECORD}command=poem server=1 ms=3 outcome=answered\n", []),
        (f"{TRACEBACK}builtins.KeyError\n", ["traceback"]),
        (f"{TRACEBACK}builtins.KeyError\n{RECORD}more\n", ["traceback"]),
        (f"{RECORD}{TOKEN}\n", ["secret-in-log"]),
        (f"{RECORD}token-1234567890123\n", ["secret-in-log"]),
        (f"{RECORD}user={MEMBER + 7}\n", ["secret-in-log"]),
        (f"{RECORD}server={SERVER + 7}\n", []),
        (f"{RECORD}line=黄\n", ["secret-in-log"]),
        (f"{RECORD}line=kanarienvogel\n", ["secret-in-log"]),
    ],
)
def test_faults_of_the_log(log, kinds):
    assert [kind for kind, _ in log_faults(log)] == kinds


# --- favorites ---


def ledger_of(*outcomes):
    ledger = Ledger()
    for outcome in outcomes:
        ledger.begin(KEY)
        ledger.finish(KEY, outcome)
    return ledger


@pytest.mark.parametrize(
    ("outcomes", "stored", "fault"),
    [
        ([], 0, None),
        (["toggled"], 1, None),
        (["toggled"], 0, "favorite lost"),
        (["toggled"], 2, "favorite doubled"),
        (["toggled", "toggled"], 1, "favorite that nobody keeps"),
        (["toggled", "removed"], 1, "favorite that nobody keeps"),
        (["toggled", "refused"], 0, "favorite lost"),
        (["toggled", "unclear"], 0, None),
        (["toggled", "unclear"], 1, None),
        (["toggled", "unclear", "removed"], 1, "favorite that nobody keeps"),
    ],
)
def test_favorites_are_compared_with_what_was_acknowledged(outcomes, stored, fault):
    differences = list(ledger_of(*outcomes).differences(Counter({KEY: stored} if stored else {})))
    assert [each.split(":")[0] for each in differences] == ([fault] if fault else [])


def test_verse_that_moderators_removed_is_kept_outside():
    ledger, outside = ledger_of("toggled"), (MEMBER, 0, *KEY[2:])
    ledger.begin_removal(KEY[1:])
    assert ledger.begin(KEY) is None
    ledger.finish_removal(KEY[1:], removed=True)
    assert list(ledger.differences(Counter([outside]))) == []
    assert len(list(ledger.differences(Counter([KEY])))) == 2
    assert ledger.begin(KEY) == outside
    ledger.finish(outside, "toggled")
    assert list(ledger.differences(Counter())) == []


def test_removal_that_is_not_known_allows_both():
    ledger = ledger_of("toggled")
    ledger.begin_removal(KEY[1:])
    ledger.finish_removal(KEY[1:], removed=None)
    for stored in ([KEY], [(MEMBER, 0, *KEY[2:])]):
        assert list(ledger.differences(Counter(stored))) == []


def test_favorite_of_a_forgotten_member():
    ledger = ledger_of("toggled")
    ledger.begin(KEY)
    ledger.forget(MEMBER)
    ledger.finish(KEY, "toggled")  # still on its way
    assert list(ledger.differences(Counter())) == []
    (difference,) = ledger.differences(Counter([KEY]))
    assert difference.startswith("favorite of a forgotten member")


@pytest.fixture
async def database(tmp_path):
    """A database in which one member keeps one verse."""
    path = tmp_path / "lianju.sqlite3"
    store = await open_store(f"sqlite+aiosqlite:///{path}")
    await store.favorites.toggle(MEMBER, SERVER, Verse(*KEY[2:]), MEMBER + 1, 0)
    await store.close()
    return path


async def test_database_is_read(database):
    stored = read_database(database)
    assert stored.favorites == {KEY: 1}
    assert stored.members == {MEMBER, MEMBER + 1}
    assert stored.faults == []
    assert set(ids_in_files(database, [MEMBER, MEMBER + 1, MEMBER + 2])) == {MEMBER, MEMBER + 1}


async def test_changed_database_is_a_fault(database, tmp_path):
    report = Report(1, "again", tmp_path / "out")
    fake = FaultyDiscord()
    (tmp_path / "bundle-of-nothing").mkdir()
    machine = Machine(tmp_path, tmp_path / "bundle-of-nothing", disk_is_small=False)
    machine.database = database
    checked = Campaign(fake, machine, report, 100)
    checked._ledger.begin(KEY)
    checked._ledger.finish(KEY, "toggled")
    checked._ledger.forget(MEMBER + 1)
    with sqlite3.connect(database) as other:
        other.execute("UPDATE couplet_hearts SET hearts = 2")
    checked._check_database(set(), "")  # not rewritten yet: the bytes may be there a little longer
    assert [fault.kind for fault in report.faults] == ["database", "forgotten"]
    with other:
        other.execute("UPDATE couplet_hearts SET hearts = 1")
        other.execute("PRAGMA user_version = 1")
    other.close()
    checked._check_database(set(), "")
    assert [fault.kind for fault in report.faults[2:]] == ["forgotten", "forgotten-bytes"]
    database.write_bytes(b"SQLite format 3\0" * 100)
    checked._check_database(set(), "")
    assert [fault.kind for fault in report.faults[4:]] == ["database"]


# --- answers ---


class SlowWatch(Watch):
    """Measures four seconds, whatever it measures."""

    def waited(self, since):
        return 4.0


async def test_silence_delay_and_repetition_are_faults(monkeypatch):
    monkeypatch.setattr(sys.modules[Conversations.__module__], "ANSWER_S", 0)
    report, fake = Report(1, "again"), FaultyDiscord()
    ended = asyncio.get_running_loop().create_future()

    async def send(payload):
        return fake.exchange(payload)

    fake.connected.set()
    monkeypatch.setattr(fake, "send", send)
    conversations = Conversations(fake, report, SlowWatch(os.getpid()), ended)
    exchange = await conversations.hold("poem", 7, fake.interaction(poem("黄河")))
    assert [(fault.kind, fault.event) for fault in report.faults] == [("unacknowledged", 7)]
    fake.acknowledged(exchange)
    assert [fault.kind for fault in report.faults[1:]] == ["late"]
    exchange.type, exchange.original, exchange.followups = (
        4,
        {"id": "1", "flags": 0, "content": "1"},
        [{"id": "2", "flags": 0, "content": "2"}],
    )
    conversations.close(finished=True)
    assert [fault.kind for fault in report.faults[2:]] == ["answered-twice"]


# --- inside the process, and its surroundings ---

SLOW = """
import asyncio, time

async def compute_too_long():
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass

print(time.time())
asyncio.run(compute_too_long())
"""


def test_slow_callbacks_and_the_clock(tmp_path):
    (tmp_path / "empty").mkdir()
    machine = Machine(tmp_path, tmp_path / "empty", disk_is_small=False)
    machine.set_clock(-1_000_000_000)
    environment = {name: str(value) for name, value in machine.environment.items()}
    done = subprocess.run(
        [sys.executable, "-c", SLOW],
        env=os.environ | environment,
        capture_output=True,
        check=True,
        text=True,
    )
    assert 0 < float(done.stdout) < 1_000_000_000
    (line,) = machine.take_blocks()
    assert "compute_too_long" in line
    assert machine.take_blocks() == []


def test_fault_has_a_reproduction(tmp_path):
    report = Report(3, "python -m tests.campaign --seed 3", tmp_path / "out")
    report.fault("late", 12, "after \ud800 s", "first\nlast")
    (file,) = (tmp_path / "out").iterdir()
    text = file.read_text(encoding="utf-8")
    assert text.startswith("seed 3, event 12: late\n")
    assert text.endswith("--seed 3 --events 62\n\nfirst\nlast\n")
    assert report.table().splitlines()[-1].split() == ["late", "1"]


def test_events_depend_on_the_seed_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    machine = Machine(tmp_path, tmp_path / "empty", disk_is_small=False)
    dice = [
        Campaign(FaultyDiscord(), machine, Report(seed, ""), 100)._dice("event 9").random()
        for seed in (1, 1, 2)
    ]
    assert dice[0] == dice[1] != dice[2]


ONLINE = "2026-01-01 00:00:00,000 INFO lianju.bot.client: online shards=1 servers=6\n"
ANSWERED = (
    "2026-01-01 00:00:01,000 INFO lianju.bot.cogs.base: command=heart server=1 outcome=answered\n"
)
STOPPING = "2026-01-01 00:00:02,000 INFO lianju.bot.serve: stopping\n"
FULL = "2026-01-01 00:00:00,500 ERROR lianju.bot.store.sqlite: the disk is full.\n"


@pytest.mark.parametrize(
    ("log", "could"),
    [
        (ONLINE + ANSWERED * WRITTEN, True),
        (FULL + ONLINE + ANSWERED * WRITTEN + STOPPING, True),
        (ANSWERED * WRITTEN, False),
        (ONLINE + ANSWERED.replace("heart", "poem") * WRITTEN, False),
        (ONLINE + ANSWERED * (WRITTEN - 1) + STOPPING + ANSWERED, False),
        (ONLINE + FULL + ANSWERED * WRITTEN, False),
    ],
)
def test_settings_must_be_gone_only_if_there_was_time_and_a_database(log, could):
    assert could_delete(log) == could
