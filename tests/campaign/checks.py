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

MEMBER, SERVER = 271_828_182_800_000_000, 314_159_265_300_000_000  # their ids begin here
CANARY = "Kanarienvogel"  # in whatever members write in Latin letters
FILES = ("", "-wal", "-shm", "-journal")

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
        members: Ids that any table names.
        lines: The recent lines of all members.
        servers: Servers with settings.
        is_clean: Whether it has been rewritten without what was deleted.
        faults: What is wrong with the file.
    """

    favorites: Counter[Key]
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
    tallies = """SELECT guild_id, line, answer, hearts FROM couplet_hearts
        LEFT JOIN couplet ON couplet.id = couplet_id"""
    if hearts != {tuple(key): number for *key, number in database.execute(tallies)}:
        faults.append("the tallies of verses differ from the favorites")
    tallies = "SELECT guild_id, user_id, hearts FROM member_hearts"
    if received != {tuple(key): number for *key, number in database.execute(tallies)}:
        faults.append("the tallies of members differ from the favorites")
    named = """SELECT user_id FROM favourite UNION SELECT author_id FROM favourite
        UNION SELECT user_id FROM prompt UNION SELECT user_id FROM member_hearts"""
    ((is_clean,),) = database.execute("PRAGMA user_version")
    return Stored(
        Counter(tuple(row[:4]) for row in rows),
        {id_ for (id_,) in database.execute(named) if id_ is not None},
        "".join(line for (line,) in database.execute("SELECT line FROM prompt")),
        {id_ for (id_,) in database.execute("SELECT guild_id FROM server")},
        bool(is_clean),
        faults,
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
