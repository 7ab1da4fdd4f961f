"""The tables of `/guess`; `tables` has the others."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from ..guild_settings import Bounds
from ..rounds import DIFFICULTIES, OPTIONS
from .columns import Long, Words, between, metadata, one_of

__all__ = ["guess", "guess_figure", "guess_round", "guess_score"]

# What `/guess` asked in each place: the latest rounds, none of whose poems comes again.
guess_round = Table(
    "guess_round",
    metadata,
    Column("id", Long, primary_key=True, autoincrement=False),  # of the interaction that began it
    Column("place_id", Long, nullable=False),  # the server, or the channel outside servers
    Column("guild_id", Long, nullable=False),  # 0 outside servers
    Column("channel_id", Long, nullable=False),
    Column("message_id", Long),
    Column("host_id", Long),  # NULL if it was deleted, and in servers once it is over
    Column("difficulty", Words, nullable=False),
    Column("bundle", Words, nullable=False),
    Column("poem_id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("poet", Words, nullable=False),
    Column("lines", Words, nullable=False),  # separated by line breaks, as `options`
    Column("options", Words, nullable=False),
    Column("answer", Integer, nullable=False),
    Column("language", Words, nullable=False),
    Column("traditional", Integer, nullable=False),  # 0 or 1
    Column("ends_at", Long, nullable=False),  # Unix seconds
    Column("ended", Integer, nullable=False),  # 0 or 1
    Column("shown", Integer, nullable=False),  # 0 or 1: whether the message has the result
    UniqueConstraint("place_id", "poem_id", name="guess_round_poem_once"),
    CheckConstraint("guild_id >= 0", "guess_round_guild"),
    CheckConstraint(
        "traditional IN (0, 1) AND ended IN (0, 1) AND shown IN (0, 1)", "guess_round_flags"
    ),
    CheckConstraint("ended >= shown", "guess_round_ended_first"),
    one_of("difficulty", DIFFICULTIES),
    between("answer", Bounds(0, OPTIONS - 1)),
    Index("guess_round_in_place", "place_id", "id"),
    Index("guess_round_of_guild", "guild_id"),
    Index("guess_round_of_host", "host_id"),
    sqlite_strict=True,
)
_RUNNING = guess_round.c.ended == 0
Index(
    "guess_round_running",
    guess_round.c.channel_id,
    unique=True,
    sqlite_where=_RUNNING,
    postgresql_where=_RUNNING,
)
_NOT_SHOWN = guess_round.c.shown == 0
Index(
    "guess_round_not_shown",
    guess_round.c.ends_at,
    sqlite_where=_NOT_SHOWN,
    postgresql_where=_NOT_SHOWN,
)

# Who chose what, until the result is shown.
guess = Table(
    "guess",
    metadata,
    Column("round_id", ForeignKey("guess_round.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Long, primary_key=True),
    Column("choice", Integer, nullable=False),
    Index("guess_of_user", "user_id"),
    between("choice", Bounds(0, OPTIONS - 1)),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

guess_score = Table(
    "guess_score",
    metadata,
    Column("guild_id", Long, primary_key=True),  # 0 outside servers
    Column("user_id", Long, primary_key=True),
    Column("guesses", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("streak", Integer, nullable=False),
    Column("best_streak", Integer, nullable=False),
    CheckConstraint(
        "0 <= streak AND streak <= best_streak AND best_streak <= hits AND hits <= guesses",
        "guess_score_consistent",
    ),
    Index("guess_score_of_user", "user_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# Of all servers and members, who are not named: how good the verse of each bundle is.
guess_figure = Table(
    "guess_figure",
    metadata,
    Column("bundle", Words, primary_key=True),  # name and version
    Column("guesses", Integer, nullable=False),
    Column("fooled", Integer, nullable=False),  # took a line of the bundle for the poet's
    CheckConstraint("0 <= fooled AND fooled <= guesses", "guess_figure_consistent"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
