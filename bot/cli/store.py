"""`lianju backup`, `lianju restore` and `lianju bench-store`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

__all__ = ["backup", "bench_store", "restore"]


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


@click.command("bench-store")
@click.option("--favorites", type=click.IntRange(1000, 10**8), default=1_000_000, show_default=True)
@click.option("--servers", type=click.IntRange(1, 10**6), default=10_000, show_default=True)
@click.option(
    "--repeat", type=click.IntRange(20, 10_000), default=500, show_default=True, help="Of each."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench_store(favorites: int, servers: int, repeat: int, as_json: bool) -> None:
    """Measure the database when it is full.

    Fills one in the folder for temporary files, and deletes it afterwards.
    """
    from ..store.bench import bench

    report = bench(favorites, servers, repeat)
    click.echo(json.dumps(asdict(report)) if as_json else str(report))
