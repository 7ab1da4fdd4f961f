"""Time and the model's steps in the hands of a test."""

import asyncio
import threading


def once(*searches):
    """A job that runs searches and returns their results."""
    return (yield searches)


class Gate:
    """A model whose every step waits to be let through, and tells that it has begun."""

    def __init__(self, model):
        self._model = model
        self._begun, self._pass = threading.Semaphore(0), threading.Semaphore(0)

    def __getattr__(self, name):
        return getattr(self._model, name)

    def step(self, *arguments):
        self._begun.release()
        self._pass.acquire()
        return self._model.step(*arguments)

    async def begun(self):
        """Waits until a step has begun, and holds it there."""
        await asyncio.to_thread(self._begun.acquire)

    def let(self, steps=1):
        self._pass.release(steps)


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now
