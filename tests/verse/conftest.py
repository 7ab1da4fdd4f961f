"""A scheduler whose steps and clock are controlled by the test."""

import pytest
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import Clock, ControlledModel
from .test_batch import table_model

MANY = 1000  # steps: more than any test takes


@pytest.fixture
def gate():
    return ControlledModel(table_model())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def engine(gate, clock):
    engine = Scheduler(gate, capacity=3, clock=clock)
    yield engine
    gate.let(MANY)
    engine.close()
