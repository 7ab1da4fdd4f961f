"""`/guess`: rounds, guesses, scores, and what they say of each bundle."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds four tables."""
    _add_rounds()
    op.create_table(
        "guess",
        sa.Column(
            "round_id",
            Long,
            sa.ForeignKey("guess_round.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("user_id", Long, primary_key=True),
        sa.Column("choice", sa.Integer, nullable=False),
        sa.CheckConstraint("choice BETWEEN 0 AND 3", "choice_in_bounds"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("guess_of_user", "guess", ["user_id"])
    op.create_table(
        "guess_score",
        sa.Column("guild_id", Long, primary_key=True),
        sa.Column("user_id", Long, primary_key=True),
        sa.Column("guesses", sa.Integer, nullable=False),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("streak", sa.Integer, nullable=False),
        sa.Column("best_streak", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "0 <= streak AND streak <= best_streak AND best_streak <= hits AND hits <= guesses",
            "guess_score_consistent",
        ),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("guess_score_of_user", "guess_score", ["user_id"])
    op.create_table(
        "guess_figure",
        sa.Column("bundle", Words, primary_key=True),
        sa.Column("guesses", sa.Integer, nullable=False),
        sa.Column("fooled", sa.Integer, nullable=False),
        sa.CheckConstraint("0 <= fooled AND fooled <= guesses", "guess_figure_consistent"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )


def _add_rounds() -> None:
    op.create_table(
        "guess_round",
        sa.Column("id", Long, primary_key=True, autoincrement=False),
        sa.Column("place_id", Long, nullable=False),
        sa.Column("guild_id", Long, nullable=False),
        sa.Column("channel_id", Long, nullable=False),
        sa.Column("message_id", Long),
        sa.Column("host_id", Long),
        sa.Column("difficulty", Words, nullable=False),
        sa.Column("bundle", Words, nullable=False),
        sa.Column("poem_id", Words, nullable=False),
        sa.Column("title", Words, nullable=False),
        sa.Column("poet", Words, nullable=False),
        sa.Column("lines", Words, nullable=False),
        sa.Column("options", Words, nullable=False),
        sa.Column("answer", sa.Integer, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.Column("traditional", sa.Integer, nullable=False),
        sa.Column("ends_at", Long, nullable=False),
        sa.Column("ended", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.UniqueConstraint("place_id", "poem_id", name="guess_round_poem_once"),
        sa.CheckConstraint("guild_id >= 0", "guess_round_guild"),
        sa.CheckConstraint(
            "traditional IN (0, 1) AND ended IN (0, 1) AND shown IN (0, 1)", "guess_round_flags"
        ),
        sa.CheckConstraint("ended >= shown", "guess_round_ended_first"),
        sa.CheckConstraint("difficulty IN ('easy', 'hard')", "difficulty_known"),
        sa.CheckConstraint("answer BETWEEN 0 AND 3", "answer_in_bounds"),
        sqlite_strict=True,
    )
    op.create_index("guess_round_in_place", "guess_round", ["place_id", "id"])
    op.create_index("guess_round_of_guild", "guess_round", ["guild_id"])
    op.create_index("guess_round_of_host", "guess_round", ["host_id"])
    for name, column, where, unique in (
        ("guess_round_running", "channel_id", "ended = 0", True),
        ("guess_round_not_shown", "ends_at", "shown = 0", False),
    ):
        condition = sa.text(where)
        op.create_index(
            name,
            "guess_round",
            [column],
            unique=unique,
            sqlite_where=condition,
            postgresql_where=condition,
        )
