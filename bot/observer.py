"""What metrics are made of: the parts of the bot tell an observer what happens in them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["NOBODY", "Observer", "Stage"]

Stage = Literal["queue", "search", "engine", "acknowledge", "reply"]
"""Where the time of a request goes.

- `queue`: until the model has room for it
- `search`: from then on, until it is answered
- `engine`: until the bot has the answer of its engine, wherever that runs
- `acknowledge`, `reply`: until Discord has accepted the first response; the answer
"""


class Observer:
    """Is told what happens; this one ignores it.

    It is called in the event loop and in the engine's thread. What it is told are names of ours,
    numbers and errors: never ids of users or servers, nor what users write.
    """

    def interaction_ended(self, command: str, outcome: str, seconds: float) -> None:
        """A command, button or autocomplete has been answered, or not.

        Args:
            command: Its name.
            outcome: As in the log: such as `answered` or `refused:PromptError`.
            seconds: From its arrival in this process.
        """

    def refused(self, reason: str) -> None:
        """A request was refused; the reason is the key of the error."""

    def failed(self, what: str) -> None:
        """Something failed of which no user is told."""

    def stage_ended(self, stage: Stage, seconds: float) -> None:
        """A request has gone through one stage."""

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Takes the time of a stage, however it ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stage_ended(stage, time.perf_counter() - began)

    def bundle_loaded(self, name: str, version: str, provider: str) -> None:
        """Requests are answered by this bundle from now on, which runs there."""

    def job_arrived(self) -> None:
        """A request waits in the scheduler."""

    def job_started(self) -> None:
        """A request waits no longer: the model has room for it."""

    def job_ended(self, waited_s: float, ran_s: float | None) -> None:
        """A request has left the scheduler, in whatever way.

        Args:
            waited_s: Seconds that it waited.
            ran_s: Seconds from its start; None if it never started.
        """

    def step_taken(self, rows: int, seconds: float) -> None:
        """The model has computed one step for so many rows."""

    def store_used(self, operation: str, seconds: float, *, failed: bool) -> None:
        """An operation of the database has ended."""

    def http_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request over HTTP has ended; the route is a pattern, not a path."""


NOBODY = Observer()
