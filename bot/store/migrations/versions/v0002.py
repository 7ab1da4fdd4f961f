"""Who was forgotten, and the application whose servers have settings."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Long = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    """Adds tables, and the first key."""
    keys = op.create_table(
        "forgetting_key",
        sa.Column("id", Long, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("key", name="forgetting_key_once"),
        sa.CheckConstraint("length(key) = 32", "forgetting_key_size"),
        sqlite_strict=True,
    )
    op.bulk_insert(keys, [{"key": secrets.token_bytes(32)}])
    op.create_table(
        "forgotten",
        sa.Column("key_id", Long, sa.ForeignKey("forgetting_key.id"), primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("forgotten_at", Long, nullable=False),
        sa.CheckConstraint("length(digest) = 32", "forgotten_digest_size"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_table(
        "application",
        sa.Column("id", Long, primary_key=True, autoincrement=False),
        sa.CheckConstraint("id > 0", "application_positive"),
        sqlite_strict=True,
    )
