"""The tables of pages of honor; `tables` has the others."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from ..guild_settings import HONOR_THRESHOLD
from ..honor import FAULTS, STATES
from .columns import Long, Words, between, metadata, one_of

__all__ = ["honor", "honor_page"]

# The servers that have a page of honor. Times are Unix seconds.
honor_page = Table(
    "honor_page",
    metadata,
    Column("guild_id", Long, primary_key=True, autoincrement=False),
    Column("channel_id", Long, nullable=False),
    Column("threshold", Integer, nullable=False),
    Column("fault", Words),  # why nothing is posted there until an admin sets it again
    Column("booklet_at", Long, nullable=False),  # when the next booklet is due
    Column("booklet_begun_at", Long),  # when posting it was begun, unless its end is known
    Column("booklet_attempts", Integer, nullable=False),
    CheckConstraint("guild_id > 0", "honor_page_guild"),
    CheckConstraint("channel_id > 0", "honor_page_channel"),
    between("threshold", HONOR_THRESHOLD),
    one_of("fault", FAULTS),
    Index("honor_page_due", "booklet_at"),
    sqlite_strict=True,
)

# Verse that is on a page of honor, or may get there. The triggers of `favourite` add it and count
# up `changed`; whoever has done what follows from a state notes its number in `shown`.
honor = Table(
    "honor",
    metadata,
    Column("id", Long, primary_key=True),
    Column("guild_id", Long, nullable=False),
    Column("couplet_id", ForeignKey("couplet.id", ondelete="SET NULL")),  # nobody keeps it then
    Column("state", Words, nullable=False),
    Column("channel_id", Long),
    Column("message_id", Long),
    Column("begun_at", Long),  # when posting was begun, unless it is known how that ended
    Column("changed", Long, nullable=False),
    Column("shown", Long, nullable=False),
    Column("next_at", Long, nullable=False),
    Column("attempts", Integer, nullable=False),
    UniqueConstraint("couplet_id", "guild_id", name="honor_once"),
    CheckConstraint("guild_id > 0", "honor_guild"),
    CheckConstraint("message_id IS NULL OR channel_id IS NOT NULL", "honor_message"),
    one_of("state", STATES),
    Index("honor_of_guild", "guild_id"),
    sqlite_autoincrement=True,  # an old message must never refer to a newer verse
    sqlite_strict=True,
)
_DUE = honor.c.changed != honor.c.shown
Index("honor_due", honor.c.next_at, sqlite_where=_DUE, postgresql_where=_DUE)
