"""Constraints of the database, and migrations that lead to the declared schema."""

import sqlite3
from contextlib import closing

import pytest
from lianju.bot.guild_settings import BEAM_SIZE, CANDIDATES, CHANNELS, COOLDOWN, SCRIPTS
from lianju.bot.i18n import LANGUAGES
from lianju.bot.store.database_file import create_or_migrate
from lianju.bot.store.tables import metadata
from sqlalchemy import create_engine

SCHEMA = """
SELECT type, name, tbl_name, sql FROM sqlite_master
WHERE tbl_name <> 'alembic_version' AND name NOT LIKE 'sqlite_%' ORDER BY type, name
"""


@pytest.fixture
def database(path):
    create_or_migrate(path, 1).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        yield database


def refused(database, statement, *parameters):
    with pytest.raises(sqlite3.IntegrityError) as error:
        database.execute(statement, parameters)
    return str(error.value)


def test_migrations_lead_to_the_tables_and_triggers(database, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/created.sqlite3")
    metadata.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "created.sqlite3")) as created:
        wanted, found = (
            [
                (kind, name, table, " ".join(sql.split()))
                for kind, name, table, sql in each.execute(SCHEMA)
            ]
            for each in (created, database)
        )
    assert found == wanted
    kinds = [kind for kind, *_ in found]
    assert kinds.count("table") == len(metadata.tables)
    assert kinds.count("trigger") == 8


SERVER = "INSERT INTO server VALUES (?, ?, ?, ?, ?, ?, ?)"
GOOD = {
    "guild_id": 5,
    "beam_size": 10,
    "candidates": 5,
    "cooldown_s": 5,
    "script": "auto",
    "language": "auto",
    "linked_tables": 1,
}


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("beam_size", {BEAM_SIZE.high}, {BEAM_SIZE.low - 1, BEAM_SIZE.high + 1, None, "five"}),
        (
            "candidates",
            {CANDIDATES.low, CANDIDATES.high},
            {CANDIDATES.low - 1, CANDIDATES.high + 1},
        ),
        ("cooldown_s", {COOLDOWN.low, COOLDOWN.high}, {COOLDOWN.low - 1, COOLDOWN.high + 1, 1.5}),
        ("script", set(SCRIPTS), {"", "Simplified", 1}),
        ("language", {"auto", *LANGUAGES}, {"fr", "zh", None}),
        ("guild_id", {1, 2**63 - 1}, {0, -1}),
    ],
)
def test_guild_settings_have_the_bounds_of_the_dataclass(database, column, good, bad):
    for value in good:
        database.execute(SERVER, tuple((GOOD | {column: value}).values()))
        database.execute("DELETE FROM server")
    for value in bad:
        refused(database, SERVER, *(GOOD | {column: value}).values())


def test_candidates_must_not_exceed_the_beam_size(database):
    assert "candidates_fit_beam" in refused(
        database, SERVER, *(GOOD | {"beam_size": 4, "candidates": 5}).values()
    )


def test_channels_are_bounded_unique_and_deleted_with_their_server(database):
    channel = "INSERT INTO channel VALUES (?, ?, ?)"
    assert "FOREIGN KEY" in refused(database, channel, 5, 1, 1)
    database.execute(SERVER, tuple(GOOD.values()))
    for number in range(1, CHANNELS.high + 1):
        database.execute(channel, (5, number, 100 + number))
    refused(database, channel, 5, CHANNELS.high + 1, 1)
    database.execute("DELETE FROM channel WHERE number = 1")
    assert "UNIQUE" in refused(database, channel, 5, 1, 102)
    refused(database, channel, 5, 1, 0)
    database.execute("DELETE FROM server")
    assert database.execute("SELECT count(*) FROM channel").fetchone() == (0,)


def test_favorites_are_unique_and_only_lose_their_author(database):
    favorite = "INSERT INTO favourite VALUES (?, ?, ?, ?, ?, ?)"
    assert "FOREIGN KEY" in refused(database, favorite, None, 1, 5, 1, 2, 9)
    database.execute("INSERT INTO couplet VALUES (1, 'a', 'b')")
    assert "UNIQUE" in refused(database, "INSERT INTO couplet VALUES (2, 'a', 'b')")
    refused(database, "INSERT INTO couplet VALUES (2, 'a', '')")
    database.execute(favorite, (None, 1, 5, 1, 2, 9))
    assert "UNIQUE" in refused(database, favorite, None, 1, 5, 1, 3, 10)
    refused(database, favorite, None, 1, -1, 1, 2, 9)
    refused(database, favorite, None, 1, None, 1, 2, 9)
    for change in ("author_id = 4", "kept_at = 1", "user_id = 3", "guild_id = 0", "id = 9"):
        assert "nothing else" in refused(database, f"UPDATE favourite SET {change}")  # noqa: S608
    database.execute("UPDATE favourite SET author_id = NULL")
    assert database.execute("SELECT * FROM member_hearts").fetchall() == []
    refused(database, "DELETE FROM couplet")


def test_ids_are_never_reused(database):
    database.execute("INSERT INTO couplet VALUES (1, 'a', 'b')")
    for wanted in (1, 2):
        database.execute(
            "INSERT INTO favourite (user_id, guild_id, couplet_id, kept_at) VALUES (1, 5, 1, 9)"
        )
        assert database.execute("SELECT id FROM favourite").fetchall() == [(wanted,)]
        if wanted == 1:
            database.execute("INSERT INTO couplet VALUES (2, 'c', 'd')")
            database.execute("DELETE FROM favourite")
            database.execute("INSERT INTO couplet VALUES (1, 'a', 'b')")
