"""`lianju couplet`."""

from typing import Any

import click

from ..verse import Couplet
from .files import read_poem_argument, verse_argument
from .poem import open_command_composer
from .request import couplet_options, request_from

__all__ = ["couplet"]


@click.command()
@verse_argument("line")
@click.option(
    "--upper", is_flag=True, help="LINE is the lower line (下联): write the upper one (上联)."
)
@couplet_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def couplet(line: str, upper: bool, as_json: bool, **options: Any) -> None:
    """Answer LINE, the upper line of a couplet (上联), with lower lines (下联), best first.

    LINE has 4 to 12 characters; between two halves of one length it may have a comma.
    - reads standard input.
    """
    from .output import pretty, to_json

    request = request_from(read_poem_argument(line), written=Couplet(upper), **options)
    with open_command_composer(couplets=True, **options) as composer:
        answer = composer.compose_now(request)
    click.echo(to_json(answer) if as_json else pretty(answer))
