"""`lianju booklet`."""

import datetime
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ..errors import LianjuError
from ..picture import DEFAULT_SEAL
from ..verse import PromptError, Script
from .files import (
    SPACES,
    STDIN,
    check_output,
    check_plain,
    open_output,
    read_day,
    read_poem_argument,
    read_text_file,
)
from .language import format_error, locale_localizer, tell_missing

if TYPE_CHECKING:
    from ..booklet import Poem

__all__ = ["booklet"]


def _one_file(_: click.Context, __: click.Parameter, paths: Sequence[str]) -> str:
    if len(paths) > 1:
        raise PromptError("cli-one-file")
    return paths[0]


@click.command()
@click.argument("poems", nargs=-1, required=True, callback=_one_file, metavar="POEMS")
@click.option(
    "--out",
    required=True,
    metavar="FILE.pdf",
    help="The booklet to write; - prints it.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--title", default="诗集", show_default=True, help="The title.")
@click.option("--author", default="", help="Whose booklet it is.")
@click.option("--seal", default=DEFAULT_SEAL, show_default=True, help="What the seal says.")
@click.option("--date", metavar="2026-11-30", help="The date (default today).")
@click.option(
    "--script",
    type=click.Choice(get_args(Script)),
    default="auto",
    help="Characters of the booklet; auto (default) leaves them as they are.",
)
def booklet(
    poems: str,
    out: str,
    force: bool,
    title: str,
    author: str,
    seal: str,
    date: str | None,
    script: Script,
) -> None:
    """Set the poems of the file POEMS as a booklet, a PDF to read or print.

    Empty rows separate the poems. The first row of one may be its title in 《》, followed by the
    writers. - reads standard input.
    """
    from ..booklet import Booklet, PrintedBooklet

    check_output(out, "booklet.pdf", force=force, source=poems)
    for name, value in (("--title", title), ("--author", author), ("--seal", seal)):
        check_plain(name, value)
    text = _read_file(poems)
    check_plain("POEMS", text, SPACES)
    today = datetime.date.today()  # noqa: DTZ011 -- the user's own day
    printed = PrintedBooklet.of(
        Booklet(
            title,
            today if date is None else read_day(date),
            tuple(_read(text)),
            script=script,
            author=author,
            seal=seal,
        )
    )
    with open_output(out) as stream:
        stream.write(printed.pdf)
    tell_missing(printed.missing)
    if out != "-":
        facts = {"poems": printed.poems, "kilobytes": len(printed.pdf) // 1000}
        click.echo(locale_localizer().format("cli-booklet-done", path=out, **facts))


def _read_file(path: str) -> str:
    if path == STDIN:
        return read_poem_argument(STDIN)
    if not os.path.exists(path) or os.path.isdir(path):  # noqa: PTH110, PTH112 -- verse is too long for Path
        raise PromptError("cli-no-poems-file", path=path)
    return read_text_file(Path(path))


def _read(text: str) -> Iterator["Poem"]:
    """Yields the poems of a text; an error names the number of its poem."""
    from ..booklet import BookletError, read_poems

    found, number = read_poems(text), 0
    while True:
        number += 1
        try:
            poem = next(found, None)
        except LianjuError as error:
            reason = format_error(error)
            raise BookletError("booklet-poem", number=str(number), reason=reason) from None
        if poem is None:
            return
        yield poem
