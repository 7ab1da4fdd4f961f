"""Scores of given lines as JSON: of `lianju score --json`, of the service, between engines."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from pydantic import BaseModel, ConfigDict

from ..verse import CandidateScore

__all__ = ["ScoreFields"]

_SCORE = [field.name for field in fields(CandidateScore)]

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
    reverse: float = 0.0
    """That of the prompt after the candidate; zero for prompts of several lines."""
    unknown: tuple[str, ...]
    """Characters that the model does not know."""
    poet: float | None = None
    """The re-ranker's logit that a poet wrote the line, if there is a re-ranker."""
    next: float | None = None
    """Its logit that the line follows this prompt."""


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
            CandidateScore(**{name: getattr(each, name) for name in _SCORE})
            for each in self.candidates
        ]
