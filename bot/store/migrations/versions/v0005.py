"""Linked verse: its tables, and who wrote what is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds four tables, and the triggers of one."""
    dialect = op.get_bind().dialect.name
    _add_writers()
    for trigger in POSTGRES_TRIGGERS if dialect == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)
    _add_tables()


def _add_writers() -> None:
    op.create_table(
        "favourite_writer",
        sa.Column(
            "favourite_id",
            Long,
            sa.ForeignKey("favourite.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("user_id", Long, nullable=False),
        sa.Column("guild_id", Long, nullable=False),
        sa.Column("keeper_id", Long, nullable=False),
        sa.Column("kept_at", Long, nullable=False),
        sa.UniqueConstraint("favourite_id", "user_id", name="favourite_writer_once"),
        sqlite_strict=True,
    )
    op.create_index(
        "favourite_writer_in_period",
        "favourite_writer",
        ["guild_id", "kept_at", "user_id", "keeper_id"],
    )
    op.create_index("favourite_writer_by_member", "favourite_writer", ["user_id"])


def _add_tables() -> None:
    op.create_table(
        "linked_table",
        sa.Column("id", Long, primary_key=True),
        sa.Column("guild_id", Long, nullable=False),
        sa.Column("channel_id", Long, nullable=False),
        sa.Column("message_id", Long),
        sa.Column("host_id", Long),
        sa.Column("form", Words, nullable=False),
        sa.Column("rules", Words, nullable=False),
        sa.Column("turn_order", Words, nullable=False),
        sa.Column("named", sa.Integer, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("turn_ends_at", Long),
        sa.Column("touched_at", Long, nullable=False),
        sa.Column("due_at", Long),
        sa.Column("state", Words, nullable=False),
        sa.Column("version", Long, nullable=False),
        sa.CheckConstraint("guild_id >= 0", "linked_table_guild"),
        sa.CheckConstraint("named IN (0, 1)", "named_known"),
        sa.CheckConstraint("(due_at IS NULL) = (state <> 'open')", "linked_table_due"),
        sa.CheckConstraint(
            "form IN ('jueju5', 'jueju7', 'lushi5', 'lushi7', 'pailu5', 'pailu7')", "form_known"
        ),
        sa.CheckConstraint("rules IN ('strict', 'loose', 'free')", "rules_known"),
        sa.CheckConstraint("turn_order IN ('free', 'turns')", "turn_order_known"),
        sa.CheckConstraint("state IN ('open', 'finished', 'idle')", "state_known"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", "minutes_in_bounds"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("linked_table_due_at", "linked_table", ["due_at"])
    op.create_index("linked_table_in_channel", "linked_table", ["channel_id", "state"])
    op.create_index("linked_table_of_guild", "linked_table", ["guild_id"])
    op.create_index("linked_table_of_host", "linked_table", ["host_id"])
    op.create_table(
        "linked_player",
        _table_id(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("user_id", Long, nullable=False),
        sa.UniqueConstraint("table_id", "user_id", name="linked_player_once"),
        sqlite_strict=True,
    )
    op.create_index("linked_player_of_user", "linked_player", ["user_id"])
    op.create_table(
        "linked_line",
        _table_id(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("text", Words, nullable=False),
        sa.Column("writer", Words, nullable=False),
        sa.Column("user_id", Long),
        sa.Column("written_at", Long, nullable=False),
        sa.Column("source", Words),
        sa.CheckConstraint("text <> ''", "linked_line_not_empty"),
        sa.CheckConstraint("writer IN ('member', 'lianju', 'poet')", "writer_known"),
        sa.CheckConstraint("number BETWEEN 0 AND 23", "number_in_bounds"),
        sqlite_strict=True,
    )
    op.create_index("linked_line_of_user", "linked_line", ["user_id"])


def _table_id() -> sa.Column[int]:
    return sa.Column(
        "table_id", Long, sa.ForeignKey("linked_table.id", ondelete="CASCADE"), primary_key=True
    )


SQLITE_TRIGGERS = (
    """CREATE TRIGGER favourite_writer_added AFTER INSERT ON favourite_writer BEGIN
    INSERT INTO member_hearts (guild_id, user_id, hearts)
    SELECT NEW.guild_id, NEW.user_id, 1 WHERE NEW.user_id <> NEW.keeper_id
    ON CONFLICT (guild_id, user_id) DO UPDATE SET hearts = hearts + 1;
END""",
    """CREATE TRIGGER favourite_writer_removed AFTER DELETE ON favourite_writer BEGIN
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.user_id
        AND OLD.user_id <> OLD.keeper_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.user_id AND OLD.user_id <> OLD.keeper_id;
END""",
)

POSTGRES_TRIGGERS = (
    """CREATE FUNCTION favourite_writer_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO member_hearts AS tally (guild_id, user_id, hearts)
    SELECT NEW.guild_id, NEW.user_id, 1 WHERE NEW.user_id <> NEW.keeper_id
    ON CONFLICT (guild_id, user_id) DO UPDATE SET hearts = tally.hearts + 1;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_writer_added AFTER INSERT ON favourite_writer
    FOR EACH ROW EXECUTE FUNCTION favourite_writer_added()""",
    """CREATE FUNCTION favourite_writer_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM member_hearts WHERE guild_id = OLD.guild_id
        AND user_id = OLD.user_id AND OLD.user_id <> OLD.keeper_id FOR UPDATE;
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.user_id
        AND OLD.user_id <> OLD.keeper_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.user_id AND OLD.user_id <> OLD.keeper_id;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_writer_removed AFTER DELETE ON favourite_writer
    FOR EACH ROW EXECUTE FUNCTION favourite_writer_removed()""",
)
