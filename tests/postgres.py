"""A PostgreSQL server of the tests' own, in a folder of its own, and databases on it."""

import asyncio
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from lianju.bot.store import open_store

USER, PASSWORD = "lianju", "it's@secret/50%"
QUOTED = "it%27s%40secret%2F50%25"
TEMPLATE = "empty"
# What is lost in a crash of the machine matters to nobody here. Words are sorted as in a
# dictionary of Chinese, unlike the code points that our tables are to be sorted by.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}
DURABLE = {"fsync": "on", "full_page_writes": "on"}
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh")


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest; None if there are none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
    found = shutil.which("initdb")
    return debian[-1] if debian else Path(found).parent if found else None


class Server:
    """A running server.

    Attributes:
        folder: Has its socket and its files.
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        self.programs = programs
        self._settings = SETTINGS | (DURABLE if durable else {})
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._numbers = itertools.count()

    def set_up(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            account = _account()
            for path in (self.folder, self.folder / "password"):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._run(
            "initdb",
            *("--pgdata", "data", "--no-sync", "--auth=scram-sha-256", "--username", USER),
            *("--pwfile", "password", *LOCALE),
        )
        self.start()
        self.execute("postgres", f"CREATE DATABASE {TEMPLATE}")
        run(_create_tables(self.url(TEMPLATE)))

    def start(self) -> None:
        options = {**self._settings, "port": self.port, "unix_socket_directories": self.folder}
        words = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "start", "--wait", "-D", "data", "-l", "log", "-o", words)

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "--wait", "-D", "data", "-m", mode)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{USER}:{QUOTED}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, sql: str, *parameters: object) -> list[tuple]:
        return ask(self.url(database), sql, *parameters)

    def create(self, options: str = f"TEMPLATE {TEMPLATE} STRATEGY file_copy") -> str:
        """Creates a database, with our tables if nothing else is said, and returns its URL."""
        name = f"test{next(self._numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute("postgres", f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    @contextmanager
    def database(self):
        """The URL of a database that has our tables and no rows."""
        url = self.create()
        yield url
        self.drop(url)

    def dump(self, url: str) -> str:
        """All that a database holds, as text."""
        name = url.rpartition("/")[2]
        dump = self._run("pg_dump", "--host", str(self.folder), "--port", str(self.port), name)
        # Newer versions put random words into two lines.
        return "\n".join(line for line in dump.splitlines() if "restrict " not in line)

    def _run(self, program: str, *arguments: str) -> str:
        account = {}
        if os.geteuid() == 0:  # which the server refuses to run as
            found = _account()
            account = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, "PGUSER": USER},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "pg_dump" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            check=True,
            **account,
        )
        return done.stdout or ""


def _account() -> pwd.struct_passwd:
    names = {each.pw_name for each in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


async def _create_tables(url: str) -> None:
    store = await open_store(url, busy_s=60)
    await store.close()


def ask(url: str, sql: str, *parameters: object) -> list[tuple]:
    """Runs a statement on a connection of its own; parameters are $1, $2 and so on."""
    import asyncpg  # which is an extra

    async def ask() -> list[tuple]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(sql, *parameters)]
        finally:
            await connection.close()

    return run(ask())


def run(coroutine):
    """Runs a coroutine to its end, also where an event loop is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@contextmanager
def running_server(*, durable: bool = False):
    """A server that is stopped and deleted in the end; a durable one loses nothing in a crash."""
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with tempfile.TemporaryDirectory(prefix="lianju-postgres-", ignore_cleanup_errors=True) as name:
        server = Server(programs, Path(name), durable=durable)
        server.set_up()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.stop("immediate")


@pytest.fixture(scope="session")
def postgres():
    """A server that all tests of this process share."""
    with running_server() as server:
        yield server


@pytest.fixture
def own_postgres():
    """A server for one test, which may stop it."""
    with running_server() as server:
        yield server
