import numpy as np
import pytest
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.text.vocabulary import Vocabulary

from .searching import run_search
from .table import TableModel, random_table
from .toy import Toy

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", "a", "b", "c"), (-1, -1, -1, 1, 1, 1))
FACTORY = ConstraintFactory(TOKENS)


def search(prompt, width=3, length=4, plain=False, factory=FACTORY, vocabulary=TOKENS):
    return BeamSearch(
        BeamParams(
            prompt=tuple(prompt),
            width=width,
            max_tokens=length + 1,
            endings=vocabulary.endings,
            constraints=factory.plain() if plain else factory.exact_length(length),
            vocabulary_size=len(vocabulary),
        )
    )


def table_model(seed=1):
    return TableModel(random_table(seed, len(TOKENS)), len(TOKENS))


MIXED = [
    search((3, 4), width=1, length=2),
    search((5,), width=5, length=6, plain=True),
    search((3, 3, 3, 4), width=2, length=3),
    search((4,), width=6, length=1),
    search((5, 5), width=4, length=5, plain=True),
]


def drain(batch):
    """Runs a batch until it is empty; returns the slots in the order in which they left."""
    left = []
    while batch:
        left += batch.step()
    return left


def assert_same(found, expected):
    assert [path.tokens for path in found] == [path.tokens for path in expected]
    assert [path.log_prob for path in found] == pytest.approx(
        [path.log_prob for path in expected], abs=1e-4
    )


def test_searches_share_each_step_and_find_what_they_find_alone():
    model = table_model()
    alone = [run_search(table_model(), one) for one in MIXED]
    batch = Batch(model)
    slots = [batch.add(one) for one in MIXED]
    assert len(batch) == len(MIXED)
    batch.step()
    assert model.calls == [len({one.prompt for one in MIXED})]
    drain(batch)
    for slot, expected in zip(slots, alone, strict=True):
        assert_same(slot.search.result(), expected)


def test_equal_rows_are_computed_once():
    model, prompt = table_model(), (3, 4, 5, 3)
    plain, ruled = search(prompt, width=2, plain=True), search(prompt, width=2)
    searches = [plain, ruled, plain, search((3, 5))]
    batch = Batch(model)
    slots = [batch.add(one) for one in searches]
    batch.step()
    # Two prompts are read, to which the two sets of rules are all the same; then they need a row
    # each.
    assert sorted(model.prefills) == [(1, 1), (3, 1)]
    assert model.calls == [3]
    drain(batch)
    for slot, one in zip(slots, searches, strict=True):
        assert_same(slot.search.result(), run_search(table_model(), one))


def test_new_searches_join_at_the_next_step_and_finished_ones_leave_at_once():
    model = table_model()
    batch = Batch(model)
    slots, left = [], []
    for number, one in enumerate(MIXED):
        slots.append(batch.add(one))
        left += batch.step()
        assert len(batch) == len(slots) - len(left)
        assert len(model.calls) == number + 1
    for slot in [*left, *drain(batch)]:
        assert slot.search.done
        expected = run_search(table_model(), MIXED[slots.index(slot)])
        assert_same(slot.search.result(), expected)


def test_removing_a_search_does_not_change_the_others():
    batch = Batch(table_model())
    slots = [batch.add(one) for one in MIXED]
    batch.step()
    batch.remove(slots[1])
    batch.step()
    batch.remove(slots[4])
    batch.remove(slots[4])
    drain(batch)
    for place in (0, 2, 3):
        expected = run_search(table_model(), MIXED[place])
        assert_same(slots[place].search.result(), expected)


def test_a_batch_can_be_emptied_and_used_again():
    batch = Batch(table_model())
    slot = batch.add(MIXED[1])
    batch.step()
    batch.remove(slot)
    assert not batch
    assert batch.step() == []
    again = batch.add(MIXED[0])
    drain(batch)
    assert_same(again.search.result(), run_search(table_model(), MIXED[0]))


@pytest.mark.parametrize(("grows", "pads"), [(False, False), (True, False), (True, True)])
def test_results_on_onnx_runtime_are_those_of_each_search_alone(tmp_path, grows, pads):
    bundle = load_bundle(Toy(grows=grows, pads=pads).write(tmp_path))
    model, vocabulary = OnnxModel(bundle, "cpu", 1), bundle.vocabulary
    factory, rng = ConstraintFactory(vocabulary), np.random.default_rng(4)
    searches = [
        search(
            (2, *rng.integers(4, len(vocabulary), rng.integers(1, 9)).tolist(), 3),
            width=int(rng.integers(1, 9)),
            length=int(rng.integers(1, 8)),
            plain=bool(rng.integers(2)),
            factory=factory,
            vocabulary=vocabulary,
        )
        for _ in range(40)
    ]
    batch, slots, left = Batch(model), [], []
    for number, one in enumerate(searches):
        slots.append(batch.add(one))
        if number % 3 == 0:
            left += batch.step()
    left += drain(batch)
    assert len(left) == len(searches)
    for slot, one in zip(slots, searches, strict=True):
        assert_same(slot.search.result(), run_search(model, one))


class Faulty(TableModel):
    """Fails at its step number `at`."""

    def __init__(self, at, fault):
        table = random_table(1, len(TOKENS))
        super().__init__(table, len(TOKENS))
        self._at, self._fault = at, fault

    def step(self, *arguments):
        if len(self.calls) == self._at:
            self.calls.append(0)
            return self._fault(super().step(*arguments))
        return super().step(*arguments)


def crash(step):
    raise RuntimeError("out of memory")


def test_an_exception_in_a_step_fails_its_searches_only():
    batch = Batch(Faulty(2, crash))
    slots = [batch.add(MIXED[1]), batch.add(MIXED[4])]
    left = [*batch.step(), *batch.step()]
    assert left == []
    left = batch.step()
    assert left == slots
    for slot in left:
        assert isinstance(slot.error, SearchError)
        assert isinstance(slot.error.__cause__, RuntimeError)
    later = batch.add(MIXED[0])
    drain(batch)
    assert_same(later.search.result(), run_search(table_model(), MIXED[0]))


def test_a_nan_fails_only_the_search_that_received_it():
    def poison(step):
        step.top_log_prob[0] = np.nan
        return step

    batch = Batch(Faulty(0, poison))
    slots = [batch.add(MIXED[place]) for place in (1, 0, 2, 4)]
    assert batch.step() == [slots[0]]
    assert slots[0].error.key == "model-fault"
    drain(batch)
    for slot, place in zip(slots[1:], (0, 2, 4), strict=True):
        assert_same(slot.search.result(), run_search(table_model(), MIXED[place]))


def test_run_search_raises_the_error_of_its_search():
    with pytest.raises(SearchError) as caught:
        run_search(Faulty(1, crash), MIXED[1])
    assert caught.value.key == "model-failed"
