"""Pages of honor: channels, and the verse that is posted there."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds two tables, and triggers that note changes of hearts."""
    op.create_table(
        "honor_page",
        sa.Column("guild_id", Long, primary_key=True, autoincrement=False),
        sa.Column("channel_id", Long, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("fault", Words),
        sa.Column("booklet_at", Long, nullable=False),
        sa.Column("booklet_begun_at", Long),
        sa.Column("booklet_attempts", sa.Integer, nullable=False),
        sa.CheckConstraint("guild_id > 0", "honor_page_guild"),
        sa.CheckConstraint("channel_id > 0", "honor_page_channel"),
        sa.CheckConstraint("threshold BETWEEN 1 AND 100", "threshold_in_bounds"),
        sa.CheckConstraint("fault IN ('forbidden', 'gone')", "fault_known"),
        sqlite_strict=True,
    )
    op.create_index("honor_page_due", "honor_page", ["booklet_at"])
    op.create_table(
        "honor",
        sa.Column("id", Long, primary_key=True),
        sa.Column("guild_id", Long, nullable=False),
        sa.Column("couplet_id", Long, sa.ForeignKey("couplet.id", ondelete="SET NULL")),
        sa.Column("state", Words, nullable=False),
        sa.Column("channel_id", Long),
        sa.Column("message_id", Long),
        sa.Column("begun_at", Long),
        sa.Column("changed", Long, nullable=False),
        sa.Column("shown", Long, nullable=False),
        sa.Column("next_at", Long, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("couplet_id", "guild_id", name="honor_once"),
        sa.CheckConstraint("guild_id > 0", "honor_guild"),
        sa.CheckConstraint("message_id IS NULL OR channel_id IS NOT NULL", "honor_message"),
        sa.CheckConstraint(
            "state IN ('waiting', 'posting', 'posted', 'withdrawn', 'unnamed')", "state_known"
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("honor_of_guild", "honor", ["guild_id"])
    changed = sa.text("changed != shown")
    op.create_index(
        "honor_due", "honor", ["next_at"], sqlite_where=changed, postgresql_where=changed
    )
    is_postgres = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRES_TRIGGERS if is_postgres else SQLITE_TRIGGERS:
        op.execute(statement)


SQLITE_TRIGGERS = (
    """CREATE TRIGGER favourite_honored AFTER INSERT ON favourite BEGIN
    INSERT INTO honor (guild_id, couplet_id, state, changed, shown, next_at, attempts)
    SELECT guild_id, NEW.couplet_id, 'waiting', 0, 0, 0, 0 FROM honor_page
    WHERE guild_id = NEW.guild_id AND threshold <= (
        SELECT count(*) FROM favourite
        WHERE couplet_id = NEW.couplet_id AND guild_id = NEW.guild_id
    )
    ON CONFLICT (couplet_id, guild_id) DO NOTHING;
    UPDATE honor SET changed = changed + 1
    WHERE couplet_id = NEW.couplet_id AND guild_id = NEW.guild_id;
END""",
    """CREATE TRIGGER favourite_unhonored BEFORE DELETE ON favourite BEGIN
    UPDATE honor SET changed = changed + 1, next_at = CASE WHEN begun_at IS NOT NULL OR EXISTS (
        SELECT 1 FROM favourite WHERE couplet_id = OLD.couplet_id
        AND guild_id = OLD.guild_id AND id <> OLD.id
    ) THEN next_at ELSE 0 END
    WHERE couplet_id = OLD.couplet_id AND guild_id = OLD.guild_id;
END""",
)

POSTGRES_TRIGGERS = (
    """CREATE FUNCTION favourite_honored() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO honor (guild_id, couplet_id, state, changed, shown, next_at, attempts)
    SELECT guild_id, NEW.couplet_id, 'waiting', 0, 0, 0, 0 FROM honor_page
    WHERE guild_id = NEW.guild_id AND threshold <= (
        SELECT count(*) FROM favourite
        WHERE couplet_id = NEW.couplet_id AND guild_id = NEW.guild_id
    )
    ON CONFLICT (couplet_id, guild_id) DO NOTHING;
    UPDATE honor SET changed = changed + 1
    WHERE couplet_id = NEW.couplet_id AND guild_id = NEW.guild_id;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_honored AFTER INSERT ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_honored()""",
    """CREATE FUNCTION favourite_unhonored() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE honor SET changed = changed + 1, next_at = CASE WHEN begun_at IS NOT NULL OR EXISTS (
        SELECT FROM favourite WHERE couplet_id = OLD.couplet_id
        AND guild_id = OLD.guild_id AND id <> OLD.id
    ) THEN next_at ELSE 0 END
    WHERE couplet_id = OLD.couplet_id AND guild_id = OLD.guild_id;
    RETURN OLD;
END $$""",
    """CREATE TRIGGER favourite_unhonored BEFORE DELETE ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_unhonored()""",
)
