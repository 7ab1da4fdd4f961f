"""`lianju score`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .files import read_poem_argument
from .poem import open_command_composer
from .request import bundle_option, provider_option

if TYPE_CHECKING:
    from ..verse import CandidateScore

__all__ = ["score"]


@click.command()
@click.argument("line")
@click.argument("candidates", metavar="CANDIDATE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@bundle_option
@provider_option
def score(line: str, candidates: Sequence[str], as_json: bool, **options: Any) -> None:
    """Score each CANDIDATE as what follows LINE, by what orders the bot's own answers.

    A candidate may have several lines. The scores are of use side by side, not by themselves.
    - in the place of LINE reads standard input.
    """
    line = read_poem_argument(line)
    with open_command_composer(**options) as composer:
        scores = composer.score_now(line, candidates)
    click.echo(_json(line, candidates, scores) if as_json else _table(scores))


def _json(line: str, candidates: Sequence[str], scores: Sequence["CandidateScore"]) -> str:
    from ..engine import wire
    from ..engine.score_fields import ScoreFields

    return wire.to_json(ScoreFields.of(line, candidates, scores))


def _table(scores: Sequence["CandidateScore"]) -> str:
    """Returns a row for each candidate, best first: its score, its parts, its lines."""
    rows = []
    for found in sorted(scores, key=lambda each: -each.score):
        parts = [
            f"{name} {value:.2f}"
            for name in ("log_prob", "relevance", "poet", "next")
            if (value := getattr(found, name)) is not None
        ]
        if found.unknown:
            parts.append(f"unknown {' '.join(found.unknown)}")
        text = click.style(f"  ({', '.join(parts)})", dim=True)
        rows.append(f"{found.score:>9.3f}  {'，'.join(found.lines)}{text}")
    return "\n".join(rows)
