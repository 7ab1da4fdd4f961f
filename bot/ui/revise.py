"""The private message in which a member revises a poem, and the form for its characters."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import discord
from discord.components import TextDisplay

from ..characters import describe
from ..i18n import Localizer
from ..markdown import escape, small
from ..revising import Revising
from ..verse import WIDE_OPEN, Answer, Rerank, Revision
from ..verses import Verse
from .answer_message import AnswerMessage, CandidateView, general_remarks, remarks
from .buttons import DetailsButton, RequestOptions, Writer
from .layout import Layout
from .revise_state import RevisionView, parts_of, step_id, write_state, write_version
from .typed import field_value, read_typed, typed_block
from .verse import one_line

__all__ = [
    "ANSWER_REVISE",
    "FAVORITE_REVISE",
    "SOURCE_BUTTON",
    "TABLE_REVISE",
    "answer_notes",
    "choice_layout",
    "posted_layout",
    "revised_answer",
    "revision_form",
    "revision_layout",
    "typed_before",
    "typed_layout",
    "typed_poem",
]

ANSWER_REVISE = "lianju:revise:answer:1"
"""The custom id of the button of an answer."""

FAVORITE_REVISE = "lianju:revise:favorite:1"
"""The custom id of the menu of a list of favorites, up to the owner's id."""

TABLE_REVISE = "lianju:revise:table:1"
"""The custom id of the button of a poem of linked verse, up to the table's id."""

SOURCE_BUTTON = (
    rf"{ANSWER_REVISE}|{FAVORITE_REVISE}:(?P<owner>\d{{1,20}})|{TABLE_REVISE}:(?P<table>\d{{1,18}})"
)
FORM = "lianju:revise-form:1"
FIELD = "poem"

MAX_TYPED = 200  # characters in the form; a poem has 64, and punctuation
MAX_LABEL = 45  # characters of the title and the label of a form
MAX_OPTION = 100  # characters of the label or the description of an option
MAX_ID = 100  # characters of a custom id


def choice_layout(views: Sequence[RevisionView], localizer: Localizer) -> Layout:
    """Returns the question which poem is to be revised.

    Args:
        views: Each poem.
        localizer: The language.
    """
    parts: list[discord.ui.Item[Any]] = [_text(localizer.format("revise-choose"))]
    for rank, view in enumerate(views, 1):
        button = discord.ui.Button[Any](
            custom_id=f"{write_state('choose', view)}:{rank}", label=localizer.format("revise")
        )
        poem = "\n".join(map(escape, view.revising.lines))
        parts.append(discord.ui.Section(poem, accessory=button))
    return Layout(*parts)


def revision_layout(
    view: RevisionView, localizer: Localizer, note: str = "", typed: str = ""
) -> Layout:
    """Returns the message in which a poem is revised.

    Args:
        view: The poem.
        localizer: The language.
        note: What there is to say of the last step, in markdown.
        typed: What was written into the form, if that was refused.
    """
    revising = view.revising
    notes = [_text(note)] if note else []
    if typed:
        notes.append(_text(typed_block(typed, MAX_TYPED)))
    lines = discord.ui.Select[Any](
        custom_id=step_id("lines"),
        placeholder=localizer.format("revise-lines"),
        min_values=0,
        max_values=len(revising.lines),
        options=[
            discord.SelectOption(
                label=line,
                value=str(index),
                description=None if row in (line, WIDE_OPEN * len(line)) else row,
                default=row == line,
            )
            for index, (line, row) in enumerate(
                zip(revising.lines, revising.draft.rows, strict=True)
            )
        ],
    )
    rows = [discord.ui.ActionRow[Any](lines)]
    if len(revising.versions) > 1:
        rows.append(discord.ui.ActionRow(_versions(revising, localizer)))
    buttons = [
        _button(write_state("write", view), localizer.format("revise-write"), is_primary=True),
        _button(step_id("form"), localizer.format("revise-form")),
        _button(step_id("undo"), localizer.format("revise-undo"), is_off=not revising.is_changed),
        _button(step_id("post"), localizer.format("revise-post"), is_off=not revising.is_changed),
    ]
    return Layout(
        _text(f"### {localizer.format('revise')}\n{small(localizer.format('revise-legend'))}"),
        _text(_poem(view, localizer)),
        *notes,
        *rows,
        discord.ui.ActionRow(*buttons),
    )


def posted_layout(view: RevisionView, localizer: Localizer) -> Layout:
    """Returns what the message is when the poem has been posted."""
    poem = "\n".join(map(escape, view.revising.lines))
    return Layout(_text(f"### {localizer.format('revise-posted')}"), _text(poem))


def typed_layout(sentence: str, typed: str) -> Layout:
    """Returns why a form was refused, and what was written into it.

    Args:
        sentence: Why, in markdown.
        typed: What was written.
    """
    return Layout(_text(sentence), _text(typed_block(typed, MAX_TYPED)))


def revised_answer(view: RevisionView, now: float) -> AnswerMessage:
    """Returns the present version as an answer: who gave its line is credited with it.

    Args:
        view: The poem, of which there is a version.
        now: The time, in Unix seconds.
    """
    origin, version = view.origin, view.revising.version
    writer: Writer | None = origin.author
    if version.credit == "nobody":
        writer = Writer(None, int(now))
    elif version.credit == "member" or origin.author.user_id == origin.owner:
        writer = None  # who posts it
    rule = (origin.rhyme, origin.rules, origin.known, writer)
    options = RequestOptions(origin.owner, 1, origin.script, "chosen", Revision(), *rule)
    if len(options.custom_id) > MAX_ID:  # another bundle's names of rhyme groups
        options = replace(options, rhyme=None)
    return AnswerMessage(
        "，".join(version.draft.lines),
        (
            CandidateView(
                Verse.of(*version.lines), version.log_prob, version.known, version.relaxed
            ),
        ),
        options,
        DetailsButton(version.scored, Rerank(version.seed, version.width), version.complete),
        version.model,
    )


def answer_notes(answer: Answer, localizer: Localizer) -> str:
    """Returns what there is to say of the parts that were kept; empty if nothing is."""
    rows = []
    if answer.unknown:
        unknown = escape(" ".join(map(describe, answer.unknown)))
        count = len(answer.unknown)
        rows.append(localizer.format("answer-unknown", unknown=unknown, count=count))
    rows += (
        localizer.format("revise-departure", line=str(departure.line + 1), rule=departure.rule)
        for departure in answer.departures
    )
    return "\n".join(map(small, rows))


def typed_before(message: discord.Message | None) -> str:
    """Returns what was written into the form and refused, if the message says so; else nothing."""
    parts = () if message is None else parts_of(message.components)
    texts = (part.content for part in parts if isinstance(part, TextDisplay))
    return next(filter(None, map(read_typed, texts)), "")


def revision_form(poem: Verse, localizer: Localizer, text: str) -> discord.ui.Modal:
    """Returns the form for a poem with open places, below the poem as it is.

    It is stopped at once, as a `Layout` is; what is sent is handled by its custom id.

    Args:
        poem: The present version.
        localizer: The language.
        text: What stands in it.
    """
    form = discord.ui.Modal(
        title=localizer.format("revise-form-title")[:MAX_LABEL], timeout=None, custom_id=FORM
    )
    field = discord.ui.TextInput[discord.ui.Modal](
        custom_id=FIELD,
        style=discord.TextStyle.paragraph,
        max_length=MAX_TYPED,
        default=text,
        placeholder=localizer.format("revise-form-hint"),
    )
    label = localizer.format("revise-form-label")[:MAX_LABEL]
    form.add_item(discord.ui.Label(text=label, description=one_line(poem), component=field))
    form.stop()
    return form


def typed_poem(data: Any) -> str | None:
    """Returns what the form was sent with; None for the data of anything else."""
    return (field_value(data, FIELD) or "") if data.get("custom_id") == FORM else None


def _poem(view: RevisionView, localizer: Localizer) -> str:
    """Returns the present version, in which bold is what is kept, with remarks on it."""
    revising = view.revising
    rows = [
        "".join(f"**{escape(part)}**" if is_kept else escape(part) for is_kept, part in runs)
        for runs in map(_runs, revising.lines, revising.kept)
    ]
    if revising.is_changed:
        answer = revised_answer(view, 0)
        said = [*remarks(answer, 1, localizer), *general_remarks(answer, localizer)]
        how = localizer.format("answer-seed", seed=str(revising.version.seed))
        rows.append(small(" · ".join([escape(revising.version.model), how, *said])))
    return "\n".join(rows)


def _runs(line: str, row: Sequence[bool]) -> Iterator[tuple[bool, str]]:
    """Yields the parts of a line that are kept, and those that are not."""
    for is_kept, part in groupby(zip(row, line, strict=True), key=lambda place: place[0]):
        yield is_kept, "".join(character for _, character in part)


def _versions(revising: Revising, localizer: Localizer) -> discord.ui.Select[Any]:
    return discord.ui.Select(
        custom_id=step_id("version"),
        placeholder=localizer.format("revise-versions"),
        options=[
            discord.SelectOption(
                label=f"{number + 1} · {one_line(Verse.of(*version.lines))}"[:MAX_OPTION],
                value=write_version(number, version),
                description=version.model[:MAX_OPTION] or localizer.format("revise-first"),
                default=number == revising.at,
            )
            for number, version in enumerate(revising.versions)
        ],
    )


def _text(content: str) -> discord.ui.TextDisplay[Any]:
    return discord.ui.TextDisplay(content)


def _button(
    custom_id: str, label: str, *, is_primary: bool = False, is_off: bool = False
) -> discord.ui.Button[Any]:
    style = discord.ButtonStyle.primary if is_primary else discord.ButtonStyle.secondary
    return discord.ui.Button(custom_id=custom_id, label=label, style=style, disabled=is_off)
