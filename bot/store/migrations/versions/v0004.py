"""An index in the whole order of a user's favorites, so that PostgreSQL skips pages in it alone."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the id, which SQLite's index has anyway, to an index."""
    op.drop_index("favourite_of_user", "favourite")
    op.create_index("favourite_of_user", "favourite", ["user_id", "kept_at", "id"])
