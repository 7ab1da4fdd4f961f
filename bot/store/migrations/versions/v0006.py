"""How many tables of linked verse a channel may have."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    """Adds a column to the settings of servers."""
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(
            "server", sa.Column("linked_tables", sa.Integer, nullable=False, server_default="1")
        )
        op.alter_column("server", "linked_tables", server_default=None)
        op.create_check_constraint(
            "linked_tables_in_bounds", "server", "linked_tables BETWEEN 1 AND 5"
        )
    else:
        _create_server_again()


def _create_server_again() -> None:
    """Adds a column with a CHECK, which SQLite can do only where a table is created."""
    op.execute("CREATE TEMPORARY TABLE server_before AS SELECT * FROM server")
    op.drop_table("server")
    op.create_table(
        "server",
        sa.Column("guild_id", Long, primary_key=True, autoincrement=False),
        sa.Column("beam_size", sa.Integer, nullable=False),
        sa.Column("candidates", sa.Integer, nullable=False),
        sa.Column("cooldown_s", sa.Integer, nullable=False),
        sa.Column("script", Words, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.Column("linked_tables", sa.Integer, nullable=False),
        sa.CheckConstraint("guild_id > 0", "server_guild"),
        sa.CheckConstraint("beam_size BETWEEN 1 AND 64", "beam_size_in_bounds"),
        sa.CheckConstraint("candidates BETWEEN 1 AND 10", "candidates_in_bounds"),
        sa.CheckConstraint("cooldown_s BETWEEN 0 AND 3600", "cooldown_s_in_bounds"),
        sa.CheckConstraint("linked_tables BETWEEN 1 AND 5", "linked_tables_in_bounds"),
        sa.CheckConstraint("candidates <= beam_size", "candidates_fit_beam"),
        sa.CheckConstraint("script IN ('auto', 'simplified', 'traditional')", "script_known"),
        sa.CheckConstraint("language IN ('auto', 'en', 'zh-CN', 'zh-TW')", "language_known"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO server SELECT *, 1 FROM server_before")
    op.execute("DROP TABLE server_before")
