"""`lianju card`."""

import datetime
from typing import get_args

import click

from ..picture import DEFAULT_SEAL, STYLES, PictureError, Style
from ..verse import PromptError, Script
from .files import (
    SPACES,
    STDIN,
    check_output,
    check_plain,
    open_output,
    read_day,
    read_poem_argument,
    verse_argument,
)
from .language import locale_localizer, tell_missing

__all__ = ["card"]


@click.command()
@verse_argument("poem")
@click.option(
    "--out",
    required=True,
    metavar="FILE.png",
    help="The picture to write; - prints it.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--title", help="The title (default: that of POEM).")
@click.option(
    "--writer",
    "writers",
    multiple=True,
    help="Who wrote it (default: as in POEM); may be repeated.",
)
@click.option("--seal", default=DEFAULT_SEAL, show_default=True, help="What the seal says.")
@click.option("--date", metavar="2026-11-30", help="The date (default today).")
@click.option("--no-date", is_flag=True, help="Leave out the date.")
@click.option("--style", type=click.Choice(STYLES), default="paper", show_default=True)
@click.option(
    "--script",
    type=click.Choice(get_args(Script)),
    default="auto",
    help="Characters of the picture; auto (default) leaves them as they are.",
)
def card(
    poem: str,
    out: str,
    force: bool,
    title: str | None,
    writers: tuple[str, ...],
    seal: str,
    date: str | None,
    no_date: bool,
    style: Style,
    script: Script,
) -> None:
    """Draw POEM as a picture, set vertically.

    Punctuation separates its lines, or line breaks if it has any. A title in 《》 and writers that
    stand above it, or a signature below, are set apart. - reads standard input.
    """
    from ..picture import Card, Picture, split_lines
    from ..verse import count_poems, read_pasted

    check_output(out, "card.png", force=force, source=poem if poem == STDIN else None)
    if date is not None and no_date:
        raise PictureError("cli-card-dates")
    today = datetime.date.today()  # noqa: DTZ011 -- the user's own day
    day = None if no_date else today if date is None else read_day(date)
    for name, values in (("--title", [title or ""]), ("--writer", writers), ("--seal", [seal])):
        check_plain(name, "".join(values))
    if title and not title.strip():
        raise PictureError("picture-title-empty")
    text = read_poem_argument(poem)
    check_plain("POEM", text, SPACES)
    if (poems := count_poems(text)) > 1:
        raise PromptError("poems-several", poems=poems)
    pasted = read_pasted(text)
    picture = Picture.of(
        Card(
            lines=split_lines(pasted.text),
            title=pasted.credits.title if title is None else title,
            writers=writers or pasted.credits.writers,
            seal=seal,
            date=day,
            style=style,
            script=script,
        )
    )
    with open_output(out) as stream:
        stream.write(picture.png)
    tell_missing(picture.missing)
    if out != "-":
        facts = {"width": str(picture.width), "height": str(picture.height)}
        kilobytes = len(picture.png) // 1000
        format_message = locale_localizer().format
        click.echo(format_message("cli-card-done", path=out, kilobytes=kilobytes, **facts))
