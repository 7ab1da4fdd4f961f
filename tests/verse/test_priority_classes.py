"""Wide searches do not delay narrow ones, and every search goes on."""

import asyncio
import itertools

import numpy as np
import pytest
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving import batch as batching
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.fair_share import priority_class_of, step_cost
from lianju.bot.verse.serving.scheduler import Scheduler
from lianju.bot.verse.text.vocabulary import Vocabulary

from .controlled_model import ControlledModel, once
from .searching import run_search
from .table import TableModel

LETTERS = 24
TOKENS = Vocabulary(
    ("<unk>", "<e>", "</l>", *map(chr, range(97, 97 + LETTERS))), (-1,) * 3 + (1,) * LETTERS
)
FACTORY = ConstraintFactory(TOKENS)
WIDE, NARROW = 20, 5
AHEAD = 10


def table(prefix):
    """Log-probabilities that depend on the whole prefix, computed quickly."""
    rng = np.random.default_rng(prefix)
    return -rng.random(len(TOKENS)) - 1.0


def search(number, width, length=7, prompt_tokens=2):
    """A search that shares no row with those of other numbers."""
    return BeamSearch(
        BeamParams(
            prompt=(*[4] * (prompt_tokens - 2), 3 + number % LETTERS, 3 + number // LETTERS),
            width=width,
            max_tokens=length,
            endings=TOKENS.endings,
            constraints=FACTORY.exact_length(length),
            vocabulary_size=len(TOKENS),
        )
    )


class RecordingBatch(Batch):
    """A batch that records the width and the cost of each step."""

    def __init__(self, model=None):
        self.model = model or TableModel(table, len(TOKENS))
        super().__init__(self.model)
        self.steps, self.slots = [], []

    def add_by_width(self, one):
        self.slots.append(self.add(one, priority_class_of(one.max_rows)))
        return self.slots[-1]

    def step_width(self):
        """Takes one step; returns the width of its searches."""
        before = {slot: slot.search for slot in self.slots}
        calls = len(self.model.calls)
        self.step()
        assert len(self.model.calls) == calls + 1
        (width,) = {
            slot.search.max_rows for slot, search in before.items() if slot.search is not search
        }
        self.steps.append((width, step_cost(self.model.calls[-1])))
        return width

    def cost(self, width):
        return sum(cost for stepped, cost in self.steps if stepped == width)


@pytest.mark.parametrize("ago", range(8))
def test_a_narrow_search_waits_for_at_most_its_own_cost_and_one_wide_step(ago):
    batch = RecordingBatch()
    for number in range(AHEAD):
        batch.add_by_width(search(number, WIDE, length=12))
    for _ in range(ago):
        batch.step_width()
    narrow_slot = batch.add_by_width(search(AHEAD, NARROW))
    batch.steps.clear()
    while not narrow_slot.search.done:
        batch.step_width()
    widest_step = step_cost(AHEAD * WIDE)
    assert batch.cost(WIDE) <= batch.cost(NARROW) + widest_step
    assert len([width for width, _ in batch.steps if width == NARROW]) == 7
    assert narrow_slot.search.result() == run_search(batch.model, search(AHEAD, NARROW))


def test_wide_searches_go_on_while_narrow_ones_keep_coming():
    batch, numbers = RecordingBatch(), itertools.count(AHEAD)
    wide = [batch.add_by_width(search(number, WIDE)) for number in range(AHEAD)]
    narrow = []
    for _ in range(500):
        if all(slot.search.done for slot in wide):
            break
        narrow = [slot for slot in narrow if not slot.search.done]
        narrow += [
            batch.add_by_width(search(next(numbers), NARROW)) for _ in range(3 - len(narrow))
        ]
        batch.step_width()
    assert all(slot.search.done for slot in wide)
    # Between two wide steps the narrow have at most as much as the later one takes, and a step.
    given = 0
    for width, cost in batch.steps:
        if width == NARROW:
            given += cost
        else:
            assert given <= cost + step_cost(3 * NARROW)
            given = 0
    for slot, number in zip(wide, range(AHEAD), strict=True):
        assert slot.search.result() == run_search(batch.model, search(number, WIDE))


@pytest.mark.parametrize("widths", [(4, 24), (4, 64, 130), (4, 24, 64, 130), (24, 130)])
def test_the_narrowest_have_half_of_the_cost_and_the_others_share_the_rest(widths):
    batch, numbers = RecordingBatch(), itertools.count()
    assert len({priority_class_of(width) for width in widths}) == len(widths)
    going = {width: batch.add_by_width(search(next(numbers), width)) for width in widths}
    for _ in range(200):
        for width, slot in going.items():
            if slot.search.done:
                going[width] = batch.add_by_width(search(next(numbers), width))
        batch.step_width()
    half, *others = map(batch.cost, widths)
    widest_step = step_cost(widths[-1])
    assert sum(others) <= half
    for cost in others:
        assert abs(cost - half / len(others)) <= 2 * widest_step


class EqualLengths(TableModel):
    """A table whose states can only be joined if they have the same length."""

    state_grows = True

    def join(self, states):
        assert len({len(history) for state in states for history in self.histories(state)}) == 1
        return super().join(states)


def test_lengths_that_cannot_share_a_step_take_turns():
    batch = RecordingBatch(EqualLengths(table, len(TOKENS)))
    for number in range(4):
        batch.add_by_width(search(number, NARROW, length=9, prompt_tokens=2 + number))
    for tokens in range(1, 10):
        for _ in batch.slots:
            batch.step_width()
        assert [slot.search.paths.shape[1] for slot in batch.slots] == [tokens] * 4
    for number, slot in enumerate(batch.slots):
        one = search(number, NARROW, length=9, prompt_tokens=2 + number)
        assert slot.search.result() == run_search(TableModel(table, len(TOKENS)), one)


@pytest.mark.parametrize(
    ("rows", "priority_class"),
    [(1, 0), (8, 0), (9, 1), (32, 1), (33, 2), (128, 2), (129, 3), (10_000, 3)],
)
def test_bounds_of_the_priority_classes(rows, priority_class):
    assert priority_class_of(rows) == priority_class


async def test_the_priority_class_follows_from_all_searches_of_a_job():
    gate = ControlledModel(TableModel(table, len(TOKENS)))
    engine = Scheduler(gate)
    many = [search(number, NARROW) for number in range(5)]

    async def ask(searches):
        return await engine.run(once(*searches), 3600)

    wide = asyncio.create_task(ask(many))
    await gate.begun()
    narrow = asyncio.create_task(ask([search(5, NARROW)]))
    await asyncio.sleep(0)
    gate.let()
    await gate.begun()
    gate.let()
    await gate.begun()
    # The new job takes its first step alone, though the others' searches are as narrow.
    assert gate.calls == [5, 1]
    gate.let(1000)
    await asyncio.gather(wide, narrow)
    engine.close()


class TestFullPriorityClass:
    """A priority class may have 12 rows."""

    @pytest.fixture(autouse=True)
    def _room(self, monkeypatch):
        monkeypatch.setitem(batching.MAX_ROWS, "cpu", 12)

    def test_first_come_first_served(self):
        batch = RecordingBatch()
        slots = [batch.add_by_width(search(number, NARROW)) for number in range(6)]
        # The narrowest would have room beside the first two, but those before it came first.
        slots.append(batch.add_by_width(search(6, 2)))
        ended = []
        while batch:
            ended += [slots.index(slot) for slot in batch.step()]
        assert ended == [0, 1, 2, 3, 4, 5, 6]
        assert max(batch.model.calls) == 12
        for number, slot in enumerate(slots):
            expected = run_search(batch.model, search(number, slot.search.max_rows))
            assert slot.search.result() == expected

    def test_another_class_has_room_of_its_own(self):
        batch = RecordingBatch()
        waiting = [batch.add_by_width(search(number, NARROW)) for number in range(3)][-1]
        wide = batch.add_by_width(search(3, 11))
        while not wide.search.paths.size:
            batch.step_width()
        assert not waiting.search.paths.size

    def test_a_search_wider_than_the_maximum_runs_alone(self):
        batch = RecordingBatch()
        giant, other = batch.add_by_width(search(0, 15)), batch.add_by_width(search(1, 15))
        batch.step_width()
        assert giant.search.paths.shape[1] != other.search.paths.shape[1]
        while batch:
            batch.step()
        assert max(batch.model.calls) == 15
        assert len(giant.search.result()) == len(other.search.result()) == 15

    def test_a_job_with_more_rows_than_the_maximum_is_served(self):
        batch = RecordingBatch()
        slots = [batch.add(search(number, NARROW), priority_class_of(60)) for number in range(12)]
        while batch:
            batch.step()
        assert all(slot.search.done for slot in slots)
        assert max(batch.model.calls) == 10


def test_prefill_between_two_steps_is_limited(monkeypatch):
    monkeypatch.setattr(batching, "PREFILL_TOKENS", 3)
    batch = RecordingBatch()
    for number in range(7):
        batch.add_by_width(search(number, NARROW))
    joined = []
    for _ in range(5):
        batch.step()
        joined.append(sum(slot.search.paths.shape[1] > 0 for slot in batch.slots))
    # Prompts of two tokens: beyond 3 are the first two.
    assert joined == [2, 4, 6, 7, 7]
