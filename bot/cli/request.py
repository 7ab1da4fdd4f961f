"""The options of `poem`, `generate` and `couplet`, and the request that they describe."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from ..verse import (
    COUNT,
    DEFAULT_COUNT,
    LENGTH,
    PROVIDERS,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    WIDTH,
    Beam,
    Form,
    Known,
    PoemFormName,
    Request,
    RequestError,
    Rerank,
    Rules,
    Sample,
    Script,
    SearchMode,
    form_from,
)

__all__ = [
    "bundle_option",
    "couplet_options",
    "provider_option",
    "request_from",
    "search_options",
]

bundle_option = click.option(
    "--bundle", type=click.Path(path_type=Path), help="The model's directory."
)
provider_option = click.option(
    "--provider", type=click.Choice(PROVIDERS), help="Where the model runs."
)


_BEAM = click.option(
    "--beam",
    type=int,
    metavar="W",
    help=f"Beam search for the most probable lines; width {WIDTH}.",
)
_COUNT = click.option(
    "--count",
    type=int,
    metavar="N",
    help=f"How many candidates, {COUNT} (default {DEFAULT_COUNT}).",
)
_SAMPLING = (
    click.option("--sample", is_flag=True, help="Sample lines at random."),
    *(
        click.option(
            f"--{name.replace('_', '-')}",
            type=kind,
            metavar=letter,
            help=f"{bounds} (default {getattr(Sample, name)}).",
        )
        for name, letter, kind, bounds in (
            ("temperature", "T", float, TEMPERATURE),
            ("top_k", "K", int, TOP_K),
            ("top_p", "P", float, TOP_P),
        )
    ),
    click.option("--seed", type=int, metavar="S", help="Other lines; the same for one seed."),
    click.option(
        "--script",
        type=click.Choice(get_args(Script)),
        default="auto",
        help="Characters of the answer (default: the prompt's).",
    ),
)
_KNOWN = click.option(
    "--known",
    type=click.Choice(get_args(Known)),
    default="exclude",
    help="Lines of the corpus: excluded (default) or allowed.",
)


def _rules(meaning: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns the option that says how rules bind, whose values mean this."""
    names = click.Choice(get_args(Rules))
    return click.option("--rules", type=names, default="strict", help=meaning)


def _adding(*options: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns a decorator that adds options in this order."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)

    return decorate


search_options = _adding(
    _BEAM,
    _COUNT,
    click.option(
        "--length",
        type=int,
        metavar="L",
        help=f"Characters, {LENGTH} (default: the prompt's).",
    ),
    click.option("--plain", is_flag=True, help="The reference beam search, without rules."),
    *_SAMPLING,
    click.option(
        "--rhyme", metavar="GROUP", help="A rhyme group, such as 东 (default: the prompt's)."
    ),
    _rules("Tones and rhyme kept (default), rhyme kept and tones preferred, or neither."),
    _KNOWN,
    bundle_option,
    provider_option,
)
"""Adds the options that `poem` and `generate` share."""

couplet_options = _adding(
    _BEAM,
    _COUNT,
    *_SAMPLING,
    _rules("Tones kept (default), preferred, or ignored."),
    _KNOWN,
    bundle_option,
    provider_option,
)
"""Adds the options of `couplet`."""


def request_from(
    line: str | None,
    *,
    beam: int | None,
    count: int | None,
    script: Script,
    sample: bool,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
    rules: Rules,
    known: Known,
    rhyme: str | None = None,
    length: int | None = None,
    plain: bool = False,
    form: PoemFormName = "next",
    heads: str | None = None,
    keep: str | None = None,
    chars: int | None = None,
    written: Form | None = None,
    beam_search: bool = False,
    **_: object,
) -> Request:
    """Returns the request that the options describe.

    Args:
        line: The line or lines to continue.
        heads: The first characters of an acrostic's lines, in place of `line`.
        keep: A poem with open places, in place of `line`.
        written: What to write, in place of what `form`, `heads`, `chars` and `length` describe.
        beam_search: Whether to run a beam search where no option says how to search.

    Raises:
        RequestError: Options exclude each other, or a value is out of range.
    """
    if count is not None:
        COUNT.check("count", count)
    search = _search(
        _sample_options(sample, temperature=temperature, top_k=top_k, top_p=top_p),
        beam,
        count,
        plain=plain,
        seed=seed,
        beam_search=beam_search,
    )
    if count is None:
        count = DEFAULT_COUNT if isinstance(search, Sample) else min(DEFAULT_COUNT, search.width)
    if written is None:
        written = form_from(form, line=line, heads=heads, keep=keep, chars=chars, length=length)
    text = next((each for each in (keep, heads, line) if each is not None), "")
    return Request(text, written, search, count, script, rhyme, rules, known)


def _sample_options(sample: bool, **options: float | None) -> dict[str, Any] | None:
    """Returns the given options of sampling; None without --sample."""
    given = {name: value for name, value in options.items() if value is not None}
    if given and not sample:
        raise RequestError("request-sample-option", option=next(iter(given)).replace("_", "-"))
    return given if sample else None


def _search(
    sample_options: dict[str, Any] | None,
    beam: int | None,
    count: int | None,
    *,
    plain: bool,
    seed: int | None,
    beam_search: bool,
) -> SearchMode:
    """Returns how to search; a beam is as wide as the number of candidates needs."""
    if sample_options is not None:
        if beam is not None or plain:
            raise RequestError("request-sampling")
        return Sample(**sample_options, seed=seed)
    width = max(DEFAULT_COUNT, count or 0) if beam is None else beam
    if beam is None and not plain and not beam_search:
        return Rerank(seed or 0, width)
    if seed is not None:
        raise RequestError("poem-seed")
    return Beam(width, plain)
