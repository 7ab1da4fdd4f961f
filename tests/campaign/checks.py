"""What is checked after each end of the process: its log, and the files of the database."""

import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..discord.fake_discord import TOKEN
from .ledger import Key
from .plays import StoredPlays

MEMBER, SERVER = 271_828_182_800_000_000, 314_159_265_300_000_000  # their ids begin here
CANARY = "Kanarienvogel"  # in whatever members write in Latin letters
FILES = ("", "-wal", "-shm", "-journal")

# Rows that there must be none of.
IMPOSSIBLE = {
    "a poem has a gap": """SELECT table_id FROM linked_line
        GROUP BY table_id HAVING max(number) + 1 <> count(*)""",
    "guesses of a round whose result was shown": """SELECT user_id FROM guess
        JOIN guess_round ON guess_round.id = round_id WHERE shown = 1""",
    "more guesses of members than of all": """SELECT 1 WHERE
        (SELECT sum(guesses) FROM guess_score) > (SELECT sum(guesses) FROM guess_figure)""",
}
WRITTEN = 20  # answers after a write to the database, before which no other write still waits
WRITE = re.compile(r" command=(?:heart|forget|settings reset|unfavou?rite) .* outcome=answered")
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
SECRETS = {
    "token": re.compile(re.escape(TOKEN)),
    "interaction's token": re.compile(r"token-\d{10,}"),
    "member": re.compile(r"2718281828\d{8}"),
    "user's text": re.compile(rf"{CANARY}|[\u2e80-\U0003ffff]", re.IGNORECASE),
}


def log_records(log: str) -> Iterator[list[str]]:
    """The lines of each record."""
    record: list[str] = []
    for line in log.splitlines():
        if RECORD.match(line) and record:
            yield record
            record = []
        record.append(line)
    if record:
        yield record


def could_delete(log: str) -> bool:
    """Whether a process was online and wrote for a while, to a database that worked.

    Its clock is no measure of the while: it jumps.
    """
    _, _, online = log.partition(": online shards=")
    serving, _, _ = online.partition(" lianju.bot.serve: stopping")
    return len(WRITE.findall(serving)) >= WRITTEN and " ERROR lianju.bot.store" not in serving


def log_faults(log: str) -> Iterator[tuple[str, str]]:
    """What the log must not have, by kind."""
    for name, pattern in SECRETS.items():
        if found := pattern.search(log):
            start = log.rfind("\n", 0, found.start()) + 1
            yield "secret-in-log", f"{name} in the log: {log[start : start + 300]!r}"
    for record in log_records(log):
        if any(line.startswith(("  File ", "Traceback ")) for line in record):
            yield "traceback", "\n".join(record)


@dataclass(frozen=True)
class Stored:
    """What a database file holds.

    Attributes:
        favorites: Of each member, with how often each is stored.
        plays: Tables and rounds.
        members: Ids that any table names.
        lines: The recent lines of all members.
        servers: Servers with settings.
        is_clean: Whether it has been rewritten without what was deleted.
        faults: What is wrong with the file.
    """

    favorites: Counter[Key]
    plays: StoredPlays
    members: set[int]
    lines: str
    servers: set[int]
    is_clean: bool
    faults: list[str]


def read_database(path: Path) -> Stored:
    """Reads a copy of a database, so that the bot itself recovers the original."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for suffix in ("", "-wal"):
            if (file := path.with_name(path.name + suffix)).exists():
                shutil.copyfile(file, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as database:
            return _read(database)


def _read(database: sqlite3.Connection) -> Stored:
    faults = [text for (text,) in database.execute("PRAGMA integrity_check") if text != "ok"]
    rows = database.execute(
        """SELECT user_id, guild_id, line, answer, author_id FROM favourite
        LEFT JOIN couplet ON couplet.id = couplet_id"""
    ).fetchall()
    hearts = Counter((guild, line, answer) for _, guild, line, answer, _ in rows)
    received = Counter(
        (guild, author) for user, guild, *_, author in rows if author not in (None, user)
    )
    wrote = "SELECT guild_id, user_id FROM favourite_writer WHERE user_id <> keeper_id"
    received.update(database.execute(wrote))
    tallies = """SELECT guild_id, line, answer, hearts FROM couplet_hearts
        LEFT JOIN couplet ON couplet.id = couplet_id"""
    if hearts != {tuple(key): number for *key, number in database.execute(tallies)}:
        faults.append("the tallies of verses differ from the favorites")
    tallies = "SELECT guild_id, user_id, hearts FROM member_hearts"
    if received != {tuple(key): number for *key, number in database.execute(tallies)}:
        faults.append("the tallies of members differ from the favorites")
    named = """SELECT user_id FROM favourite UNION SELECT author_id FROM favourite
        UNION SELECT user_id FROM prompt UNION SELECT user_id FROM member_hearts
        UNION SELECT user_id FROM favourite_writer UNION SELECT keeper_id FROM favourite_writer
        UNION SELECT host_id FROM linked_table UNION SELECT user_id FROM linked_player
        UNION SELECT user_id FROM linked_line UNION SELECT user_id FROM guess
        UNION SELECT user_id FROM guess_score UNION SELECT host_id FROM guess_round"""
    faults += [what for what, query in IMPOSSIBLE.items() if database.execute(query).fetchall()]
    ((is_clean,),) = database.execute("PRAGMA user_version")
    return Stored(
        Counter(tuple(row[:4]) for row in rows),
        _read_plays(database),
        {id_ for (id_,) in database.execute(named) if id_ is not None},
        "".join(line for (line,) in database.execute("SELECT line FROM prompt")),
        {id_ for (id_,) in database.execute("SELECT guild_id FROM server")},
        bool(is_clean),
        faults,
    )


def _read_plays(database: sqlite3.Connection) -> StoredPlays:
    lines = database.execute("SELECT table_id, number, text FROM linked_line")
    ended = database.execute("SELECT id FROM guess_round WHERE ended = 1")
    ((counted,),) = database.execute("SELECT coalesce(sum(guesses), 0) FROM guess_figure")
    return StoredPlays(
        {(table, number): text for table, number, text in lines},
        frozenset(id_ for (id_,) in ended),
        dict(database.execute("SELECT user_id, sum(guesses) FROM guess_score GROUP BY user_id")),
        counted,
    )


def ids_in_files(path: Path, ids: Iterable[int]) -> dict[int, str]:
    """Which ids the bytes of a database have, each with the files."""
    files = [path.with_name(path.name + suffix) for suffix in FILES]
    contents = {file.name: file.read_bytes() for file in files if file.exists()}
    found = {}
    for id_ in ids:
        encoded = id_.to_bytes(8, "big"), str(id_).encode()  # as SQLite stores it, and in text
        names = [name for name, content in contents.items() if any(e in content for e in encoded)]
        if names:
            found[id_] = " ".join(names)
    return found
