"""The bench's floor: exactly the matrix products that the engine computes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lianju.bot.verse.model.bundle import load_bundle
from lianju.export.bench import recording
from lianju.export.bench.engine import Engine, run_together, searches_of
from lianju.export.bench.floor import Floor, products_graph
from lianju.export.bench.prompts import draw_prompts, plain
from lianju.export.bundle import BundleOptions, write_bundle
from lianju.export.weights import StoredWeights
from onnx import numpy_helper

LINE = "黄河远上白云间"
LINES = (LINE, "白云间黄河远上", "上白云间")
H, V = 32, 47  # of the toy
RECURRENT = [f"recurrent.weight_{kind}_l{layer}" for kind in ("ih", "hh") for layer in (0, 1)]
OUTPUT = "embedding.weight"


@pytest.fixture
def open_engine(make_trained, corpus, tmp_path):
    def open_engine(precision, name="lstm"):
        options = BundleOptions(precision=precision, corpus=corpus)
        write_bundle(make_trained(name), tmp_path / "toy", options)
        return Engine(load_bundle(tmp_path / "toy"), LINE, "cpu", threads=1)

    return open_engine


class Counting:
    """A step model that counts the rows that go through its layers and through its output."""

    def __init__(self, model):
        self._model = model
        self.layer_rows = self.output_rows = 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def read(self, tokens, parent, state):
        self.layer_rows += tokens.size
        return self._model.read(tokens, parent, state)

    def step(self, token, parent, state, k, *args):
        self.layer_rows += len(token)
        self.output_rows += len(token)
        return self._model.step(token, parent, state, k, *args)


def name_of(tensor, weights):
    """Which of the weights [N, K] a product's constant holds [K, N], whatever its scales are."""
    columns = numpy_helper.to_array(tensor).astype(np.float32)
    (name,) = (
        name
        for name, weight in weights.items()
        if weight.T.shape == columns.shape
        and np.allclose(at_most_one(columns.T), at_most_one(weight), atol=1e-5)
    )
    return name


def at_most_one(weight):
    return weight / np.abs(weight).max(axis=1, keepdims=True)


def weights_of(bundle):
    """The weights that the graph multiplies by, read back from it."""
    stored = dict(StoredWeights(bundle.graph_path).model().state_dict())
    return {name: stored[name].numpy() for name in (*RECURRENT, OUTPUT)}


def products_of(recorded, weights):
    """Name of the weight and number of rows of every product."""
    for product in (product for call in recorded.calls for product in call):
        (tensor,) = (
            tensor
            for _, tensor in recorded.nodes[product.node].weights.values()
            if len(tensor.dims) == 2
        )
        ((_, shape),) = product.activations
        assert shape[-1] == H
        yield name_of(tensor, weights), int(np.prod(shape[:-1]))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("lines", [LINES[:1], LINES], ids=["one", "three together"])
def test_every_product_of_every_step_is_recorded(precision, lines, open_engine):
    engine = open_engine(precision)
    searches = searches_of(engine, [plain(line) for line in lines])
    counted = []

    def work(model):
        counted.append(Counting(model))
        run_together(counted[-1], searches)

    recorded = recording.record(engine.bundle, "cpu", 1, work)
    layers, output = counted[-1].layer_rows, counted[-1].output_rows
    assert layers > output > 5
    rows = Counter()
    for name, count in products_of(recorded, weights_of(engine.bundle)):
        rows[name] += count
    assert rows == {**dict.fromkeys(RECURRENT, layers), OUTPUT: output}
    kinds = {kind for call in recorded.calls for it in call for kind, _ in it.activations}
    assert kinds == ({"uint8"} if precision == "int8" else {"float"})


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_of_a_text_read_at_once_each_turn_of_the_loop_is_recorded(precision, open_engine):
    tokens, parent = np.array([[5, 6, 7], [8, 9, 10], [11, 12, 13], [4, 5, 6]]), np.zeros(3, int)
    bundle = open_engine(precision).bundle
    recorded = recording.record(
        bundle, "cpu", 1, lambda model: model.read(tokens, parent, model.initial_state())
    )
    assert len(recorded.calls) == 1
    # All tokens meet the input weights at once, and the hidden weights one after another.
    assert Counter(products_of(recorded, weights_of(bundle))) == {
        (f"recurrent.weight_{kind}_l{layer}", rows): times
        for layer in (0, 1)
        for kind, rows, times in (("ih", 12, 1), ("hh", 3, 4))
    }
    assert Floor(recorded, "cpu", 1)


def test_products_without_weights_are_recorded_too(open_engine):
    engine = open_engine("fp32", "lstm, attention")
    composer = engine.composer
    recorded = recording.record(
        engine.bundle, "cpu", 1, lambda model: composer(model).compose_now(plain(LINE))
    )
    # Queries with keys, and their shares with values: two heads of 32, up to 5 places.
    by_pairs = [
        it.activations for call in recorded.calls for it in call if len(it.activations) == 2
    ]
    assert by_pairs
    for (_, left), (_, right) in by_pairs:
        assert left[0] == right[0] <= 5
        assert left[1] == 2
        assert right[1] <= 5
    assert Floor(recorded, "cpu", 1)


def test_what_the_work_begins_with_is_not_recorded(open_engine):
    engine = open_engine("fp32")

    def answer(*lines):
        def work(model):
            for line in lines:
                engine.composer(model).compose_now(plain(line))

        return work

    short = recording.record(engine.bundle, "cpu", 1, answer(LINES[2]))
    both = recording.record(engine.bundle, "cpu", 1, answer(LINE, LINES[2]))
    after = recording.record(engine.bundle, "cpu", 1, answer(LINE, LINES[2]), answer(LINE))
    assert short.calls == after.calls != both.calls


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_floor_multiplies_by_the_weights_of_the_graph(precision, open_engine):
    engine = open_engine(precision)
    recorded = recording.record(
        engine.bundle,
        "cpu",
        1,
        lambda model: run_together(model, searches_of(engine, [plain(LINE)])),
    )
    graph = products_graph(recorded.calls[-1], recorded).graph
    weights = weights_of(engine.bundle)
    kept = [name_of(tensor, weights) for tensor in graph.initializer if len(tensor.dims) == 2]
    assert sorted(kept) == sorted(weights)


def test_the_floor_computes_every_product_though_it_fetches_one(open_engine, tmp_path):
    engine = open_engine("int8", "lstm, attention")
    work = [plain(line) for line in LINES[:2]]
    recorded = recording.record(
        engine.bundle, "cpu", 1, lambda model: run_together(model, searches_of(engine, work))
    )
    with recording._profiling(tmp_path, tmp_path / "optimized.onnx") as sessions:
        floor = Floor(recorded, "cpu", 1)
    floor.run()
    ran = Counter()
    for session in sessions:
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        ran += Counter(
            (event["args"]["op_name"], *_first_shape(event["args"]["input_type_shape"]))
            for event in events
            if event["cat"] == "Node" and event["name"].endswith("_kernel_time")
        )
    wanted = Counter(
        (recorded.nodes[it.node].node.op_type, *it.activations[0])
        for call in recorded.calls
        for it in call
    )
    assert ran == wanted


def test_rows_as_many_as_a_weight_has_are_no_weight(open_engine):
    engine = open_engine("fp32")
    prompts = draw_prompts(engine.composer(), LINE, H)  # so that rows are [H, H], as weights are
    searches = searches_of(engine, [plain(prompt) for prompt in prompts])
    recorded = recording.record(
        engine.bundle, "cpu", 1, lambda model: run_together(model, searches)
    )
    assert ("float", (H, H)) in {it.activations[0] for call in recorded.calls for it in call}
    assert Floor(recorded, "cpu", 1)


def _first_shape(shapes):
    ((kind, shape),) = shapes[0].items()
    return kind, tuple(shape)
