"""`lianju restore`, and whom or what the database has forgotten since the backup."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.linked import open_table
from lianju.bot.store import open_store, schema
from lianju.bot.store.tables import APPLICATION_ID
from lianju.bot.verses import Verse

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file
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
