"""Favourites with their tallies, recent prompts, and what servers prefer."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From an empty file."""
    op.create_table(
        "couplet",
        sa.Column("id", Long, primary_key=True),
        sa.Column("line", Words, nullable=False),
        sa.Column("answer", Words, nullable=False),
        sa.UniqueConstraint("line", "answer", name="couplet_once"),
        sa.CheckConstraint("line <> '' AND answer <> ''", "couplet_not_empty"),
        sqlite_strict=True,
    )
    op.create_table(
        "favourite",
        sa.Column("id", Long, primary_key=True),
        sa.Column("user_id", Long, nullable=False),
        sa.Column("guild_id", Long, nullable=False),
        sa.Column("couplet_id", Long, sa.ForeignKey("couplet.id"), nullable=False),
        sa.Column("author_id", Long),
        sa.Column("kept_at", Long, nullable=False),
        sa.UniqueConstraint("user_id", "guild_id", "couplet_id", name="favourite_once"),
        sa.CheckConstraint("guild_id >= 0", "favourite_guild"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("favourite_of_user", "favourite", ["user_id", "kept_at"])
    op.create_index(
        "favourite_in_period",
        "favourite",
        ["guild_id", "kept_at", "couplet_id", "author_id", "user_id"],
    )
    op.create_index(
        "favourite_of_couplet", "favourite", ["couplet_id", "guild_id", "kept_at", "author_id"]
    )
    op.create_index("favourite_by_author", "favourite", ["author_id"])
    op.create_table(
        "couplet_hearts",
        sa.Column("guild_id", Long, primary_key=True),
        sa.Column("couplet_id", Long, primary_key=True),
        sa.Column("hearts", sa.Integer, nullable=False),
        sa.Column("first_at", Long, nullable=False),
        sa.CheckConstraint("hearts > 0", "couplet_hearts_some"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(
        "couplet_hearts_ranking",
        "couplet_hearts",
        ["guild_id", sa.text("hearts DESC"), "first_at", "couplet_id"],
    )
    op.create_table(
        "member_hearts",
        sa.Column("guild_id", Long, primary_key=True),
        sa.Column("user_id", Long, primary_key=True),
        sa.Column("hearts", sa.Integer, nullable=False),
        sa.CheckConstraint("hearts > 0", "member_hearts_some"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(
        "member_hearts_ranking", "member_hearts", ["guild_id", sa.text("hearts DESC"), "user_id"]
    )
    op.create_table(
        "prompt",
        sa.Column("id", Long, primary_key=True),
        sa.Column("user_id", Long, nullable=False),
        sa.Column("line", Words, nullable=False),
        sa.Column("asked_at", Long, nullable=False),
        sa.UniqueConstraint("user_id", "line", name="prompt_once"),
        sa.CheckConstraint("line <> ''", "prompt_not_empty"),
        sqlite_strict=True,
    )
    op.create_index("prompt_of_user", "prompt", ["user_id", "asked_at"])
    op.create_index("prompt_by_age", "prompt", ["asked_at"])
    op.create_table(
        "server",
        sa.Column("guild_id", Long, primary_key=True, autoincrement=False),
        sa.Column("beam_size", sa.Integer, nullable=False),
        sa.Column("candidates", sa.Integer, nullable=False),
        sa.Column("cooldown_s", sa.Integer, nullable=False),
        sa.Column("script", Words, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.CheckConstraint("guild_id > 0", "server_guild"),
        sa.CheckConstraint("beam_size BETWEEN 1 AND 64", "beam_size_in_bounds"),
        sa.CheckConstraint("candidates BETWEEN 1 AND 10", "candidates_in_bounds"),
        sa.CheckConstraint("cooldown_s BETWEEN 0 AND 3600", "cooldown_s_in_bounds"),
        sa.CheckConstraint("candidates <= beam_size", "candidates_fit_beam"),
        sa.CheckConstraint("script IN ('auto', 'simplified', 'traditional')", "script_known"),
        sa.CheckConstraint("language IN ('auto', 'en', 'zh-CN', 'zh-TW')", "language_known"),
        sqlite_strict=True,
    )
    op.create_table(
        "channel",
        sa.Column(
            "guild_id",
            Long,
            sa.ForeignKey("server.guild_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("channel_id", Long, nullable=False),
        sa.UniqueConstraint("guild_id", "channel_id", name="channel_once"),
        sa.CheckConstraint("channel_id > 0", "channel_positive"),
        sa.CheckConstraint("number BETWEEN 1 AND 25", "number_in_bounds"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    dialect = op.get_bind().dialect.name
    for trigger in POSTGRES_TRIGGERS if dialect == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)


SQLITE_TRIGGERS = (
    """CREATE TRIGGER favourite_added AFTER INSERT ON favourite BEGIN
    INSERT INTO couplet_hearts (guild_id, couplet_id, hearts, first_at)
    VALUES (NEW.guild_id, NEW.couplet_id, 1, NEW.kept_at)
    ON CONFLICT (guild_id, couplet_id)
    DO UPDATE SET hearts = hearts + 1, first_at = min(first_at, excluded.first_at);
    INSERT INTO member_hearts (guild_id, user_id, hearts)
    SELECT NEW.guild_id, NEW.author_id, 1 WHERE NEW.author_id <> NEW.user_id
    ON CONFLICT (guild_id, user_id) DO UPDATE SET hearts = hearts + 1;
END""",
    """CREATE TRIGGER favourite_removed AFTER DELETE ON favourite BEGIN
    DELETE FROM couplet_hearts
    WHERE guild_id = OLD.guild_id AND couplet_id = OLD.couplet_id AND hearts = 1;
    UPDATE couplet_hearts SET hearts = hearts - 1, first_at = (
        SELECT min(kept_at) FROM favourite
        WHERE couplet_id = OLD.couplet_id AND guild_id = OLD.guild_id
    )
    WHERE guild_id = OLD.guild_id AND couplet_id = OLD.couplet_id;
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.author_id
        AND OLD.author_id <> OLD.user_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id;
    DELETE FROM couplet WHERE id = OLD.couplet_id
        AND NOT EXISTS (SELECT 1 FROM favourite WHERE couplet_id = OLD.couplet_id);
END""",
    """CREATE TRIGGER favourite_unlinked AFTER UPDATE OF author_id ON favourite BEGIN
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.author_id
        AND OLD.author_id <> OLD.user_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id;
END""",
    """CREATE TRIGGER favourite_fixed BEFORE UPDATE ON favourite
WHEN NEW.author_id IS NOT NULL
    OR (NEW.id, NEW.user_id, NEW.guild_id, NEW.couplet_id, NEW.kept_at)
    IS NOT (OLD.id, OLD.user_id, OLD.guild_id, OLD.couplet_id, OLD.kept_at)
BEGIN
    SELECT RAISE(ABORT, 'a favourite may lose its author, nothing else of it changes');
END""",
)

POSTGRES_TRIGGERS = (
    """CREATE FUNCTION favourite_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO couplet_hearts AS tally (guild_id, couplet_id, hearts, first_at)
    VALUES (NEW.guild_id, NEW.couplet_id, 1, NEW.kept_at)
    ON CONFLICT (guild_id, couplet_id) DO UPDATE
    SET hearts = tally.hearts + 1, first_at = least(tally.first_at, excluded.first_at);
    INSERT INTO member_hearts AS tally (guild_id, user_id, hearts)
    SELECT NEW.guild_id, NEW.author_id, 1 WHERE NEW.author_id <> NEW.user_id
    ON CONFLICT (guild_id, user_id) DO UPDATE SET hearts = tally.hearts + 1;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_added AFTER INSERT ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_added()""",
    """CREATE FUNCTION favourite_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM couplet_hearts
    WHERE guild_id = OLD.guild_id AND couplet_id = OLD.couplet_id AND hearts = 1;
    -- All rows of a statement are gone before its triggers run: then there is no first one.
    UPDATE couplet_hearts SET hearts = hearts - 1, first_at = coalesce((
        SELECT min(kept_at) FROM favourite
        WHERE couplet_id = OLD.couplet_id AND guild_id = OLD.guild_id
    ), first_at)
    WHERE guild_id = OLD.guild_id AND couplet_id = OLD.couplet_id;
    PERFORM FROM member_hearts WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id FOR UPDATE;
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.author_id
        AND OLD.author_id <> OLD.user_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id;
    DELETE FROM couplet WHERE id = OLD.couplet_id
        AND NOT EXISTS (SELECT FROM favourite WHERE couplet_id = OLD.couplet_id);
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_removed AFTER DELETE ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_removed()""",
    """CREATE FUNCTION favourite_unlinked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM member_hearts WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id FOR UPDATE;
    DELETE FROM member_hearts WHERE guild_id = OLD.guild_id AND user_id = OLD.author_id
        AND OLD.author_id <> OLD.user_id AND hearts = 1;
    UPDATE member_hearts SET hearts = hearts - 1 WHERE guild_id = OLD.guild_id
        AND user_id = OLD.author_id AND OLD.author_id <> OLD.user_id;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER favourite_unlinked AFTER UPDATE OF author_id ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_unlinked()""",
    """CREATE FUNCTION favourite_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.author_id IS NOT NULL
        OR (NEW.id, NEW.user_id, NEW.guild_id, NEW.couplet_id, NEW.kept_at)
        IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.guild_id, OLD.couplet_id, OLD.kept_at)
    THEN
        RAISE EXCEPTION 'a favourite may lose its author, nothing else of it changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$""",
    """CREATE TRIGGER favourite_fixed BEFORE UPDATE ON favourite
    FOR EACH ROW EXECUTE FUNCTION favourite_fixed()""",
)
