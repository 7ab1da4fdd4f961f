"""The schema, with the constraints that the database enforces.

A change needs a migration in `migrations/versions`; a test compares the two.
"""

from typing import get_args

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from ..guild_settings import (
    BEAM_SIZE,
    CANDIDATES,
    CHANNELS,
    COOLDOWN,
    SCRIPTS,
    TABLES,
    Bounds,
)
from ..i18n import Language
from ..linked import FORMS, MAX_LINES, MINUTES, By, Order, State
from ..verse.request import Rules
from .columns import Long, Words, between, metadata, one_of
from .guess_tables import guess, guess_figure, guess_round, guess_score
from .honor_tables import honor, honor_page
from .triggers import listen_for_triggers

__all__ = [
    "APPLICATION_ID",
    "CLEAN",
    "UNCLEAN",
    "application",
    "channel",
    "couplet",
    "couplet_hearts",
    "favorite",
    "favorite_writer",
    "forgetting_key",
    "forgotten",
    "guess",
    "guess_figure",
    "guess_round",
    "guess_score",
    "honor",
    "honor_page",
    "identified",
    "linked_line",
    "linked_player",
    "linked_table",
    "member_hearts",
    "metadata",
    "prompt",
    "registered",
    "running",
    "server",
]

APPLICATION_ID = 0x4C4A5531  # "LJU1", in the header of each of our databases
# Likewise, as `user_version`: whether nothing of a forgotten member can be left in unused parts of
# the file. Databases are created with 0, and were so before there was such a mark.
UNCLEAN, CLEAN = 0, 1

# A verse of any length: a couplet, or a poem, whose `answer` has all lines but the first. The name
# is older than poems. `favourite` likewise is a favorite; stored names stay.
couplet = Table(
    "couplet",
    metadata,
    Column("id", Long, primary_key=True),
    Column("line", Words, nullable=False),
    Column("answer", Words, nullable=False),
    UniqueConstraint("line", "answer", name="couplet_once"),
    CheckConstraint("line <> '' AND answer <> ''", "couplet_not_empty"),
    sqlite_strict=True,
)

favorite = Table(
    "favourite",
    metadata,
    Column("id", Long, primary_key=True),
    Column("user_id", Long, nullable=False),
    Column("guild_id", Long, nullable=False),  # 0 outside servers, as UNIQUE tells NULLs apart
    Column("couplet_id", ForeignKey("couplet.id"), nullable=False),
    Column("author_id", Long),  # who gave the line; NULL if unknown or deleted
    Column("kept_at", Long, nullable=False),  # Unix seconds
    UniqueConstraint("user_id", "guild_id", "couplet_id", name="favourite_once"),
    CheckConstraint("guild_id >= 0", "favourite_guild"),
    Index("favourite_of_user", "user_id", "kept_at", "id"),  # its order is that of a page
    # Covering indexes: for leaderboards of a period, and for the first author.
    Index("favourite_in_period", "guild_id", "kept_at", "couplet_id", "author_id", "user_id"),
    Index("favourite_of_couplet", "couplet_id", "guild_id", "kept_at", "author_id"),
    Index("favourite_by_author", "author_id"),
    sqlite_autoincrement=True,  # an old message must never refer to a newer favorite
    sqlite_strict=True,
)

# Whose lines a favorite has, if members wrote it together: they all have its heart.
favorite_writer = Table(
    "favourite_writer",
    metadata,
    Column("favourite_id", ForeignKey("favourite.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),  # among the writers
    Column("user_id", Long, nullable=False),
    # Of the favorite, for the triggers and for leaderboards of a period.
    Column("guild_id", Long, nullable=False),
    Column("keeper_id", Long, nullable=False),
    Column("kept_at", Long, nullable=False),
    UniqueConstraint("favourite_id", "user_id", name="favourite_writer_once"),
    Index("favourite_writer_in_period", "guild_id", "kept_at", "user_id", "keeper_id"),
    Index("favourite_writer_by_member", "user_id"),
    sqlite_strict=True,
)

# Tallies of `favorite` for the leaderboards of all time, kept by the triggers below.
couplet_hearts = Table(
    "couplet_hearts",
    metadata,
    Column("guild_id", Long, primary_key=True),
    Column("couplet_id", Long, primary_key=True),
    Column("hearts", Integer, nullable=False),
    Column("first_at", Long, nullable=False),
    CheckConstraint("hearts > 0", "couplet_hearts_some"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
Index(
    "couplet_hearts_ranking",
    couplet_hearts.c.guild_id,
    couplet_hearts.c.hearts.desc(),
    couplet_hearts.c.first_at,
    couplet_hearts.c.couplet_id,
)

member_hearts = Table(
    "member_hearts",
    metadata,
    Column("guild_id", Long, primary_key=True),
    Column("user_id", Long, primary_key=True),
    Column("hearts", Integer, nullable=False),  # from others
    CheckConstraint("hearts > 0", "member_hearts_some"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
Index(
    "member_hearts_ranking",
    member_hearts.c.guild_id,
    member_hearts.c.hearts.desc(),
    member_hearts.c.user_id,
)

prompt = Table(
    "prompt",
    metadata,
    Column("id", Long, primary_key=True),
    Column("user_id", Long, nullable=False),
    Column("line", Words, nullable=False),
    Column("asked_at", Long, nullable=False),  # Unix seconds of the last use
    UniqueConstraint("user_id", "line", name="prompt_once"),
    CheckConstraint("line <> ''", "prompt_not_empty"),
    Index("prompt_of_user", "user_id", "asked_at"),
    Index("prompt_by_age", "asked_at"),
    sqlite_strict=True,
)

server = Table(
    "server",
    metadata,
    Column("guild_id", Long, primary_key=True, autoincrement=False),
    Column("beam_size", Integer, nullable=False),
    Column("candidates", Integer, nullable=False),
    Column("cooldown_s", Integer, nullable=False),
    Column("script", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("linked_tables", Integer, nullable=False),
    CheckConstraint("guild_id > 0", "server_guild"),
    between("beam_size", BEAM_SIZE),
    between("candidates", CANDIDATES),
    between("cooldown_s", COOLDOWN),
    between("linked_tables", TABLES),
    CheckConstraint("candidates <= beam_size", "candidates_fit_beam"),
    one_of("script", SCRIPTS),
    one_of("language", get_args(Language)),
    sqlite_strict=True,
)

channel = Table(
    "channel",
    metadata,
    Column("guild_id", ForeignKey("server.guild_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # bounds the number of channels
    Column("channel_id", Long, nullable=False),
    UniqueConstraint("guild_id", "channel_id", name="channel_once"),
    CheckConstraint("channel_id > 0", "channel_positive"),
    between("number", Bounds(1, CHANNELS.high)),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# Random keys of the hashes below. A restored copy of another database brings its own.
forgetting_key = Table(
    "forgetting_key",
    metadata,
    Column("id", Long, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    UniqueConstraint("key", name="forgetting_key_once"),
    CheckConstraint("length(key) = 32", "forgetting_key_size"),
    sqlite_strict=True,
)

# Members and servers whose data was deleted: so that nothing older brings it back.
forgotten = Table(
    "forgotten",
    metadata,
    Column("key_id", ForeignKey("forgetting_key.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),  # HMAC-SHA-256 of kind and id
    Column("forgotten_at", Long, nullable=False),  # Unix milliseconds
    CheckConstraint("length(digest) = 32", "forgotten_digest_size"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# The Discord application whose servers the settings belong to.
application = Table(
    "application",
    metadata,
    Column("id", Long, primary_key=True, autoincrement=False),
    CheckConstraint("id > 0", "application_positive"),
    sqlite_strict=True,
)

# What several processes of one bot agree on, in PostgreSQL: when a shard identified last, in
# milliseconds, in each of Discord's buckets; which commands are registered; whose request runs.
identified = Table(
    "identified",
    metadata,
    Column("bucket", Long, primary_key=True, autoincrement=False),
    Column("at", Long, nullable=False),
    sqlite_strict=True,
)

registered = Table(
    "registered",
    metadata,
    Column("scope", Words, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    sqlite_strict=True,
)

running = Table(
    "running",
    metadata,
    Column("user_id", Long, primary_key=True, autoincrement=False),
    Column("ends_by", Long, nullable=False),  # Unix milliseconds
    sqlite_strict=True,
)

# Games of linked verse (联句), elsewhere called tables, with their lines and who takes turns.
linked_table = Table(
    "linked_table",
    metadata,
    Column("id", Long, primary_key=True),
    Column("guild_id", Long, nullable=False),  # 0 outside servers
    Column("channel_id", Long, nullable=False),
    Column("message_id", Long),
    Column("host_id", Long),
    Column("form", Words, nullable=False),
    Column("rules", Words, nullable=False),
    Column("turn_order", Words, nullable=False),
    Column("named", Integer, nullable=False),  # 0 or 1
    Column("language", Words, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("turn_ends_at", Long),  # Unix seconds, like those below
    Column("touched_at", Long, nullable=False),
    Column("due_at", Long),  # NULL once it is closed
    Column("state", Words, nullable=False),
    Column("version", Long, nullable=False),
    CheckConstraint("guild_id >= 0", "linked_table_guild"),
    CheckConstraint("named IN (0, 1)", "named_known"),
    CheckConstraint("(due_at IS NULL) = (state <> 'open')", "linked_table_due"),
    one_of("form", FORMS),
    one_of("rules", get_args(Rules)),
    one_of("turn_order", get_args(Order)),
    one_of("state", get_args(State)),
    between("minutes", MINUTES),
    Index("linked_table_due_at", "due_at"),
    Index("linked_table_in_channel", "channel_id", "state"),
    Index("linked_table_of_guild", "guild_id"),
    Index("linked_table_of_host", "host_id"),
    sqlite_autoincrement=True,  # an old message must never refer to a newer table
    sqlite_strict=True,
)

linked_player = Table(
    "linked_player",
    metadata,
    Column("table_id", ForeignKey("linked_table.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("user_id", Long, nullable=False),
    UniqueConstraint("table_id", "user_id", name="linked_player_once"),
    Index("linked_player_of_user", "user_id"),
    sqlite_strict=True,
)

linked_line = Table(
    "linked_line",
    metadata,
    Column("table_id", ForeignKey("linked_table.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("text", Words, nullable=False),
    Column("writer", Words, nullable=False),
    Column("user_id", Long),  # who wrote or chose it; NULL if nobody did, or if it was deleted
    Column("written_at", Long, nullable=False),
    Column("source", Words),
    CheckConstraint("text <> ''", "linked_line_not_empty"),
    one_of("writer", get_args(By)),
    between("number", Bounds(0, MAX_LINES - 1)),
    Index("linked_line_of_user", "user_id"),
    sqlite_strict=True,
)

listen_for_triggers(metadata)
