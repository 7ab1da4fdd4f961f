"""An application on a real uvicorn, its errors, and a model that can be held."""

import asyncio
import socket
import threading
from contextlib import asynccontextmanager

import uvicorn
from lianju.bot.i18n import Localizer
from lianju.bot.web.server import _Server


def served(app, port=0):
    """Serves an application; yields its address."""
    return serving(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False), port)


@asynccontextmanager
async def serving(config, port=0):
    """Serves what a configuration of uvicorn describes; yields its address."""
    # The system takes connections from now on, whenever the server is ready.
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


class Held:
    """Holds the steps of a model until `release`; they run in the engine's thread."""

    def __init__(self, monkeypatch, model):
        self.begun = asyncio.Event()
        self._loop, self._may_go_on, self._step = (
            asyncio.get_running_loop(),
            threading.Event(),
            model.step,
        )
        monkeypatch.setattr(model, "step", self._held)

    def _held(self, *arguments):
        self._loop.call_soon_threadsafe(self.begun.set)
        self._may_go_on.wait()
        return self._step(*arguments)

    def release(self):
        self._may_go_on.set()


class Watched:
    """An engine that tells what it was asked, and when a request ended by cancellation.

    Attributes:
        asked: The request, deadline and group of each call.
        arrivals: The same, to wait for; each has a place in the queue or is refused.
        cancelled: Set when a call was cancelled.
    """

    def __init__(self, engine):
        self._engine = engine
        self.asked = []
        self.arrivals = asyncio.Queue()
        self.cancelled = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._engine, name)

    async def compose(self, request, deadline_s, group=None, on_accepted=None):
        self.asked.append((request, deadline_s, group))
        self.arrivals.put_nowait(self.asked[-1])
        try:
            return await self._engine.compose(request, deadline_s, group, on_accepted)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def refused(response):
    """The status and the key of an error."""
    error = (await response.json())["error"]
    assert set(error) == {"key", "message", "facts"}
    assert error["message"] == Localizer("en").format(error["key"], **error["facts"])
    return response.status, error["key"]
