"""The HTML of the page."""

import datetime
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ..characters import printable
from ..confidence import CONFIDENCES
from ..engine import BundleInfo
from ..engine.rhymes import rhyme_labels
from ..errors import LianjuError
from ..i18n import LANGUAGES, Localizer
from ..picture import STYLES
from ..verse import Answer, FormName, RequestError, Rules, Script, to_traditional
from ..verse.form import CHARS
from .assets import asset_path
from .query import ACROSTIC, COUPLET_UPPER, LAYOUTS, Query
from .view import view_answer

__all__ = ["render_page"]

TRADITIONAL = "zh-TW"
LANGUAGE_TAGS = {"en": "en", "zh-CN": "zh-Hans", TRADITIONAL: "zh-Hant"}
"""What browsers choose glyphs by, and screen readers a voice."""

FORMS = (*get_args(FormName), COUPLET_UPPER, *(f"{ACROSTIC}{chars}" for chars in CHARS))
ERRORS_OF_LINE = ("prompt-", "request-heads")
EXAMPLES = (
    Query(line="黄河远上白云间"),
    Query(line="移舟泊烟渚", form="jueju"),
    Query(heads="春夏秋冬", chars="7"),
)


def render_page(
    query: Query,
    localizer: Localizer,
    bundle: BundleInfo | None,
    next_seed: int,
    answer: Answer | None = None,
    error: LianjuError | None = None,
) -> str:
    """Returns the page.

    Args:
        query: What it is asked to show.
        localizer: Its language.
        bundle: What is known of the bundle; None if the engine does not say now.
        next_seed: The seed of another batch.
        answer: The answer, if the query asks for one.
        error: What is wrong, in place of an answer.
    """
    traditional = localizer.language == TRADITIONAL
    line_is_wrong = error is not None and error.key.startswith(ERRORS_OF_LINE)
    rhymes = {} if bundle is None else rhyme_labels(bundle.rhymes, traditional)
    return _template().render(
        t=localizer.format,
        query=query,
        home=Query(layout=query.layout, lang=query.lang).address(),
        language=localizer.language,
        languages=LANGUAGES,
        tags=LANGUAGE_TAGS,
        layouts=LAYOUTS,
        chosen=list(_chosen(query, localizer)),
        forms=FORMS,
        rules=get_args(Rules),
        scripts=get_args(Script),
        rhymes=[(label.partition(" ")[0], label) for label in rhymes.values()],
        examples=[_example(each, query, traditional) for each in EXAMPLES],
        next_seed=str(next_seed),
        answer=None if answer is None else view_answer(answer, localizer),
        confidences=CONFIDENCES,
        line_is_wrong=line_is_wrong,
        option_is_wrong=isinstance(error, RequestError) and not line_is_wrong,
        error=None if error is None else printable(localizer.format(error.key, **error.facts)),
        styles=STYLES,
        today=datetime.datetime.now(datetime.UTC).date().isoformat(),
        asset=asset_path,
    )


def _chosen(query: Query, localizer: Localizer) -> Iterable[str]:
    """Returns the options that are not the defaults, as they are shown while they are folded."""
    if query.form_value in FORMS[1:]:
        yield localizer.format("web-form-option", form=query.form_value)
    if query.rhyme:
        yield localizer.format("details-rhyme", rhyme=query.rhyme)
    if query.rules in get_args(Rules)[1:]:
        yield localizer.format("details-rules", rules=query.rules)
    if query.script in get_args(Script)[1:]:
        yield localizer.format("web-script-option", script=query.script)
    if query.known == "allow":
        yield localizer.format("details-known")


def _example(example: Query, query: Query, traditional: bool) -> tuple[str, str, str]:
    """Returns the text of an example, its form and its address."""
    text = to_traditional(example.text) if traditional else example.text
    name = "line" if example.heads is None else "heads"
    address = example.address(**{name: text}, layout=query.layout, lang=query.lang)
    return text, example.form_value, address


@cache
def _template() -> Template:
    folder = Path(str(files("lianju.bot"))) / "web" / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
