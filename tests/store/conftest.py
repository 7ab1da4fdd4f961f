import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from lianju.bot import cli
from lianju.bot.store import backup as backup_module
from lianju.bot.store import open_store

from .. import postgres as postgres_module
from ..postgres import own_postgres as own_postgres
from ..postgres import postgres as postgres
from ..sqlite import empty_database as empty_database

FOLDER, NAME = "data 50%20 #1", "联句@home.sqlite3"
DIALECTS = ("sqlite", "postgres")


def pytest_generate_tests(metafunc):
    """Runs tests with each database; those that look at the file with SQLite alone."""
    if "dialect" in metafunc.fixturenames:
        dialects = getattr(metafunc.module, "DIALECTS", DIALECTS)
        if "path" in metafunc.fixturenames:
            dialects = ("sqlite",)
        metafunc.parametrize("dialect", dialects)


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
    return tmp_path / FOLDER / NAME


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path / FOLDER / NAME}"


@pytest.fixture
def url(dialect, request):
    """A database without rows; SQLite's file does not exist yet."""
    if dialect == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


@pytest.fixture
async def store(url, tmp_path, empty_database):
    if (path := tmp_path / FOLDER / NAME).as_posix() in url and not path.exists():
        empty_database(path)
    store = await open_store(url, busy_s=60)
    yield store
    await store.close()


@pytest.fixture
def query(url):
    """Queries the database directly."""
    return lambda sql, *parameters: ask(url, sql, *parameters)


def ask(url, sql, *parameters):
    """Queries a database without the store."""
    if url.startswith("postgresql"):
        return postgres_module.ask(url, sql, *parameters)
    with closing(sqlite3.connect(url.partition("///")[2])) as database:
        return database.execute(sql, parameters).fetchall()


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


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


@pytest.fixture
def lianju(url, capsys, monkeypatch):
    """Runs the command line; returns the exit status, standard output and standard error."""
    monkeypatch.setenv("LIANJU_DATABASE", url)
    monkeypatch.setattr(backup_module, "BUSY_S", 0.05)

    def lianju(*argv):
        capsys.readouterr()
        return (cli.main([str(each) for each in argv]), *capsys.readouterr())

    return lianju
