"""Who steps when: the narrow need not wait for the wide, and nobody waits for ever."""

import asyncio
import itertools

import numpy as np
import pytest
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving import batch as batching
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.fair_share import priority_class_of, step_cost
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.serving.scheduler import Scheduler
from lianju.bot.verse.text.vocabulary import Vocabulary

from .gate import Gate, once
from .table import TableModel

LETTERS = 24
TOKENS = Vocabulary(
    ("<unk>", "<e>", "</l>", *map(chr, range(97, 97 + LETTERS))), (-1,) * 3 + (1,) * LETTERS
)
BOOK = ConstraintFactory(TOKENS)
WIDE, NARROW = 20, 5
AHEAD = 10


def table(prefix):
    """Something that depends on all of the prefix, and takes no time."""
    rng = np.random.default_rng(prefix)
    return -rng.random(len(TOKENS)) - 1.0


def search(number, width, length=7, prompt_tokens=2):
    """A search whose rows are those of no other number."""
    return BeamSearch(
        BeamParams(
            prompt=(*[4] * (prompt_tokens - 2), 3 + number % LETTERS, 3 + number // LETTERS),
            width=width,
            max_tokens=length,
            endings=TOKENS.endings,
            constraints=BOOK.exact_length(length),
            vocabulary_size=len(TOKENS),
        )
    )


class Watched(Batch):
    """A batch that tells who stepped: width and cost of each call."""

    def __init__(self, model=None):
        self.model = model or TableModel(table, len(TOKENS))
        super().__init__(self.model)
        self.steps, self.seats = [], []

    def seat(self, one):
        self.seats.append(self.add(one, priority_class_of(one.max_rows)))
        return self.seats[-1]

    def turn(self):
        """One step; the width of those whose it was."""
        before = {seat: seat.search for seat in self.seats}
        calls = len(self.model.calls)
        self.step()
        assert len(self.model.calls) == calls + 1
        (width,) = {
            seat.search.max_rows for seat, search in before.items() if seat.search is not search
        }
        self.steps.append((width, step_cost(self.model.calls[-1])))
        return width

    def work(self, width):
        return sum(work for stepped, work in self.steps if stepped == width)


@pytest.mark.parametrize("ago", range(8))
def test_a_narrow_newcomer_waits_for_no_more_than_its_own_work_and_one_wide_step(ago):
    batch = Watched()
    for number in range(AHEAD):
        batch.seat(search(number, WIDE, length=12))
    for _ in range(ago):
        batch.turn()
    newcomer = batch.seat(search(AHEAD, NARROW))
    batch.steps.clear()
    while not newcomer.search.done:
        batch.turn()
    widest_step = step_cost(AHEAD * WIDE)
    assert batch.work(WIDE) <= batch.work(NARROW) + widest_step
    assert len([width for width, _ in batch.steps if width == NARROW]) == 7
    assert newcomer.search.result() == run_search(batch.model, search(AHEAD, NARROW))


def test_the_wide_go_on_while_narrow_ones_keep_coming():
    batch, numbers = Watched(), itertools.count(AHEAD)
    wide = [batch.seat(search(number, WIDE)) for number in range(AHEAD)]
    narrow = []
    for _ in range(500):
        if all(seat.search.done for seat in wide):
            break
        narrow = [seat for seat in narrow if not seat.search.done]
        narrow += [batch.seat(search(next(numbers), NARROW)) for _ in range(3 - len(narrow))]
        batch.turn()
    assert all(seat.search.done for seat in wide)
    # Between two wide steps the narrow have at most as much as the later one takes, and a step.
    given = 0
    for width, work in batch.steps:
        if width == NARROW:
            given += work
        else:
            assert given <= work + step_cost(3 * NARROW)
            given = 0
    for seat, number in zip(wide, range(AHEAD), strict=True):
        assert seat.search.result() == run_search(batch.model, search(number, WIDE))


@pytest.mark.parametrize("widths", [(4, 24), (4, 64, 130), (4, 24, 64, 130), (24, 130)])
def test_the_narrowest_have_half_of_the_work_and_the_others_share_the_rest(widths):
    batch, numbers = Watched(), itertools.count()
    assert len({priority_class_of(width) for width in widths}) == len(widths)
    going = {width: batch.seat(search(next(numbers), width)) for width in widths}
    for _ in range(200):
        for width, seat in going.items():
            if seat.search.done:
                going[width] = batch.seat(search(next(numbers), width))
        batch.turn()
    half, *others = map(batch.work, widths)
    widest_step = step_cost(widths[-1])
    assert sum(others) <= half
    for work in others:
        assert abs(work - half / len(others)) <= 2 * widest_step


class OneAge(TableModel):
    """A table whose states of different age cannot be put together."""

    state_grows = True

    def join(self, states):
        assert len({len(history) for state in states for history in self.histories(state)}) == 1
        return super().join(states)


def test_where_ages_cannot_share_a_step_each_has_its_turn():
    batch = Watched(OneAge(table, len(TOKENS)))
    for number in range(4):
        batch.seat(search(number, NARROW, length=9, prompt_tokens=2 + number))
    for tokens in range(1, 10):
        for _ in batch.seats:
            batch.turn()
        assert [seat.search.paths.shape[1] for seat in batch.seats] == [tokens] * 4
    for number, seat in enumerate(batch.seats):
        one = search(number, NARROW, length=9, prompt_tokens=2 + number)
        assert seat.search.result() == run_search(TableModel(table, len(TOKENS)), one)


@pytest.mark.parametrize(
    ("rows", "level"),
    [(1, 0), (8, 0), (9, 1), (32, 1), (33, 2), (128, 2), (129, 3), (10_000, 3)],
)
def test_levels_at_their_bounds(rows, level):
    assert priority_class_of(rows) == level


async def test_an_asker_is_as_wide_as_all_that_it_asks_for():
    gate = Gate(TableModel(table, len(TOKENS)))
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
    # The newcomer's first step is its own, though each of the others' searches is as narrow.
    assert gate.calls == [5, 1]
    gate.let(1000)
    await asyncio.gather(wide, narrow)
    engine.close()


class TestFullLevel:
    """There is room for 12 rows of a level."""

    @pytest.fixture(autouse=True)
    def _room(self, monkeypatch):
        monkeypatch.setitem(batching.MAX_ROWS, "cpu", 12)

    def test_first_come_first_served(self):
        batch = Watched()
        seats = [batch.seat(search(number, NARROW)) for number in range(6)]
        # The narrowest would have room beside the first two, but those before it came first.
        seats.append(batch.seat(search(6, 2)))
        ended = []
        while batch:
            ended += [seats.index(seat) for seat in batch.step()]
        assert ended == [0, 1, 2, 3, 4, 5, 6]
        assert max(batch.model.calls) == 12
        for number, seat in enumerate(seats):
            expected = run_search(batch.model, search(number, seat.search.max_rows))
            assert seat.search.result() == expected

    def test_another_level_has_room_of_its_own(self):
        batch = Watched()
        waiting = [batch.seat(search(number, NARROW)) for number in range(3)][-1]
        wide = batch.seat(search(3, 11))
        while not wide.search.paths.size:
            batch.turn()
        assert not waiting.search.paths.size

    def test_who_is_wider_than_all_the_room_is_served_alone(self):
        batch = Watched()
        giant, other = batch.seat(search(0, 15)), batch.seat(search(1, 15))
        batch.turn()
        assert giant.search.paths.shape[1] != other.search.paths.shape[1]
        while batch:
            batch.step()
        assert max(batch.model.calls) == 15
        assert len(giant.search.result()) == len(other.search.result()) == 15

    def test_an_asker_with_more_than_there_is_room_for_is_served(self):
        batch = Watched()
        seats = [batch.add(search(number, NARROW), priority_class_of(60)) for number in range(12)]
        while batch:
            batch.step()
        assert all(seat.search.done for seat in seats)
        assert max(batch.model.calls) == 10


def test_newcomers_read_only_so_much_between_two_steps(monkeypatch):
    monkeypatch.setattr(batching, "PREFILL_TOKENS", 3)
    batch = Watched()
    for number in range(7):
        batch.seat(search(number, NARROW))
    joined = []
    for _ in range(5):
        batch.step()
        joined.append(sum(seat.search.paths.shape[1] > 0 for seat in batch.seats))
    # Prompts of two tokens: beyond 3 are the first two.
    assert joined == [2, 4, 6, 7, 7]
