"""The store in a PostgreSQL database."""

from .database import PostgresDatabase, open_postgres
from .url import is_postgres, parse_url, server_name

__all__ = ["PostgresDatabase", "is_postgres", "open_postgres", "parse_url", "server_name"]
