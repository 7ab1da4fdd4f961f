"""`lianju backup` and `lianju restore` on the command line."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.store import StoreError, open_store
from lianju.bot.store import backup as backup_module
from lianju.bot.verses import Verse

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file


@pytest.fixture
def refused(lianju):
    def refused(*argv):
        """Returns the one sentence with which a command fails."""
        status, out, err = lianju(*argv)
        assert (status, out) == (2, "")
        assert err.startswith("lianju: ")
        assert err.count("\n") == 1
        return err.removeprefix("lianju: ").removesuffix("\n")

    return refused


@pytest.fixture
def fill(url):
    """Opens the database, keeps so many favorites for user 1, and closes it."""

    def fill(count, first=0):
        async def keep():
            store = await open_store(url, busy_s=60)
            for number in range(first, first + count):
                await store.favorites.toggle(1, 5, Verse("行", f"列{number}"), 2, number)
            await store.close()

        asyncio.run(keep())

    return fill


@pytest.fixture
def kept(url):
    """The answers that user 1 keeps, as the bot sees them after its next start."""

    def kept(file=None):
        async def read():
            store = await open_store(f"sqlite+aiosqlite:///{file}" if file else url, busy_s=60)
            everything = await store.favorites.all(1)
            await store.close()
            return [each.verse.answer for each in everything]

        return asyncio.run(read())

    return kept


def sentence(key, path):
    return str(StoreError(key, path=str(path)))


def siblings(path):
    return sorted(each.name for each in path.parent.iterdir())


class TestBackup:
    def test_copy_is_complete_and_one_file_while_the_bot_writes(self, lianju, bot, tmp_path):
        acknowledged = [int(bot.stdout.readline()) for _ in range(30)]
        copy = tmp_path / "copy.sqlite3"
        status, out, err = lianju("backup", copy)
        assert (status, err) == (0, "")
        assert str(copy) in out
        assert bot.poll() is None
        assert [each.name for each in tmp_path.glob("copy*")] == [copy.name]
        with closing(sqlite3.connect(copy)) as database:
            (count,) = database.execute("SELECT count(*) FROM favourite").fetchone()
            times = database.execute("SELECT kept_at FROM favourite ORDER BY 1").fetchall()
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            # With a write-ahead log it could not be read from where nothing can be written.
            assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert count >= len(acknowledged)
        assert times == [(number,) for number in range(count)]

    def test_existing_file_is_replaced_only_with_force(self, lianju, refused, fill, kept, tmp_path):
        copy = tmp_path / "copy.sqlite3"
        fill(1)
        assert lianju("backup", copy)[0] == 0
        fill(1, first=1)
        assert refused("backup", copy) == sentence("backup-exists", copy)
        assert kept(copy) == ["列0"]
        assert lianju("backup", "--force", copy)[0] == 0
        assert kept(copy) == ["列0", "列1"]

    def test_database_itself_is_refused_as_target(self, refused, fill, kept, path, tmp_path):
        fill(1)
        (tmp_path / "link").symlink_to(path)
        os.link(path, tmp_path / "hard")
        for name in (path, tmp_path / "link", tmp_path / "hard"):
            assert refused("backup", "--force", name) == sentence("backup-same-file", name)
        assert kept() == ["列0"]

    def test_what_is_no_regular_file_is_never_replaced(self, refused, fill, tmp_path):
        fill(1)
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "to-pipe").symlink_to("pipe")
        for name in (tmp_path / "pipe", tmp_path / "to-pipe", "/dev/null"):
            assert refused("backup", "--force", name) == sentence("backup-not-a-file", name)
        assert (tmp_path / "pipe").is_fifo()
        assert (tmp_path / "to-pipe").is_symlink()

    @pytest.mark.parametrize("exists", [True, False])
    def test_copy_goes_where_a_link_points(self, lianju, fill, kept, tmp_path, exists):
        fill(1)
        (tmp_path / "link").symlink_to("real")
        if exists:
            (tmp_path / "real").touch()
        assert lianju("backup", "--force", tmp_path / "link")[0] == 0
        assert (tmp_path / "link").is_symlink()
        assert kept(tmp_path / "real") == ["列0"]

    @pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
    def test_names_of_parts_of_a_database_are_refused(self, refused, fill, path, tmp_path, suffix):
        fill(1)
        for name in (tmp_path / f"other{suffix}", path.with_name(path.name + suffix)):
            assert refused("backup", "--force", name) == sentence("backup-name", name)
            assert not name.exists()

    def test_only_the_owner_may_read_copies(self, lianju, fill, path, tmp_path):
        previous = os.umask(0)
        try:
            fill(1)
            assert lianju("backup", tmp_path / "copy")[0] == 0
            shutil.copyfile(path, tmp_path / "by-hand")
            assert lianju("restore", tmp_path / "by-hand")[0] == 0
        finally:
            os.umask(previous)
        modes = {
            each.stat().st_mode & 0o777 for each in (*path.parent.iterdir(), tmp_path / "copy")
        }
        assert modes == {0o600}
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_folder_that_others_can_read_is_reported(self, lianju, fill, tmp_path):
        fill(1)
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o755)
        status, _, err = lianju("backup", tmp_path / "open" / "copy")
        told = StoreError("store-exposed", path=str(tmp_path / "open"), mode="700")
        assert (status, err) == (0, f"lianju: {told}\n")

    def test_database_that_cannot_be_copied_is_one_sentence(self, refused, fill, path, tmp_path):
        copy = tmp_path / "copy.sqlite3"
        assert refused("backup", copy) == sentence("backup-no-database", path)
        assert not path.parent.exists()
        fill(3)
        assert "cannot be written" in refused("backup", "/proc/lianju/copy.sqlite3")
        assert "is a directory" in refused("backup", tmp_path)
        (tmp_path / "used-wal").touch()
        used = tmp_path / "used"
        assert refused("backup", used) == sentence("backup-target-in-use", used)
        whole = path.read_bytes()
        page = len(whole) // 4096 // 2 * 4096
        path.write_bytes(whole[:page] + b"\xa5" * 4096 + whole[page + 4096 :])
        assert refused("backup", copy) == sentence("restore-damaged", path)
        path.write_text("verse\n" * 100)
        assert refused("backup", copy) == sentence("store-damaged", path)
        path.unlink()
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE other (id)")
        assert refused("backup", copy) == sentence("store-foreign", path)
        assert not copy.exists()

    def test_failed_copy_leaves_the_previous_one(
        self, lianju, refused, fill, kept, tmp_path, monkeypatch
    ):
        copy = tmp_path / "copy.sqlite3"
        fill(1)
        lianju("backup", copy)

        def fail(temporary, origin):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backup_module, "_check", fail)
        assert "No space left on device" in refused("backup", "--force", copy)
        assert [each.name for each in tmp_path.glob("copy*")] == [copy.name]
        assert kept(copy) == ["列0"]


class TestRestore:
    @pytest.fixture
    def copy(self, lianju, fill, tmp_path):
        """A backup with one favorite; since then the database has got a second one."""
        fill(1)
        assert lianju("backup", tmp_path / "copy.sqlite3")[0] == 0
        fill(1, first=1)
        return tmp_path / "copy.sqlite3"

    def test_previous_database_is_kept_beside_it(self, lianju, copy, path, kept):
        before = copy.read_bytes()
        status, out, err = lianju("restore", copy)
        assert (status, err) == (0, "")
        (previous,) = (each for each in path.parent.iterdir() if each != path)
        assert str(previous) in out
        assert previous.name.startswith("联句@home-2")
        assert kept() == ["列0"]
        assert kept(previous) == ["列0", "列1"]
        assert copy.read_bytes() == before

    def test_without_a_database_nothing_is_kept(self, lianju, copy, path, kept):
        shutil.rmtree(path.parent)
        status, out, _ = lianju("restore", copy)
        assert status == 0
        assert "previous" not in out
        assert siblings(path) == [path.name]
        assert kept() == ["列0"]

    @pytest.mark.parametrize("new", [True, False])
    def test_running_bot_is_refused_even_if_idle(self, refused, copy, url, path, kept, new):
        if new:
            path.unlink()

        async def run():
            store = await open_store(url)
            told = await asyncio.to_thread(refused, "restore", copy)
            await store.close()
            return told

        assert asyncio.run(run()) == sentence("restore-in-use", path)
        assert siblings(path) == [path.name]
        assert kept() == ([] if new else ["列0", "列1"])

    def test_another_process_is_refused_until_it_is_killed(
        self, lianju, refused, copy, path, bot, kept
    ):
        assert refused("restore", copy) == sentence("restore-in-use", path)
        bot.stdout.readline()
        bot.kill()
        bot.wait()
        assert path.with_name(path.name + "-wal").stat().st_size
        assert lianju("restore", copy)[0] == 0
        assert kept() == ["列0"]

    def test_damaged_database_is_moved_aside(self, lianju, copy, path, kept):
        for damage in (b"verse\n" * 1000, path.read_bytes()[:50], path.read_bytes()[:8192]):
            path.write_bytes(damage)
            path.with_name(path.name + "-wal").write_bytes(b"old")
            assert lianju("restore", copy)[0] == 0
            (previous,) = (each for each in path.parent.glob("*-2*.sqlite3"))
            assert previous.read_bytes() == damage
            assert kept() == ["列0"]
            previous.unlink()

    def test_log_without_its_database_is_not_applied_to_the_copy(
        self, lianju, copy, path, bot, kept
    ):
        for _ in range(20):
            bot.stdout.readline()
        bot.kill()
        bot.wait()
        path.unlink()
        assert path.with_name(path.name + "-wal").stat().st_size
        assert lianju("restore", copy)[0] == 0
        assert kept() == ["列0"]

    def test_log_beside_the_copy_is_restored(self, lianju, copy, path, bot, kept):
        """The files of a bot that was killed, copied by hand."""
        for _ in range(20):
            bot.stdout.readline()
        bot.kill()
        bot.wait()
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(path.name + suffix), copy.with_name(f"hand{suffix}"))
        shutil.rmtree(path.parent)
        assert lianju("restore", copy.with_name("hand"))[0] == 0
        pressed = {f"万里江山{number // 3}" for number in range(20) if number % 3 == 1}
        assert set(kept()) >= pressed | {"列0", "列1"}

    def test_bad_copy_is_refused_and_changes_nothing(self, refused, copy, path, kept, tmp_path):
        bad = tmp_path / "bad.sqlite3"
        whole = copy.read_bytes()
        page_damaged = whole[:8192] + b"\xa5" * 4096 + whole[12288:]

        def newer():
            shutil.copy(copy, bad)
            with closing(sqlite3.connect(bad)) as database:
                database.execute("UPDATE alembic_version SET version_num = '9999'")
                database.commit()

        def unversioned():
            shutil.copy(copy, bad)
            with closing(sqlite3.connect(bad)) as database:
                database.execute("DROP TABLE alembic_version")

        def without_a_trigger():
            shutil.copy(copy, bad)
            with closing(sqlite3.connect(bad)) as database:
                database.execute("DROP TRIGGER favourite_added")

        def foreign():
            with closing(sqlite3.connect(bad)) as database:
                database.execute("CREATE TABLE other (id)")

        cases = [
            ("restore-no-file", lambda: None),
            ("restore-not-a-copy", bad.touch),
            ("store-damaged", lambda: bad.write_text("verse\n" * 1000)),
            ("store-damaged", lambda: bad.write_bytes(whole[:8192])),
            (
                "restore-damaged",
                lambda: bad.write_bytes(page_damaged),
            ),
            ("store-newer", newer),
            ("restore-empty", unversioned),
            ("store-schema", without_a_trigger),
            ("store-foreign", foreign),
        ]
        for key, make in cases:
            bad.unlink(missing_ok=True)
            make()
            facts = {"part": "trigger favourite_added"} if key == "store-schema" else {}
            assert refused("restore", bad) == str(StoreError(key, path=str(bad), **facts))
        assert refused("restore", path) == sentence("backup-same-file", path)
        assert "is a directory" in refused("restore", tmp_path)
        assert siblings(path) == [path.name]
        assert kept() == ["列0", "列1"]

    def test_database_of_another_program_is_unchanged(self, refused, copy, path):
        path.unlink()
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE other (id)")
        before = path.read_bytes()
        assert refused("restore", copy) == sentence("store-foreign", path)
        assert path.read_bytes() == before
        assert siblings(path) == [path.name]

    def test_bad_setting_is_one_sentence(self, refused, copy, monkeypatch):
        monkeypatch.setenv("LIANJU_DATABASE", "sqlite+aiosqlite:///:memory:")
        for command in ("restore", "backup"):
            assert refused(command, copy) == str(StoreError("store-url"))
