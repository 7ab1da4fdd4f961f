"""`lianju backup` and `lianju restore` on the command line."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from lianju.bot import cli
from lianju.bot.linked import open_table
from lianju.bot.store import StoreError, open_store, schema
from lianju.bot.store import backup as backup_module
from lianju.bot.store.tables import APPLICATION_ID
from lianju.bot.verses import Verse

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file


@pytest.fixture
def lianju(url, capsys, monkeypatch):
    """Runs the command line; returns the exit status, standard output and standard error."""
    monkeypatch.setenv("LIANJU_DATABASE", url)
    monkeypatch.setattr(backup_module, "BUSY_S", 0.05)

    def lianju(*argv):
        capsys.readouterr()
        return (cli.main([str(each) for each in argv]), *capsys.readouterr())

    return lianju


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


MEMBER = 271_828_182_845_904_523


class TestForgetting:
    """A restored backup does not bring back whom the database has forgotten since."""

    @pytest.fixture
    def run(self, url):
        """Does something with the open database."""

        def run(work, of=None):
            async def go():
                store = await open_store(f"sqlite+aiosqlite:///{of}" if of else url, busy_s=60)
                result = await work(store)
                await store.close()
                return result

            return asyncio.run(go())

        return run

    @staticmethod
    async def keep(store):
        """The member keeps a verse and asked for another one; server 5 has settings."""
        mine, others = Verse("行", "我"), Verse("行", "他")
        await store.favorites.toggle(MEMBER, 5, mine, MEMBER, 9)
        await store.favorites.toggle(2, 5, others, MEMBER, 9)
        await store.recent_lines.add(MEMBER, "行", 9)
        await store.guild_settings.change(5, beam_size=9)
        await store.guild_settings.change(6, beam_size=9)

    @staticmethod
    async def forget(store):
        await store.delete_user(MEMBER, 100)
        await store.delete_guild(5, 100)

    @staticmethod
    async def stored(store):
        """What is there of the member, of others, and of the servers."""
        board = (await store.leaderboard.verses(5, None, 0, 9)).items
        return (
            len(await store.favorites.all(MEMBER)),
            await store.recent_lines.recent(MEMBER, "", 9),
            [(each.verse.answer, each.author_id) for each in board],
            [(await store.guild_settings.get(guild)).beam_size for guild in (5, 6)],
        )

    GONE = (0, [], [("他", None)], [5, 9])

    def test_whom_the_database_has_forgotten(self, lianju, run, path, tmp_path):
        run(self.keep)
        assert lianju("backup", tmp_path / "copy")[0] == 0
        assert MEMBER.to_bytes(8, "big") in (tmp_path / "copy").read_bytes()
        run(self.forget)
        for _ in range(2):  # the list is restored as well
            assert lianju("restore", tmp_path / "copy")[0] == 0
            assert MEMBER.to_bytes(8, "big") not in path.read_bytes()
            assert run(self.stored) == self.GONE
            for kept in path.parent.glob("*-2*"):
                kept.unlink()
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT * FROM member_hearts").fetchall() == []

    def test_who_wrote_at_a_linked_poem(self, lianju, run, path, tmp_path):
        async def play(store):
            for guild in (5, 6):
                table = open_table(MEMBER, guild, guild, 9.0, form="jueju5", named=(2,))
                for user, line in ((MEMBER, "我"), (2, "他")):
                    table = table.write(user, line, 9.0)
                await store.linked.open(table, 1)
            verse, writers = table.verse, table.writers
            await store.favorites.toggle(3, 6, verse, None, 9, writers=writers)

        async def left(store):
            members = (await store.leaderboard.members(6, None, 0, 9)).items
            (table,) = [*await store.linked.shown_in(5), *await store.linked.shown_in(6)]
            return table.guild_id, table.texts, table.players, [each.user_id for each in members]

        run(play)
        assert lianju("backup", tmp_path / "copy")[0] == 0
        run(self.forget)
        assert lianju("restore", tmp_path / "copy")[0] == 0
        assert run(left) == (6, ("我", "他"), (2,), [2])
        assert MEMBER.to_bytes(8, "big") not in path.read_bytes()

    def test_verse_that_moderators_have_removed_since(self, lianju, run, path, tmp_path):
        async def remove(store):
            (verse,) = await store.moderation.matching(5, "我", 9)
            await store.moderation.remove(5, verse.id, 100)

        run(self.keep)
        assert lianju("backup", tmp_path / "copy")[0] == 0
        run(remove)
        assert lianju("restore", tmp_path / "copy")[0] == 0
        favorites, _, board, _ = run(self.stored)
        assert (favorites, board) == (1, [("他", MEMBER)])

    def test_what_a_member_did_after_coming_back(self, lianju, run, tmp_path):
        run(self.forget)
        run(self.keep)
        assert lianju("backup", tmp_path / "copy")[0] == 0
        before = run(self.stored)
        assert lianju("restore", tmp_path / "copy")[0] == 0
        assert run(self.stored) == before
        assert before[0] == 1

    def test_backup_of_a_version_without_the_list(self, lianju, run, tmp_path):
        with closing(sqlite3.connect(tmp_path / "old", isolation_level=None)) as old:
            with schema._engine(old).connect() as connection, connection.begin():
                old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                schema.upgrade(connection, "0001")
            old.execute("INSERT INTO couplet VALUES (1, '行', '我'), (2, '行', '他')")
            old.execute(
                "INSERT INTO favourite VALUES (1, ?, 5, 1, NULL, 9), (2, 2, 5, 2, ?, 9)",
                (MEMBER, MEMBER),
            )
            old.execute("INSERT INTO server VALUES (5, 9, 5, 5, 'auto', 'auto')")
            old.execute("INSERT INTO server VALUES (6, 9, 5, 5, 'auto', 'auto')")
        run(self.forget)
        assert lianju("restore", tmp_path / "old")[0] == 0
        assert run(self.stored) == self.GONE

    def test_backup_of_another_database_with_a_list_of_its_own(self, lianju, run, path, tmp_path):
        other = tmp_path / "other"

        async def forget_two(store):
            await self.keep(store)
            await store.delete_user(2, 50)

        async def press_late(store):
            """Users 2 and the member, with presses that are older than both deletions."""
            for user in (2, MEMBER):
                await store.favorites.toggle(user, 5, Verse("行", "迟"), None, 9, acted_at=40)
            return await self.stored(store)

        run(forget_two, of=other)
        run(self.forget)
        assert lianju("restore", other)[0] == 0
        assert run(press_late) == (0, [], [], [5, 9])
