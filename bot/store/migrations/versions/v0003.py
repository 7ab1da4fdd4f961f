"""What several processes of one bot agree on. SQLite, which serves one, keeps the tables empty."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds three tables."""
    op.create_table(
        "identified",
        sa.Column("bucket", Long, primary_key=True, autoincrement=False),
        sa.Column("at", Long, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "registered",
        sa.Column("scope", Words, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "running",
        sa.Column("user_id", Long, primary_key=True, autoincrement=False),
        sa.Column("ends_by", Long, nullable=False),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE running SET UNLOGGED")
