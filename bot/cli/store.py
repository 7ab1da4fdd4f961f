"""`lianju backup` and `lianju restore`."""

from pathlib import Path

import click

__all__ = ["backup", "restore"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Copy the database to FILE, also while the bot runs."""
    from ..settings import load_settings
    from ..store.backup import back_up

    click.echo(back_up(load_settings().database, file, force))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database, which is kept beside it.

    The bot must not run meanwhile.
    """
    from ..settings import load_settings
    from ..store.backup import restore

    click.echo(restore(load_settings().database, file))
