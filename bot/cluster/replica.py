"""One replica: a whole engine and the application that asks it, in a process of the cluster."""

import sys

from starlette.applications import Starlette

from ..engine import open_local_engine
from ..logs import set_up_logging
from ..metrics import Metrics
from ..settings import Settings
from ..verse import Beam, BusyError, NextLine, Request
from ..web.app import configured_app
from .options import threads_of

__all__ = ["Replica"]

ALIVE_S = 10.0  # for the smallest answer, beside all others
SWITCH_S = 1e-3  # as `lianju web`: the engine's thread and the event loop share the interpreter


class Replica:
    """What Ray Serve runs; its own methods are called by Ray.

    Nothing is closed in the end: the process ends when its last request is answered.

    Args:
        settings: The operator's settings.
    """

    def __init__(self, settings: Settings) -> None:
        set_up_logging(settings.log_format, settings.log_level)
        sys.setswitchinterval(SWITCH_S)
        self._settings = settings
        self._steps = _Steps()
        self._steps_before: int | None = None  # at the last check
        self._engine = open_local_engine(
            settings.bundle,
            settings.provider,
            threads_of(settings),
            settings.queue,
            self._steps,
            settings.couplet_bundle,
        )

    def __serve_build_asgi_app__(self) -> Starlette:
        return configured_app(self._engine, self._settings, self._steps)

    async def check_health(self) -> None:
        """Asks the engine for a line of one token; where that fails, Ray starts another replica.

        Raises:
            LianjuError: The engine does not answer, or is full and has computed nothing since the
                last check.
        """
        vocabulary = self._engine.composer.bundle.vocabulary
        word = next(token for token in vocabulary.tokens if vocabulary.is_ordinary(token))
        smallest = Request(word, NextLine(1), Beam(1, plain=True), count=1)
        before, self._steps_before = self._steps_before, self._steps.taken
        try:
            await self._engine.compose(smallest, ALIVE_S)
        except BusyError:
            if self._steps.taken == before:
                raise


class _Steps(Metrics):
    """Metrics that tell how many steps the model has taken."""

    taken = 0

    def step_taken(self, rows: int, seconds: float) -> None:
        self.taken += 1
        super().step_taken(rows, seconds)
