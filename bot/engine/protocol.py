"""What answers requests, wherever the model runs."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Protocol

from ..verse import Answer, Anthology, Blank, CandidateScore, Mended, Request, RhymeBook
from .bundle import BundleInfo

__all__ = ["CLOSE_TIMEOUT_S", "Accepted", "Engine"]

CLOSE_TIMEOUT_S = 10.0

Accepted = Callable[[], Awaitable[object]]
"""Awaited once when a request is accepted; what it raises ends the request."""


class Engine(Protocol):
    """Answers requests. All methods run on one event loop."""

    async def compose(
        self,
        request: Request,
        deadline_s: float,
        group: Hashable | None = None,
        on_accepted: Accepted | None = None,
    ) -> Answer:
        """Answers a request; cancelling the task cancels its search.

        Args:
            request: The request.
            deadline_s: Seconds that the answer may take; after that it has the best whole lines
                found so far, and is not `complete`.
            group: Whose share of the queue it takes, such as a server's; None for no share.
            on_accepted: Awaited before the search, after errors of the request itself are raised.
                If a service answers or refuses at once, it is not called.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
            BusyError: The queue or the share is full, or the engine is closed.
            DeadlineError: The deadline passed before there was a whole line, or two of an acrostic.
            SearchError: No line is possible, or the model failed.
            ServiceError: The service cannot be reached, or does not keep its contract.
        """
        ...

    async def score(
        self,
        line: str,
        candidates: Sequence[str],
        deadline_s: float,
        group: Hashable | None = None,
    ) -> list[CandidateScore]:
        """Scores what could follow a line, by what orders the candidates of an answer.

        Args:
            line: One or several lines.
            candidates: One or several lines each, which need not obey any rules.
            deadline_s: Seconds that it may take.
            group: Whose share of the queue it takes.

        Returns:
            The scores in the order given.

        Raises:
            LianjuError: As `compose`.
        """
        ...

    async def mend(
        self,
        lines: Sequence[str],
        blanks: Sequence[Blank],
        deadline_s: float,
        group: Hashable | None = None,
        book: RhymeBook = "pingshui",
    ) -> Mended:
        """Finds characters for places of a poem, and which of its lines the corpus has.

        Args:
            lines: The poem, in simplified characters.
            blanks: Places of it that want another character.
            deadline_s: Seconds that it may take.
            group: Whose share of the queue it takes.
            book: Whose tones and rhymes the blanks want.

        Raises:
            LianjuError: As `compose`.
        """
        ...

    async def bundle(self) -> BundleInfo:
        """Returns what is known of the bundle that answers now.

        Raises:
            ServiceError: The service cannot be reached, or does not keep its contract.
        """
        ...

    async def anthology(self) -> Anthology:
        """Returns the poems with title and poet of the bundle that answers now; maybe none.

        The same object as before, while the bundle is the same.

        Raises:
            ServiceError: The service cannot be reached, or does not keep its contract.
        """
        ...

    async def reload(self) -> None:
        """Loads the bundle again; the old one answers meanwhile, and goes on if that fails.

        Raises:
            LianjuError: The bundle cannot be used, or the engine is closed.
        """
        ...

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ends the engine; requests in progress get a `BusyError`.

        Args:
            timeout_s: Seconds to wait at most for the current step to end.
        """
        ...
