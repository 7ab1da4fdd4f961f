"""`lianju poem` and `lianju generate`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..errors import LianjuError
from ..verse import PoemFormName, PromptError, Request, RequestError, SearchError
from .files import (
    check_not_source,
    open_output,
    read_poem_argument,
    read_text_file,
    verse_argument,
)
from .language import format_error
from .request import request_from, search_options

if TYPE_CHECKING:
    from ..verse import Answer, Composer, PreparedRequest, Provider

__all__ = ["generate", "open_command_composer", "poem"]


@click.command()
@verse_argument("line", required=False)
@search_options
@click.option(
    "--form",
    type=click.Choice(get_args(PoemFormName)),
    default="next",
    help="One line more (default), the rest of a 绝句, or of a 律诗.",
)
@click.option("--heads", metavar="春夏秋冬", help="An acrostic: the first character of each line.")
@click.option(
    "--keep",
    metavar="POEM",
    help="A poem of which parts are kept; ? is a line or a character to be written anew.",
)
@click.option("--chars", type=int, metavar="5|7", help="Of an acrostic's lines (default 7).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def poem(line: str | None, as_json: bool, **options: Any) -> None:
    """Offer next lines for LINE, best first; or whole poems. - reads standard input."""
    from .output import pretty, to_json

    if line is None and options["heads"] is None and options["keep"] is None:
        raise RequestError("cli-no-line")

    request = request_from(None if line is None else read_poem_argument(line), **options)
    with open_command_composer(**options) as composer:
        answer = composer.compose_now(request)
    click.echo(to_json(answer) if as_json else pretty(answer))


@click.command()
@click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--out",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="The file to write; - prints.",
)
@search_options
def generate(source: Path, out: str, **options: Any) -> None:
    """Answer a file of prompts, one a line, in the classic format, by beam search.

    For every prompt the file OUT gets a line `index<TAB>prompt`, a line `score<TAB>text` for each
    candidate, and an empty line. Where a prompt cannot be answered, the line `error<TAB>reason`
    takes the place of the candidates, and the exit status is 1.
    """
    from .output import classic_block

    requests = {
        number: request_from(prompt, beam_search=True, **options)
        for number, prompt in _read_prompts(source).items()
    }
    check_not_source(out, str(source))
    with open_command_composer(**options) as composer:
        prepared = {number: _prepare(composer, each) for number, each in requests.items()}
        errors: dict[int, LianjuError] = {
            number: each for number, each in prepared.items() if isinstance(each, LianjuError)
        }
        if len(errors) == len(prepared):
            raise _at(source, *next(iter(errors.items())))
        spaced = composer.bundle.vocabulary.is_chinese or not composer.bundle.vocabulary.is_words
        with open_output(out) as stream:
            for index, (number, each) in enumerate(prepared.items()):
                answer = _answer(composer, each)
                if isinstance(answer, LianjuError):
                    errors[number] = answer
                    click.echo(f"lianju: {format_error(_at(source, number, answer))}", err=True)
                block = classic_block(index, requests[number].text, answer, spaced)
                stream.write(block.encode())
    click.get_current_context().exit(1 if errors else 0)


def _prepare(composer: "Composer", request: Request) -> "PreparedRequest | PromptError":
    try:
        return composer.prepare(request)
    except PromptError as error:
        return error


def _answer(
    composer: "Composer", prepared: "PreparedRequest | PromptError"
) -> "Answer | PromptError | SearchError":
    if isinstance(prepared, PromptError):
        return prepared
    try:
        return composer.compose_now(prepared)
    except SearchError as error:
        return error


def _at(source: Path, line: int, error: LianjuError) -> PromptError:
    """Returns an error that says which line of a file another one is about."""
    return PromptError("cli-prompt", path=str(source), line=str(line), reason=format_error(error))


@contextmanager
def open_command_composer(
    *,
    bundle: Path | None,
    provider: "Provider | None",
    couplets: bool = False,
    **_: object,
) -> Iterator["Composer"]:
    """Opens the composer that the options and the settings describe, and closes it in the end.

    Args:
        bundle: The directory of the bundle, if it is given.
        provider: Where the model runs, if that is given.
        couplets: Whether the bundle for couplets is opened.
    """
    from ..settings import load_settings
    from ..verse import default_couplets, default_directory, load_bundle, open_composer

    settings = load_settings()
    directory = bundle or (settings.couplet_bundle if couplets else settings.bundle)
    poems = None
    if couplets:
        directory = directory or default_couplets()
        poems = load_bundle(settings.bundle or default_directory())
    composer = open_composer(
        directory, provider or settings.provider, settings.threads, poems=poems
    )
    try:
        yield composer
    finally:
        composer.close()


def _read_prompts(source: Path) -> dict[int, str]:
    """Returns the prompts of a file, by line number."""
    text = read_text_file(source)
    prompts = {number: line.strip() for number, line in enumerate(text.rstrip().split("\n"), 1)}
    if prompts == {1: ""}:
        raise PromptError("cli-prompts-empty", path=str(source))
    return prompts
