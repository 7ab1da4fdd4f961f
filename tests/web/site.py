"""The page on a real server in a thread of its own, for browsers that block the test's."""

import asyncio
import socket
import threading
from contextlib import contextmanager

import uvicorn
from lianju.bot.engine import open_local_engine
from lianju.bot.settings import Settings
from lianju.bot.web.server import configure


@contextmanager
def site(bundle, *, below=""):
    """Serves the page over a bundle.

    Args:
        bundle: The bundle's directory.
        below: A path that a proxy removes before the application sees it.

    Yields:
        The address of the page.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:  # which takes connections from now on
        running = _Running(bundle, below, listener)
        thread = threading.Thread(target=asyncio.run, args=(running.serve(),))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{below}/"
        finally:
            running.stop.set()
            thread.join()


class _Running:
    def __init__(self, bundle, below, listener):
        self.stop = threading.Event()
        self._bundle, self._below, self._listener = bundle, below, listener

    async def serve(self):
        engine = open_local_engine(self._bundle, "cpu", 1)
        config = configure(engine, Settings(web_rate=0))
        if self._below:
            config.app = _removing(config.app, self._below)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        await asyncio.to_thread(self.stop.wait)
        server.should_exit = True
        await serving
        await engine.close()


def _removing(app, below):
    """What a proxy does that serves an application below a path."""

    async def proxied(scope, receive, send):
        path = scope["path"]
        assert path.startswith(f"{below}/"), f"{path} is not below {below}/"
        stripped = path.removeprefix(below)
        await app(scope | {"path": stripped, "raw_path": stripped.encode()}, receive, send)

    return proxied
