"""A clock and a model whose steps are controlled by the test."""

import asyncio
import threading


def once(*searches):
    """A job that runs searches and returns their results."""
    return (yield searches)


class ControlledModel:
    """A model whose steps wait until the test lets them run."""

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
        """Waits until a step has begun."""
        await asyncio.to_thread(self._begun.acquire)

    def let(self, steps=1):
        self._pass.release(steps)


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now
