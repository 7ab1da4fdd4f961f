"""A SQLite database without rows, made once, of which tests get copies: migrations take time."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lianju.bot.store import open_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """Returns a function that puts a database without rows at a path."""
    made = tmp_path_factory.mktemp("empty") / "empty.sqlite3"

    async def make():
        await (await open_store(f"sqlite+aiosqlite:///{made}")).close()

    # In a thread, as the first test that wants it may run in an event loop of its own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()

    def put(path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(made, path)

    return put
