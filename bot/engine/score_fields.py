"""Scores of given lines as JSON: of `lianju score --json`, of the service, between engines."""

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict

from ..verse import CandidateScore

__all__ = ["ScoreFields"]

# A service of another version may add fields.
CONFIG = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class CandidateScoreFields(BaseModel):
    """The score of one candidate."""

    model_config = CONFIG

    text: str
    """The candidate as it was given."""
    lines: tuple[str, ...]
    """Its lines as they were read."""
    score: float
    """What candidates are ranked by; of use beside others only."""
    log_prob: float
    """Natural-log probability after the prompt."""
    unknown: tuple[str, ...]
    """Characters that the model does not know."""
    poet: float | None = None
    """The re-ranker's logit that a poet wrote the line, if there is a re-ranker."""
    next: float | None = None
    """Its logit that the line follows this prompt."""
    relevance: float | None = None
    """By how many nats the first line makes the prompt more probable, where that counts."""
    confidence: float | None = None
    """The share of lines of such a log-probability that readers found sound, if that is known."""


class ScoreFields(BaseModel):
    """The scores of candidates, in the order given."""

    model_config = CONFIG

    line: str
    candidates: tuple[CandidateScoreFields, ...]

    @classmethod
    def of(
        cls, line: str, candidates: Sequence[str], scores: Sequence[CandidateScore]
    ) -> "ScoreFields":
        """Returns the fields of scores."""
        rows = []
        for text, found in zip(candidates, scores, strict=True):
            parts = {name: value for name, value in asdict(found).items() if value is not None}
            rows.append(CandidateScoreFields(text=text, **parts))
        return cls(line=line, candidates=tuple(rows))

    def to_scores(self) -> list[CandidateScore]:
        """Returns the scores."""
        return [
            CandidateScore(
                each.lines,
                each.score,
                each.log_prob,
                each.poet,
                each.next,
                each.unknown,
                each.relevance,
                each.confidence,
            )
            for each in self.candidates
        ]
