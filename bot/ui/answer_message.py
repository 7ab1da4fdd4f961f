"""What an answer says, whatever it looks like."""

from dataclasses import dataclass

from ..store import Verse
from .buttons import DetailsButton, RequestOptions

__all__ = ["AnswerMessage", "CandidateView"]


@dataclass(frozen=True)
class CandidateView:
    """A candidate with what it answers: a finished couplet, or a whole poem.

    Attributes:
        couplet: What a heart keeps.
        log_prob: Natural-log probability of the new lines.
        known: Whether the corpus has each new line; empty where the bundle cannot tell.
        relaxed: The rules that could not be kept.
    """

    couplet: Verse
    log_prob: float
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerMessage:
    """All that a message with an answer says, in whatever language.

    Attributes:
        prompt: What the user wrote, a verse line a line; of an acrostic the heads.
        offers: The candidates, best first.
        wish: What was asked for, and by whom.
        method: How the candidates were found.
        model: Name and version of the bundle.
        original: The line that follows the prompt in the corpus, if it is known.
    """

    prompt: str
    offers: tuple[CandidateView, ...]
    wish: RequestOptions
    method: DetailsButton
    model: str
    original: str | None = None

    @property
    def couplets(self) -> list[Verse]:
        """What hearts keep, best first."""
        return [offer.couplet for offer in self.offers]

    @property
    def known_places(self) -> list[list[int]]:
        """For each candidate, which of its lines, from 1, are new and yet in the corpus."""
        given = 0 if self.wish.is_acrostic else 1 + self.prompt.count("\n")
        return [
            [place for place, known in enumerate(offer.known, given + 1) if known]
            for offer in self.offers
        ]

    @property
    def relaxed_by_all(self) -> tuple[str, ...]:
        """The rules that no candidate could keep, if all have given up the same."""
        every = {offer.relaxed for offer in self.offers}
        return every.pop() if len(every) == 1 else ()
