"""Who was forgotten: nothing that is older than the deletion may store a member again.

The table has a keyed hash of each id, and the time of the deletion. Verses that moderators removed
from a server's leaderboard, or that left its page of honor for good, are in it as well, by server
and text. Times are those of Discord,
which are in the ids of interactions and messages, in Unix seconds.
"""

import hmac
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Literal, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..verses import Verse
from .statements import insert, later
from .tables import UNCLEAN, forgetting_key, forgotten

__all__ = [
    "DELETIONS",
    "Act",
    "Kind",
    "carry_over",
    "find_forgotten",
    "forgets_anybody",
    "remember",
    "verse_name",
]

KEYS = "forgetting keys"  # key of Connection.info

Kind = Literal["user", "guild", "verse", "page"]

# Whether somebody other than a member has written a line, even if it names nobody any more. Of the
# lines without a name only an opening, by a poet or by Lianju, is nobody's. So what is deleted
# leaves no gap before a line that stays.
BY_OTHERS = """
    other.user_id <> :id OR (
        other.user_id IS NULL AND (other.writer = 'member' OR other.number > 0)
    )
"""
# The verses in each server whose line a member gave, or that the member wrote with others.
OWN_VERSES = """
    SELECT guild_id, couplet_id FROM favourite WHERE author_id = :id AND guild_id > 0
    UNION SELECT favourite.guild_id, favourite.couplet_id FROM favourite_writer
    JOIN favourite ON favourite.id = favourite_id
    WHERE favourite_writer.user_id = :id AND favourite.guild_id > 0
"""
# What deletes all that is stored about one of a kind. A verse leaves a server only: members keep
# it as from outside servers, where no leaderboard shows it.
DELETIONS: dict[Kind, dict[str, str]] = {
    "user": {
        # Before those that delete whose verse it is. What nobody else has written leaves pages of
        # honor, or never gets there; another verse is shown without the name, as long as a heart
        # names somebody else. Whoever is just sending a message is left alone with it until then.
        # SQLite takes ON after a FROM for the condition of a join, so there is a WHERE.
        "honored": f"""
            INSERT INTO honor (guild_id, couplet_id, state, changed, shown, next_at, attempts)
            SELECT guild_id, couplet_id, 'unnamed', 0, 0, 0, 0 FROM ({OWN_VERSES}) AS mine
            WHERE true
            ON CONFLICT (couplet_id, guild_id) DO UPDATE SET state =
                CASE WHEN honor.state = 'withdrawn' THEN honor.state ELSE 'unnamed' END
        """,  # noqa: S608 -- made of constants
        "honored_with": f"""
            UPDATE honor SET changed = changed + 1, next_at =
                CASE WHEN begun_at IS NULL THEN 0 ELSE next_at END
            WHERE (guild_id, couplet_id) IN ({OWN_VERSES})
            AND (message_id IS NOT NULL OR begun_at IS NOT NULL)
        """,  # noqa: S608 -- made of constants
        "favorites": "DELETE FROM favourite WHERE user_id = :id",
        "recent_lines": "DELETE FROM prompt WHERE user_id = :id",
        "unlinked": "UPDATE favourite SET author_id = NULL WHERE author_id = :id",
        "hearts": "DELETE FROM favourite_writer WHERE user_id = :id",
        # What was read before is out of date: it must not be saved over what is deleted here.
        "read_before": """
            UPDATE linked_table SET version = version + 1 WHERE host_id = :id
            OR id IN (SELECT table_id FROM linked_player WHERE user_id = :id)
            OR id IN (SELECT table_id FROM linked_line WHERE user_id = :id)
        """,
        # A poem at which nobody else has written is deleted; another loses the name alone.
        "own_lines": f"""
            DELETE FROM linked_line WHERE user_id = :id AND NOT EXISTS (
                SELECT 1 FROM linked_line AS other
                WHERE other.table_id = linked_line.table_id AND ({BY_OTHERS})
            )
        """,  # noqa: S608 -- made of constants
        "own_tables": f"""
            DELETE FROM linked_table WHERE host_id = :id AND NOT EXISTS (
                SELECT 1 FROM linked_line AS other
                WHERE other.table_id = linked_table.id AND ({BY_OTHERS})
            )
        """,  # noqa: S608 -- made of constants
        "hosted": "UPDATE linked_table SET host_id = NULL WHERE host_id = :id",
        # `turn` is an index: it stays with whoever has the turn.
        "turns": """
            UPDATE linked_table SET turn = turn - 1 WHERE id IN (
                SELECT mine.table_id FROM linked_player AS mine
                WHERE mine.user_id = :id AND linked_table.turn > (
                    SELECT count(*) FROM linked_player AS earlier
                    WHERE earlier.table_id = mine.table_id AND earlier.number < mine.number
                )
            )
        """,
        "places": "DELETE FROM linked_player WHERE user_id = :id",
        "linked_lines": "UPDATE linked_line SET user_id = NULL WHERE user_id = :id",
        "guesses": "DELETE FROM guess WHERE user_id = :id",
        "guess_scores": "DELETE FROM guess_score WHERE user_id = :id",
        "rounds_alone": "DELETE FROM guess_round WHERE guild_id = 0 AND host_id = :id",
        "guess_hosted": "UPDATE guess_round SET host_id = NULL WHERE host_id = :id",
    },
    "guild": {
        "honor_page": "DELETE FROM honor_page WHERE guild_id = :id",
        "honored": "DELETE FROM honor WHERE guild_id = :id",
        "settings": "DELETE FROM server WHERE guild_id = :id",
        "tables": "DELETE FROM linked_table WHERE guild_id = :id",
        "rounds": "DELETE FROM guess_round WHERE guild_id = :id",
        "scores": "DELETE FROM guess_score WHERE guild_id = :id",
    },
    "verse": {
        "kept": """
            INSERT INTO favourite (user_id, guild_id, couplet_id, kept_at)
            SELECT user_id, 0, couplet_id, kept_at FROM favourite AS mine
            WHERE guild_id = :guild_id AND couplet_id = :couplet_id AND NOT EXISTS (
                SELECT 1 FROM favourite AS other WHERE other.user_id = mine.user_id
                AND other.guild_id = 0 AND other.couplet_id = mine.couplet_id
            )
        """,
        "removed": "DELETE FROM favourite WHERE guild_id = :guild_id AND couplet_id = :couplet_id",
    },
    # A verse leaves the page of honor of a server, and nothing else.
    "page": {
        "withdrawn": """
            INSERT INTO honor (guild_id, couplet_id, state, changed, shown, next_at, attempts)
            VALUES (:guild_id, :couplet_id, 'withdrawn', 1, 0, 0, 0)
            ON CONFLICT (couplet_id, guild_id) DO UPDATE
            SET state = 'withdrawn', changed = honor.changed + 1, next_at = 0, attempts = 0
        """,
    },
}
_VERSES = """
    SELECT guild_id || ':' || line || char(10) || answer AS name, guild_id, couplet_id
    FROM couplet_hearts JOIN couplet ON couplet.id = couplet_id WHERE guild_id > 0
"""
# The names of all that are stored, with the parameters of the deletion.
STORED: dict[Kind, str] = {
    "user": """
        SELECT user_id AS name, user_id AS id FROM favourite
        UNION SELECT user_id, user_id FROM prompt
        UNION SELECT author_id, author_id FROM favourite WHERE author_id IS NOT NULL
        UNION SELECT user_id, user_id FROM favourite_writer
        UNION SELECT host_id, host_id FROM linked_table WHERE host_id IS NOT NULL
        UNION SELECT user_id, user_id FROM linked_player
        UNION SELECT user_id, user_id FROM linked_line WHERE user_id IS NOT NULL
        UNION SELECT user_id, user_id FROM guess
        UNION SELECT user_id, user_id FROM guess_score
        UNION SELECT host_id, host_id FROM guess_round WHERE host_id IS NOT NULL
    """,
    "guild": """
        SELECT guild_id AS name, guild_id AS id FROM server
        UNION SELECT guild_id, guild_id FROM honor_page
        UNION SELECT guild_id, guild_id FROM honor
        UNION SELECT guild_id, guild_id FROM linked_table WHERE guild_id > 0
        UNION SELECT guild_id, guild_id FROM guess_round WHERE guild_id > 0
        UNION SELECT guild_id, guild_id FROM guess_score WHERE guild_id > 0
    """,
    "verse": _VERSES,
    "page": _VERSES,
}


class Act(NamedTuple):
    """Something that may be older than a deletion.

    Attributes:
        kind: Of whom.
        name: The id; of a verse, `verse_name`.
        at: When it was, in Unix seconds.
    """

    kind: Kind
    name: int | str
    at: float


def verse_name(guild_id: int, verse: Verse) -> str:
    """Returns the name of a verse in a server."""
    return f"{guild_id}:{verse.line}\n{verse.answer}"


async def remember(connection: AsyncConnection, kind: Kind, name: int | str, at: float) -> None:
    """Notes that whatever a member or a server did up to a time is forgotten.

    A file is no longer marked as clean, until `Database.clean` has rewritten it.

    Args:
        connection: Of the transaction that deletes it.
        kind: What it is.
        name: Its id; of a verse, `verse_name`.
        at: The time, in Unix seconds.
    """
    (key_id, key), *_ = await _keys(connection)
    noted = insert(connection.dialect.name, forgotten).values(
        key_id=key_id, digest=_digest(key, kind, name), forgotten_at=_milliseconds(at)
    )
    await connection.execute(
        noted.on_conflict_do_update(
            index_elements=["key_id", "digest"],
            set_={"forgotten_at": later(forgotten.c.forgotten_at, noted.excluded.forgotten_at)},
        )
    )
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(f"PRAGMA user_version = {UNCLEAN}")


async def find_forgotten(connection: AsyncConnection, acts: Iterable[Act]) -> set[Act]:
    """Returns those acts whose member, server or verse was forgotten then or later."""
    possible = {act for act in acts if act.at != math.inf}
    if not possible:
        return set()
    keys = await _keys(connection)
    digests = {
        act: [(id_, _digest(key, act.kind, act.name)) for id_, key in keys] for act in possible
    }
    values = {
        "key_ids": [id_ for id_, _ in keys],
        "digests": [digest for _, digest in chain.from_iterable(digests.values())],
    }
    rows = await connection.execute(_FIND, values)
    times = {(row.key_id, row.digest): row.forgotten_at for row in rows}
    return {
        act
        for act, own in digests.items()
        if any(times.get(digest, -math.inf) >= _milliseconds(act.at) for digest in own)
    }


def forgets_anybody(database: sqlite3.Connection) -> bool:
    """Returns whether a database, of any version, has forgotten a member or a server."""
    tables = "SELECT 1 FROM sqlite_master WHERE name = 'forgotten'"
    return bool(
        database.execute(tables).fetchone()
        and database.execute("SELECT 1 FROM forgotten").fetchone()
    )


def carry_over(database: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Forgets in a copy whom the database that it is about to replace has forgotten since.

    Both have the newest schema.
    """
    for setting in ("foreign_keys = ON", "secure_delete = ON"):
        copy.execute(f"PRAGMA {setting}")
    copy.execute("BEGIN")
    later: defaultdict[bytes, set[bytes]] = defaultdict(set)
    every = "SELECT key, digest, forgotten_at FROM forgotten JOIN forgetting_key ON id = key_id"
    for key, digest, at in database.execute(every):
        copy.execute("INSERT OR IGNORE INTO forgetting_key (key) VALUES (?)", (key,))
        noted = copy.execute(
            """INSERT INTO forgotten SELECT id, ?, ? FROM forgetting_key WHERE key = ?
            ON CONFLICT DO UPDATE SET forgotten_at = excluded.forgotten_at
            WHERE forgotten_at < excluded.forgotten_at""",
            (digest, at, key),
        )
        if noted.rowcount:  # what the copy has is older
            later[key].add(digest)
    for kind, stored in STORED.items():
        rows = copy.execute(stored)
        columns = [column for column, *_ in rows.description]
        for row in rows.fetchall():
            values = dict(zip(columns, row, strict=True))
            name = values.pop("name")
            if any(_digest(key, kind, name) in digests for key, digests in later.items()):
                for deletion in DELETIONS[kind].values():
                    copy.execute(deletion, values)
    copy.execute("COMMIT")
    copy.execute("VACUUM")  # as `Database.clean` does


async def _keys(connection: AsyncConnection) -> list[tuple[int, bytes]]:
    """Returns the keys with their ids; new hashes are made with the first.

    They stay the same while a database is open, so each connection reads them once.
    """
    info = connection.info
    if KEYS not in info:
        info[KEYS] = [(row.id, row.key) for row in await connection.execute(_KEYS)]
    keys: list[tuple[int, bytes]] = info[KEYS]
    return keys


def _digest(key: bytes, kind: Kind, name: int | str) -> bytes:
    return hmac.digest(key, f"{kind}:{name}".encode(), "sha256")


def _milliseconds(at: float) -> int:
    return round(at * 1e3)


_KEYS = select(forgetting_key).order_by(forgetting_key.c.id)
_FIND = select(forgotten).where(
    forgotten.c.key_id.in_(bindparam("key_ids", expanding=True)),
    forgotten.c.digest.in_(bindparam("digests", expanding=True)),
)
