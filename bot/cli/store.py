"""`lianju backup`, `lianju restore` and `lianju migrate-database`."""

from pathlib import Path

import click

from .language import format_error, locale_localizer

__all__ = ["backup", "migrate_database", "restore"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Copy the database to FILE, also while the bot runs."""
    from ..settings import load_settings
    from ..store.backup import back_up
    from ..store.database_file import database_path
    from ..store.private_files import find_exposed

    url = load_settings().database
    back_up(url, file, force)
    click.echo(
        locale_localizer().format(
            "backup-done",
            path=str(database_path(url)),
            target=str(file.absolute()),
            megabytes=f"{file.stat().st_size / 1e6:.1f}",
        )
    )
    for exposed in find_exposed(file.absolute()):
        click.echo(f"lianju: {format_error(exposed)}", err=True)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database, which is kept beside it.

    The bot must not run meanwhile.
    """
    from ..settings import load_settings
    from ..store.backup import restore
    from ..store.database_file import database_path

    url = load_settings().database
    kept = restore(url, file)
    format_message = locale_localizer().format
    click.echo(
        format_message("restore-done", source=str(file.absolute()), path=str(database_path(url)))
    )
    if kept:
        click.echo(format_message("restore-kept", path=str(kept)))


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def migrate_database(source: str, target: str) -> None:
    """Copy a SQLite database into a PostgreSQL database without rows.

    FROM and TO are URLs as in LIANJU_DATABASE. The bot must not run meanwhile. A copy that was
    interrupted goes on where it stopped. In the end each table is compared, row by row. A password
    that TO leaves out is taken from PGPASSWORD or ~/.pgpass.
    """
    from ..store.postgres.copying import copy_database

    format_message = locale_localizer().format

    def tell(table: str, done: int, total: int) -> None:
        facts = {"table": table, "done": str(done), "total": str(total)}
        click.echo(format_message("copy-progress", **facts), err=True)

    for table, copied in copy_database(source, target, tell).items():
        facts = {"table": table, "rows": str(copied.rows), "checksum": copied.checksum[:16]}
        click.echo(format_message("copy-table", **facts))
    click.echo(format_message("copy-done"))
