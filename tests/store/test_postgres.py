"""What holds for PostgreSQL alone: opening a database or refusing it, errors, lost connections."""

import asyncio
import logging

import pytest
from lianju.bot import cli
from lianju.bot.linked import open_table
from lianju.bot.settings import Settings
from lianju.bot.store import StoreBusyError, StoreError, name_of, open_store
from lianju.bot.store.postgres import database as database_module
from lianju.bot.store.postgres import url as url_module
from lianju.bot.store.postgres.errors import convert_error
from lianju.bot.store.postgres.schema import create_or_migrate
from lianju.bot.store.postgres.url import parse_url
from lianju.bot.store.tables import metadata
from lianju.bot.verses import Verse
from sqlalchemy.exc import DBAPIError, IntegrityError

from ..postgres import PASSWORD, QUOTED, USER, ask

COUPLET = Verse("床前明月光", "疑是地上霜")
MEMBER = 271_828_182_845_904_523
PARTS = """
SELECT 'column', table_name, column_name, data_type, is_nullable, collation_name,
    column_default FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid),
    '', '', '' FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '', '' FROM pg_indexes
    WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', ''
    FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', '', proname, pg_get_functiondef(oid), '', '', '' FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
"""

DIALECTS = ("postgres",)


async def refused(url, **options):
    """Returns the error with which a database is refused."""
    with pytest.raises(StoreError) as error:
        await open_store(url, **options)
    assert PASSWORD not in str(error.value)
    assert QUOTED not in str(error.value)
    return error.value


async def test_migrations_lead_to_the_tables_and_triggers(url, query, postgres):
    from lianju.bot.store.postgres.engine import create_engine

    created = postgres.create("TEMPLATE template0")
    engine = create_engine(parse_url(created), 60)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    found, wanted = (
        {part for part in rows if "alembic" not in str(part)}
        for rows in (query(PARTS), ask(created, PARTS))
    )
    assert found == wanted
    kinds = [kind for kind, *_ in found]
    assert kinds.count("trigger") == kinds.count("function") == 8
    postgres.drop(created)


async def test_processes_that_start_at_once_make_the_tables_once(postgres):
    url = postgres.create("TEMPLATE template0")
    stores = await asyncio.gather(*(open_store(url, busy_s=60) for _ in range(5)))
    for number, store in enumerate(stores):
        assert await store.favorites.toggle(number, 5, COUPLET, None, 9)
        await store.close()
    assert ask(url, "SELECT count(*) FROM forgetting_key") == [(1,)]
    postgres.drop(url)


async def test_database_without_tables_of_ours_is_left_alone(postgres):
    """Another program, which may use Alembic as well."""
    for tables in (
        "CREATE TABLE server (id int)",
        "CREATE TABLE alembic_version (version_num) AS VALUES ('abc')",
    ):
        url = postgres.create("TEMPLATE template0")
        ask(url, tables)
        before = postgres.dump(url)
        assert (await refused(url)).key == "store-tables-taken"
        assert postgres.dump(url) == before
        postgres.drop(url)


@pytest.mark.parametrize(
    ("change", "key", "part"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "store-newer", None),
        ("DELETE FROM alembic_version", "store-schema", "alembic_version"),
        ("DROP TABLE channel", "store-schema", "column channel.channel_id"),
        ("DROP INDEX prompt_by_age", "store-schema", "index prompt_by_age"),
        (
            "DROP TRIGGER favourite_added ON favourite",
            "store-schema",
            "trigger favourite_added",
        ),
        (
            "CREATE OR REPLACE FUNCTION favourite_added() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$",
            "store-schema",
            "function favourite_added",
        ),
        ("CREATE TABLE unfinished_copy (name text)", "store-half-copied", None),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "store-standby", None),
    ],
)
async def test_database_of_another_version_or_incomplete_is_refused(url, query, change, key, part):
    query(change.format(url.rpartition("/")[2]))
    error = await refused(url)
    assert (error.key, error.facts.get("part")) == (key, part)


async def test_encoding_that_lacks_characters_is_refused(postgres):
    url = postgres.create("TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc")
    error = await refused(url)
    assert (error.key, error.facts["encoding"]) == ("store-encoding", "LATIN1")
    postgres.drop(url)


async def test_user_without_rights_is_refused(url, query, postgres):
    query("CREATE ROLE guest LOGIN PASSWORD 'x'")
    guest = url.replace(f"{USER}:{QUOTED}", "guest:x")
    assert (await refused(guest)).key == "store-forbidden"
    query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
    assert (await refused(guest)).key == "store-forbidden"
    empty = postgres.create("TEMPLATE template0")
    error = await refused(empty.replace(f"{USER}:{QUOTED}", "guest:x"))
    assert error.key == "store-forbidden"
    postgres.drop(empty)


async def test_wrong_password_or_database_is_one_sentence(url, postgres, closed_port):
    assert (await refused(url.replace(QUOTED, "wrong"))).key == "store-login"
    assert (await refused(postgres.url("missing"))).key == "store-no-such-database"
    error = await refused(url.replace(str(postgres.port), str(closed_port)))
    assert error.key == "store-unreachable"
    assert error.facts["path"].startswith(f"postgresql://127.0.0.1:{closed_port}/")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("postgresql+asyncpg://", "store-server-url"),
        ("postgresql+asyncpg:///lianju", "store-server-url"),
        ("postgresql+asyncpg://u:secret@host", "store-server-url"),
        ("postgresql+asyncpg://u:p@secret@host/db", "store-server-url"),
        ("postgresql+asyncpg://u:p@secret/x@host/db", "store-server-url"),
        ("postgresql+asyncpg://u:p@secret@/db?host=/tmp", "store-server-url"),
        ("postgresql+asyncpg://u:secret@/db?host=/tmp&port=x", "store-server-url"),
        ("postgresql+asyncpg://u:secret@host:port/db", "store-server-url"),
        ("postgresql+asyncpg://u:secret@host/db?sslmode=require", "store-server-option"),
        ("postgresql+asyncpg://u:secret@host/db?ssl=yes", "store-server-value"),
    ],
)
async def test_address_is_checked(url, key):
    error = await refused(url)
    assert error.key == key
    assert "secret" not in str(error)


async def test_missing_driver_is_one_sentence_that_names_the_extra(url, monkeypatch):
    monkeypatch.setattr(url_module.importlib.util, "find_spec", lambda _: None)
    error = await refused(url)
    assert error.key == "store-extra"
    assert "lianju[postgres]" in str(error)


async def test_socket_and_encryption_can_be_chosen(url, postgres):
    folder = str(postgres.folder)
    socket = f"postgresql+asyncpg://{USER}:{QUOTED}@/{url.rpartition('/')[2]}"
    await (await open_store(f"{socket}?host={folder}&port={postgres.port}")).close()
    # The server has no certificate.
    assert (await refused(f"{url}?ssl=require")).key == "store-unreachable"


def test_password_is_never_shown(url, monkeypatch, capsys):
    monkeypatch.setenv("LIANJU_DATABASE", url)
    assert QUOTED not in repr(Settings())
    assert name_of(url) == url.replace("+asyncpg", "").replace(f"{USER}:{QUOTED}@", "")
    cli.main(["serve", "--check"])
    shown = capsys.readouterr()
    assert f"ok      database  {name_of(url)}\n" in shown.out
    for broken in (url.replace(USER, "nobody"), url.replace("127.0.0.1", "127.0.0.1:x")):
        monkeypatch.setenv("LIANJU_DATABASE", broken)
        cli.main(["serve", "--check"])
        shown = capsys.readouterr()
        assert "FAILED  database" in shown.out
        assert QUOTED not in shown.out + shown.err
        assert PASSWORD not in shown.out + shown.err


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_backup_is_the_servers(url, monkeypatch, capsys, command, tmp_path):
    monkeypatch.setenv("LIANJU_DATABASE", url)
    (tmp_path / "copy").write_text("a copy")
    assert cli.main([command, str(tmp_path / "copy")]) == 2
    assert "pg_dump" in capsys.readouterr().err


async def test_nothing_of_a_deleted_member_is_in_a_dump(store, url, postgres):
    for guild in (5, None):
        await store.favorites.toggle(MEMBER, guild, COUPLET, MEMBER, 9)
        await store.favorites.toggle(2, guild, Verse("白日依山尽", "黄河入海流"), MEMBER, 9)
    await store.recent_lines.add(MEMBER, COUPLET.line, 9)
    assert str(MEMBER) in postgres.dump(url)
    await store.delete_user(MEMBER, 100)
    dump = postgres.dump(url)
    assert str(MEMBER) not in dump
    assert COUPLET.line not in dump
    assert "黄河入海流" in dump
    assert not await store.favorites.toggle(MEMBER, 5, COUPLET, None, 200, acted_at=99)


async def test_lost_connections_are_replaced(store, query):
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    await store.leaderboard.verses(5, None, 0, 9)
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    # The news of it may take a moment; nothing is asked of a connection that is known to be lost.
    pools = [store._database._writer, *store._database._readers.values()]
    for pool in pools:
        async with pool.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert not raw.is_closed()
    assert not await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    assert (await store.leaderboard.verses(5, None, 0, 9)).total == 0


async def test_stopped_server_is_one_sentence_until_it_is_back(own_postgres, caplog):
    url = own_postgres.create()
    store = await open_store(url, busy_s=60)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)

    async def write_while_it_stops():
        async with store._database.write_transaction() as connection:
            own_postgres.stop("immediate")
            await connection.exec_driver_sql("SELECT 1")

    with pytest.raises(StoreError) as error:
        await write_while_it_stops()
    assert error.value.key == "store-away"
    for act in (
        store.favorites.toggle(1, 5, COUPLET, 2, 9),
        store.favorites.all(1),
        store.leaderboard.verses(5, None, 0, 9),
        store.purge(9),
        store.delete_user(1, 9),
    ):
        with pytest.raises(StoreError) as error:
            await act
        assert error.value.key == "store-away"
        assert str(own_postgres.port) not in str(error.value)  # members need not know it
    assert str(own_postgres.port) in caplog.text
    assert PASSWORD not in caplog.text
    assert QUOTED not in caplog.text
    own_postgres.start()
    assert len(await store.favorites.all(1)) == 1
    assert not await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    await store.close()


async def test_who_waits_too_long_for_a_lock_is_told(url, store):
    impatient = await open_store(url, busy_s=0.1)
    async with store._database.write_transaction("verse"):
        async with impatient._database.write_transaction("another verse"):
            pass
        for part in (None, "verse"):
            with pytest.raises(StoreBusyError):
                async with impatient._database.write_transaction(part):
                    pass
    async with impatient._database.write_transaction():
        pass
    await impatient.close()


async def test_readers_cannot_write(store):
    async with store._database.reader() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.exec_driver_sql("DELETE FROM favourite")


async def test_violated_constraint_is_a_traceback_without_user_text(store):
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    with pytest.raises(IntegrityError) as error:
        async with store._database.write_transaction() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO couplet (line, answer) SELECT line, answer FROM couplet"
            )
    assert COUPLET.line not in str(error.value)
    assert error.value.__suppress_context__


async def test_text_that_no_database_stores_is_refused_as_by_sqlite(store, caplog):
    for text in ("床\ud800", "床\x00"):
        with pytest.raises(UnicodeEncodeError):
            await store.favorites.matching(1, text, 5)
    assert "床" not in caplog.text


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("40P01", "store-busy"),
        ("40001", "store-busy"),
        ("57014", "store-busy"),
        ("53300", "store-busy"),
        ("57P03", "store-unreachable"),
        ("08006", "store-unreachable"),
        ("53100", "store-disk-full"),
        ("25006", "store-standby"),
        ("XX001", "store-damaged"),
        ("42P01", "store-unusable"),
    ],
)
def test_each_error_of_the_server_has_a_message(code, key):
    asyncpg = pytest.importorskip("asyncpg")
    error = asyncpg.PostgresError.new({"C": code, "M": "relation is gone", "D": COUPLET.line})
    converted, _ = convert_error("postgresql://host/db", error)
    assert converted.key == key
    assert COUPLET.line not in str(converted)
    assert ("relation is gone" in str(converted)) == (key == "store-unusable")


async def test_ids_of_large_numbers_and_constraints(store, query):
    """As the SQLite tables have them."""
    for statement in (
        "INSERT INTO server VALUES (0, 10, 5, 5, 'auto', 'auto')",
        "INSERT INTO server VALUES (5, 4, 5, 5, 'auto', 'auto')",
        "INSERT INTO server VALUES (5, 10, 5, 5, 'auto', 'fr')",
        "INSERT INTO channel VALUES (5, 1, 1)",
        "INSERT INTO couplet (line, answer) VALUES ('a', '')",
        "INSERT INTO favourite (user_id, guild_id, couplet_id, kept_at) VALUES (1, 5, 99, 9)",
    ):
        with pytest.raises(Exception, match="violates"):
            query(statement)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    for change in ("author_id = 4", "kept_at = 1", "user_id = 3", "guild_id = 0", "id = 9"):
        with pytest.raises(Exception, match="nothing else"):
            query(f"UPDATE favourite SET {change}")  # noqa: S608
    (before,) = await store.favorites.all(1)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    (after,) = await store.favorites.all(1)
    assert after.id > before.id  # never used again


async def test_a_process_has_the_overdue_tables_of_its_shards(store):
    """However many of another one, which has stopped, are overdue for longer."""
    others, own = [(1 << 22) + number for number in range(60)], [None, 5, (2 << 22) + 7]
    for now, guild in enumerate(others + own):
        table = open_table(1, guild, now + 1, float(now), form="jueju5")
        await store.linked.open(table, 1)
    due = await store.linked.due(9e9)  # as it has all shards
    assert [table.guild_id for table in due] == others[: len(due)]
    await store.processes.claim([0, 2], 4)
    assert [table.guild_id for table in await store.linked.due(9e9)] == own


async def test_a_process_has_the_verse_and_the_booklets_of_its_shards(store):
    others, own = [(1 << 22) + number for number in range(70)], [5, (2 << 22) + 7]
    for guild in others + own:
        await store.guild_settings.set_honor_page(guild, 70, 1, 9)
        await store.favorites.toggle(1, guild, COUPLET, 2, 9)
    await store.processes.claim([0, 2], 4)
    assert [verse.guild_id for verse in await store.honors.due(9)] == own
    assert [booklet.guild_id for booklet in await store.booklets.due(9e9)] == own


def test_log_does_not_have_the_password(url, caplog):
    with caplog.at_level(logging.DEBUG):
        asyncio.run(_open_and_close(url))
    assert PASSWORD not in caplog.text
    assert QUOTED not in caplog.text


async def _open_and_close(url):
    store = await open_store(url)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    await store.close()


async def test_migration_that_another_process_runs_is_waited_for(url, query):
    async with database_module.create_engine(parse_url(url), 60).connect() as connection:
        key = database_module.lock_key("migration")
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key})")
        with pytest.raises(StoreBusyError):
            await create_or_migrate(parse_url(url), 0.1)
