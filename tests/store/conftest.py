import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from lianju.bot.store import open_store


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    """An empty working folder, and an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_"):
            monkeypatch.delenv(name)


@pytest.fixture
def path(tmp_path):
    """The database's path, with characters that need care in URLs."""
    return tmp_path / "data 50%20 #1" / "联句@home.sqlite3"


@pytest.fixture
def url(path):
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def store(url):
    store = await open_store(url, busy_s=60)
    yield store
    await store.close()


@pytest.fixture
def query(path):
    """Queries the database file directly."""

    def query(sql, *parameters):
        with closing(sqlite3.connect(path)) as database:
            return database.execute(sql, parameters).fetchall()

    return query


@pytest.fixture
def bot(url):
    """A process that keeps the database open and writes to it."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("writer.py"), url],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()
