"""The store in a PostgreSQL database."""

from .database import PostgresDatabase, open_postgres
from .processes import Processes
from .url import is_postgres, parse_url, server_name

__all__ = [
    "PostgresDatabase",
    "Processes",
    "is_postgres",
    "open_postgres",
    "parse_url",
    "server_name",
]
