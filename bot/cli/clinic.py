"""`lianju check`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .files import read_poem_argument
from .poem import open_command_composer
from .request import bundle_option, provider_option

if TYPE_CHECKING:
    from ..clinic_text import Row
    from ..verse import Checkup, Composer, Fault, RhymeBook

__all__ = ["check"]

WIDE_SPACE = "\u3000"  # as wide as a character of verse
INDENT = " " * 6


@click.command()
@click.argument("poem", nargs=-1, required=True)
@click.option(
    "--rhymes",
    type=click.Choice(("pingshui", "xinyun")),
    default="pingshui",
    help="Tones and rhymes of Tang verse (平水韵, default), or of today (中华新韵).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@bundle_option
@provider_option
def check(poem: Sequence[str], rhymes: "RhymeBook", as_json: bool, **options: Any) -> None:
    """Check POEM by the rules of regulated verse: tones, rhymes, repeated characters.

    POEM has two, four, eight or another even number of lines, of five or of seven characters.
    For each fault it names characters that would mend it and fit the line. - reads standard input.
    """
    from ..engine import readings_of
    from ..engine.rhymes import rhyme_groups
    from ..verse import begin_checkup, xinyun_readings

    text = read_poem_argument("\n".join(poem))
    with open_command_composer(**options) as composer:
        prosody = composer.bundle.prosody
        groups = () if prosody is None else rhyme_groups(prosody, composer.bundle.vocabulary)
        readings = xinyun_readings() if rhymes == "xinyun" else readings_of(groups)
        begun = begin_checkup(text, readings, rhymes)
        checkup = begun.with_mended(composer.mend_now(begun.text.lines, begun.blanks, rhymes))
        click.echo(_json(checkup, composer) if as_json else _pretty(checkup, composer))


def _pretty(checkup: "Checkup", composer: "Composer") -> str:
    """Returns the checkup as text for a terminal; `click.echo` removes styles elsewhere."""
    from ..clinic_text import ClinicText
    from .language import locale_localizer

    text = ClinicText(checkup, locale_localizer())
    title = text.title()
    lines = [click.style(text.heading(), bold=True), *([_dim(title)] if title else [])]
    lines.append(text.verdict())
    widest = max(len(row.line) for row in text.rows())
    for number, row in enumerate(text.rows()):
        lines.append(f"{number + 1:>4}  {_columns(row, widest)}")
        lines += [INDENT + click.style(each, fg="red") for each in text.faults(number)]
        lines += [INDENT + _dim(each) for each in text.remarks(number)]
    lines += [_dim(each) for each in (*text.characters(), text.legend())]
    manifest = composer.bundle.manifest
    return "\n".join((*lines, _dim(f"{manifest.name} {manifest.version}")))


def _columns(row: "Row", widest: int) -> str:
    """Returns a line beside its tones, aligned where characters of verse are twice as wide."""
    padding = WIDE_SPACE * (widest - len(row.line))
    columns = [_marked(each, row.wrong) + padding for each in (row.line, row.tones)]
    mark = f"  {row.rhymes}" if row.rhymes else ""
    return "  ".join((*columns, _dim(row.pattern + mark))).rstrip()


def _marked(text: str, wrong: frozenset[int]) -> str:
    return "".join(
        click.style(character, fg="red", bold=True) if place in wrong else character
        for place, character in enumerate(text)
    )


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def _json(checkup: "Checkup", composer: "Composer") -> str:
    """Returns the checkup as one JSON object, whose lines and places count from 0."""
    poem, manifest = checkup.poem, composer.bundle.manifest
    groups = checkup.readings.groups
    known = checkup.mended.known if checkup.mended else ()
    content: dict[str, Any] = {
        "book": checkup.book,
        "title": checkup.text.heading,
        "length": poem.length,
        "opening": poem.opening,
        "first_rhymes": poem.first_rhymes,
        "rhyme": {
            "tone": poem.rhyme_tone,
            "groups": [groups[each] for each in sorted(poem.groups)],
        },
        "lines": [
            {
                "text": checkup.text.written[number],
                "readings": [sorted(tones) for tones in checkup.readings.tones_in(line.text)],
                "pattern": None if line.pattern is None else list(line.pattern.tones),
                "rhymes": line.form is not None and line.form.rhymes,
                "licences": list(line.licences),
                "faults": [_fault(checkup, number, fault) for fault in line.faults],
                "known": known[number] if known else None,
            }
            for number, line in enumerate(poem.lines)
        ],
        "repeated": [
            {"character": each.character, "places": [list(place) for place in each.places]}
            for each in poem.repeated
        ],
        "old": poem.is_old,
        "bundle": {"name": manifest.name, "version": manifest.version},
    }
    return json.dumps(content, ensure_ascii=False)


def _fault(checkup: "Checkup", number: int, fault: "Fault") -> dict[str, Any]:
    written = checkup.text.written[number]
    return {
        "kind": fault.kind,
        "place": fault.place,
        "character": None if fault.place is None else written[fault.place],
        "tone": fault.tone,
        "groups": [checkup.readings.groups[each] for each in sorted(fault.groups)],
        "choices": list(checkup.choices(number, fault)),
    }
