"""Faults of the machine: its clock, its disk, its database file, the bundle on it."""

import asyncio
import os
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..verse.toy import read_manifest, write_manifest

INSIDE = Path(__file__).parent / "inside"
DISK = "8m"
CHUNK = bytes(64 * 1024)


class Machine:
    """The folder of a bot, and what can go wrong there.

    Args:
        folder: An empty one.
        bundle: The bundle, which is copied.
        disk_is_small: Whether the database is on a disk of its own, which may be full.

    Attributes:
        database: The file.
        readers: How many others read or write it just now.
        is_dead: Set while no process runs; nothing is then kept any longer.
        bundle: The copy, which may be damaged.
        skipped: What this machine does not allow, and why.
    """

    def __init__(self, folder: Path, bundle: Path, disk_is_small: bool) -> None:
        self._pristine, self.bundle = bundle, folder / "bundle"
        self._versions = self.readers = 0
        self.is_dead = asyncio.Event()
        self._disk = folder / "disk" if disk_is_small else None
        data = self._disk or folder / "data"
        data.mkdir(0o700, exist_ok=True)
        self.database = data / "lianju.sqlite3"
        self._offset, self._blocks = folder / "clock", folder / "blocks"
        self.skipped: dict[str, str] = {}
        if self._disk is None:
            self.skipped["full disk"] = "no small disk could be mounted"
        self.set_clock(0)
        self.heal_bundle()

    @property
    def environment(self) -> dict[str, object]:
        """Variables that give the bot a clock which can be set; the monotonic one goes on."""
        paths = [str(INSIDE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "PYTHONPATH": os.pathsep.join(paths),
            "CAMPAIGN_CLOCK": self._offset,
            "CAMPAIGN_BLOCKS": self._blocks,
        }

    def set_clock(self, offset_s: int) -> None:
        """Sets the clock so many seconds before or after the true time."""
        with self._offset.open("r+b" if self._offset.exists() else "wb") as file:
            file.write(struct.pack("<q", offset_s))

    def take_blocks(self) -> list[str]:
        """The callbacks that kept the event loop, since this was asked before."""
        if not self._blocks.exists():
            return []
        lines = self._blocks.read_text(encoding="utf-8").splitlines()
        self._blocks.unlink()
        return lines

    def heal_bundle(self) -> None:
        """Replaces the bundle by another version that is in order."""
        shutil.rmtree(self.bundle, ignore_errors=True)
        shutil.copytree(self._pristine, self.bundle)
        if self._versions:
            manifest = read_manifest(self.bundle)
            write_manifest(self.bundle, manifest | {"version": f"0.1.{self._versions}"})
        self._versions += 1

    def damage_bundle(self, how: int) -> None:
        """Damages the bundle in one of several ways."""
        graph, vocabulary = self.bundle / "step.onnx", self.bundle / "vocab.txt"
        match how % 5:
            case 0:
                vocabulary.write_text("altered", encoding="utf-8")
            case 1:
                graph.unlink(missing_ok=True)
            case 2:
                content = bytearray(graph.read_bytes())
                content[len(content) // 2] ^= 0xFF
                graph.write_bytes(content)
            case 3:
                (self.bundle / "manifest.json").write_text("{", encoding="utf-8")
            case 4:
                shutil.rmtree(self.bundle)

    async def lock_database(self, seconds: float) -> bool:
        """Holds the write lock for some time; returns whether it was free."""
        with self._other() as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            await self._hold(seconds)
            other.execute("ROLLBACK")
        return True

    async def read_database(self, seconds: float) -> None:
        """Holds a read transaction for some time, so that the write-ahead log has to grow."""
        with self._other() as other:
            other.execute("BEGIN")
            with suppress(sqlite3.OperationalError):
                other.execute("SELECT count(*) FROM favourite").fetchone()
            await self._hold(seconds)

    async def _hold(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.is_dead.wait()

    @contextmanager
    def _other(self) -> Iterator[sqlite3.Connection]:
        """A connection beside the bot's."""
        self.readers += 1
        try:
            with closing(sqlite3.connect(self.database, 0, isolation_level=None)) as other:
                yield other
        finally:
            self.readers -= 1

    async def fill_disk(self, seconds: float) -> None:
        """Leaves no room on the disk of the database for some time."""
        ballast = self.database.with_name("ballast")
        try:
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while file.write(CHUNK):
                    pass
            await self._hold(seconds)
        finally:
            ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mounts a small disk at `disk` in a folder, and says whether that was allowed."""
    disk = folder / "disk"
    disk.mkdir(0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "lianju-campaign", str(disk)]
    allowed = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = allowed and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)
