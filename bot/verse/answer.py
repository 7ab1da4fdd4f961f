"""What an engine returns: plain data, with nothing of the bundle that it came from."""

from dataclasses import dataclass

from .prosody.nearest import Departure
from .request import Request

__all__ = ["Answer", "Candidate", "CandidateScore"]


@dataclass(frozen=True)
class Candidate:
    """One next line, the rest of a poem, a whole revised poem, or the other line of a couplet.

    Attributes:
        lines: The new lines, in the script of the answer; of a revision, all lines of the poem.
        log_prob: Natural-log probability of the lines, their endings included; of a revision, of
            the poem from its first open line on.
        score: What candidates are ranked by: the log-probability, and for `Rerank` also how much
            the first line tells of the prompt, and the logits of the bundle's re-ranker, if it has
            one: see `planning.ranking.Scorer`, and for couplets `CoupletScorer`.
        known: Whether the corpus has each line; empty if the bundle has no corpus index.
        relaxed: The rules that were dropped, of `tones`, `rhyme`, `repetition` and `kinds`; and
            `end`, if the given line of a couplet ends in the tone of the other line.
        confidence: The share of lines of such a log-probability that readers found sound; None if
            the bundle does not tell, and for revisions, where kept lines have a part in it.
    """

    lines: tuple[str, ...]
    log_prob: float
    score: float
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()
    confidence: float | None = None

    @property
    def text(self) -> str:
        """The new lines, separated by line breaks."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Answer:
    """The candidates for one request.

    Attributes:
        request: The request, with the drawn seed and the search that ran.
        line: The prompt in the script of the answer, on one line if it is Chinese.
        written: Each line of the prompt as the user wrote it.
        shown: Each line of the prompt in the script of the answer.
        length: Tokens of each new line, without the comma that a line of a couplet may have.
        candidates: The candidates, best first; at most as many as requested.
        elapsed_ms: Milliseconds from the call of the composer to the answer.
        bundle_name: Name of the bundle.
        bundle_version: Version of the bundle.
        rhyme: The name of the requested rhyme group, if one was requested.
        unknown: What the model does not know of the prompt, and read as `<unk>`.
        corpus_continuation: The line that follows the prompt in the corpus, if any.
        complete: False if the deadline passed first: the candidates are the best found by then.
        departures: What the kept lines of a revision leave of the rules.
    """

    request: Request
    line: str
    written: tuple[str, ...]
    shown: tuple[str, ...]
    length: int
    candidates: tuple[Candidate, ...]
    elapsed_ms: float
    bundle_name: str
    bundle_version: str
    rhyme: str | None = None
    unknown: tuple[str, ...] = ()
    corpus_continuation: str | None = None
    complete: bool = True
    departures: tuple[Departure, ...] = ()


@dataclass(frozen=True)
class CandidateScore:
    """The score of lines that a user gave, and its parts; each is a sum over the lines.

    Attributes:
        lines: The lines, as they were read.
        score: What candidates are ranked by.
        log_prob: Natural-log probability after the prompt.
        relevance: By how many nats the first of the lines makes the prompt more probable; None
            where that does not count.
        poet: The re-ranker's logit that a poet wrote the line; None without a re-ranker.
        next: Its logit that the line follows this prompt rather than another one.
        unknown: Characters of the prompt and the lines that were read as `<unk>`.
        confidence: The share of lines of such a log-probability that readers found sound; None if
            the bundle does not tell.
    """

    lines: tuple[str, ...]
    score: float
    log_prob: float
    poet: float | None = None
    next: float | None = None
    unknown: tuple[str, ...] = ()
    relevance: float | None = None
    confidence: float | None = None
