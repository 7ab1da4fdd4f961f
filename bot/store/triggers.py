"""Triggers that keep the tallies of favorites, and pages of honor, in the dialect of each database.

A change needs a migration in `migrations/versions`; a test compares the two.
"""

from sqlalchemy import DDL, MetaData, event

__all__ = ["POSTGRES_FUNCTIONS", "listen_for_triggers"]

_SQLITE = (
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

# The triggers of PostgreSQL run after the whole statement. Each of their own statements sees what
# others have committed by then, so a row that others change is locked before it is read.
_POSTGRES = (
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

POSTGRES_FUNCTIONS = {
    statement.split("(")[0].split()[-1]: statement.split("$$")[1]
    for statement in _POSTGRES
    if "$$" in statement
}
"""The source of each trigger's function, which has the name of the trigger."""


def listen_for_triggers(metadata: MetaData) -> None:
    """Creates the triggers whenever the tables are created."""
    for dialect, statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRES)):
        for statement in statements:
            trigger: DDL = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", trigger.execute_if(dialect=dialect))
