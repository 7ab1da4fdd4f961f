"""The options of `poem` and `generate`, and the request that they make."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..verse.errors import RequestError
from ..verse.request import Form, Known, Request, Rerank, Sample, Strictness

if TYPE_CHECKING:
    from ..verse.request import Script

__all__ = ["request_from", "search_options"]


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that `poem` and `generate` share."""
    options = (
        click.option(
            "--beam", type=int, metavar="W", help="The likeliest lines, by a beam of 1 to 64."
        ),
        click.option(
            "--count", type=int, metavar="N", help="How many candidates, 1 to 20 (default 5)."
        ),
        click.option(
            "--length", type=int, metavar="L", help="Characters, 1 to 64 (default: the prompt's)."
        ),
        click.option("--plain", is_flag=True, help="The reference beam search, free of rules."),
        click.option("--sample", is_flag=True, help="Draw lines at random, without a beam."),
        click.option("--temperature", type=float, metavar="T", help="0.1 to 2 (default 0.8)."),
        click.option("--top-k", type=int, metavar="K", help="1 to 1000 (default 100)."),
        click.option("--top-p", type=float, metavar="P", help="0.05 to 1 (default 0.9)."),
        click.option("--seed", type=int, metavar="S", help="Other lines; the same for one seed."),
        click.option(
            "--script",
            type=click.Choice(["auto", "simplified", "traditional"]),
            default="auto",
            help="Characters of the answer (default: the prompt's).",
        ),
        click.option(
            "--rhyme", metavar="GROUP", help="A rhyme group, such as 东 (default: the prompt's)."
        ),
        click.option(
            "--rules",
            "strictness",
            type=click.Choice(get_args(Strictness)),
            default="strict",
            help="Tones and rhyme kept (default), rhyme kept and tones preferred, or neither.",
        ),
        click.option(
            "--known",
            type=click.Choice(get_args(Known)),
            default="exclude",
            help="Lines that the corpus has: none (default), or welcome.",
        ),
        click.option("--bundle", type=click.Path(path_type=Path), help="The model's directory."),
        click.option(
            "--provider", type=click.Choice(["auto", "cuda", "cpu"]), help="Where the model runs."
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def request_from(
    text: str,
    *,
    beam: int | None,
    count: int | None,
    length: int | None,
    plain: bool,
    script: "Script",
    sample: bool,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
    rhyme: str | None,
    strictness: Strictness,
    known: Known,
    form: Form = "next",
    heads: str | None = None,
    chars: int | None = None,
    classic: bool = False,
    **_: object,
) -> Request:
    """Returns the request of a prompt with these options.

    Raises:
        RequestError: The options exclude each other, or a value is out of range.
    """
    drawn = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    given: dict[str, Any] = {name: value for name, value in drawn.items() if value is not None}
    if given and not sample:
        option = next(iter(given)).replace("_", "-")
        raise RequestError(f"--{option} is for lines drawn at random: add --sample, or drop it.")
    searches = classic or beam is not None or plain
    if seed is not None and searches and not sample:
        raise RequestError("--seed is for what is left to chance: a beam leaves nothing, drop it.")
    return Request(
        text,
        beam,
        count,
        length,
        plain,
        script,
        sampling=Sample(**given, seed=seed) if sample else None,
        choosing=None if sample or searches else Rerank(seed or 0),
        form=form,
        heads=heads,
        chars=chars,
        rhyme=rhyme,
        strictness=strictness,
        known=known,
    )
