"""Weights in fp32 and int8."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from lianju.export.encoder import build_encoder_graph
from lianju.export.errors import ExportError, VerificationError
from lianju.export.graph import build_step_graph
from lianju.export.precision import PRECISIONS, Int8Weights, table_step
from lianju.export.states import ROWS, random_state, single_row, state_tensors
from lianju.export.weights import StoredWeights, weights_of

from .conftest import CONFIGS, PAIR_CONFIGS, random_limits, random_model


@pytest.fixture(params=sorted(PRECISIONS))
def precision(request):
    return request.param


@pytest.fixture
def saved(model, precision, tmp_path):
    """The paths of the step graph and of the encoder's, if there is one."""
    parts = (model.config, weights_of(model), PRECISIONS[precision])
    limits = random_limits(model)
    graphs = [build_step_graph(*parts, 0, limits)]
    if model.config.has_encoder:
        graphs.append(build_encoder_graph(*parts, limits))
    paths = [tmp_path / name for name in ("step.onnx", "encode.onnx")[: len(graphs)]]
    for graph, path in zip(graphs, paths, strict=True):
        onnx.checker.check_model(graph)
        onnx.save(graph, path)
    return paths


def test_weights_can_be_read_back(model, precision, saved):
    stored = StoredWeights(*saved)
    assert stored.config == model.config
    assert stored.precision.name == precision
    stored.verify(model)
    back = weights_of(stored.model())
    for name, weight in weights_of(model).items():
        step, near = 0.0, np.ones_like(weight, bool)
        if precision == "int8" and "bias" not in name and name != "memory.energy":
            step = np.abs(weight).max(axis=1, keepdims=True) / Int8Weights.LARGEST
            if name == "embedding.weight":
                # A table has one scale for all its rows, as they are activations too.
                step = np.abs(weight).max() / Int8Weights.LARGEST
                near = np.abs(weight) <= np.abs(back[name]).max()
                clipped = back[name][~near]
                assert (np.abs(clipped) == np.abs(back[name]).max()).all()
                assert (np.sign(clipped) == np.sign(weight[~near])).all()
        assert (np.abs(back[name] - weight) <= step * 0.501)[near].all(), name


def test_a_large_weight_is_clipped_where_it_would_make_a_table_coarse():
    table = np.random.default_rng(0).standard_normal((1000, 64), np.float32)
    table[3, 4] = 10
    largest = Int8Weights.LARGEST

    def error(limit):
        step = limit / largest
        stored = np.clip(np.rint(table / step) * step, -limit, limit)
        return np.square(stored - table).sum()

    best = min(map(error, np.linspace(2, 10, 500)))
    assert best < error(10) / 1.5
    assert error(float(table_step(table, largest)) * largest) < 1.05 * best


def test_a_clipped_table_can_be_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr("lianju.export.precision.CLIPPING", [0.5])
    model = random_model(CONFIGS["lstm"])
    with torch.no_grad():
        model.embedding.weight[3, 4] = -0.8
    graph = build_step_graph(model.config, weights_of(model), Int8Weights, 0, random_limits(model))
    onnx.save(graph, tmp_path / "step.onnx")
    stored = StoredWeights(tmp_path / "step.onnx")
    back = weights_of(stored.model())["embedding.weight"]
    assert back[3, 4] == back.min() == pytest.approx(-0.4)
    stored.verify(model)
    with torch.no_grad():
        model.embedding.weight[3, 4] = 0.8
    with pytest.raises(VerificationError, match=r"embedding\.weight is not"):
        stored.verify(model)


def test_a_weight_that_is_not_the_checkpoints_is_found(model, saved):
    with torch.no_grad():
        model.recurrent.weight_hh_l0[3, 4] += 0.1
    with pytest.raises(VerificationError, match=r"recurrent\.weight_hh_l0 is not the checkpoint's"):
        StoredWeights(*saved).verify(model)


def test_a_foreign_graph_cannot_be_read_back(tmp_path):
    (tmp_path / "step.onnx").write_bytes(b"no graph at all")
    with pytest.raises(ExportError, match=r"step\.onnx is not a step graph of lianju-export"):
        StoredWeights(tmp_path / "step.onnx")


def test_int8_rows_do_not_depend_on_the_batch(model, open_step):
    step, rng = open_step(model, "int8"), np.random.default_rng(4)
    for _ in range(4):
        state = random_state(model.config, 40, rng)
        token, parent = rng.integers(0, 47, 40), rng.integers(0, 40, 40)
        together = step.run(token, parent, state)
        for begin, end in ((0, 1), (7, 8), (3, 5), (10, 17), (20, 40)):
            rows = slice(begin, end)
            apart = step.run(token[rows], parent[rows], state)
            for name, array in together.items():
                there = array[:, rows] if name in ("h_next", "c_next") else array[rows]
                assert np.array_equal(apart[name], there), name


@pytest.mark.parametrize(
    "config",
    [CONFIGS["lstm, attention"], *PAIR_CONFIGS.values()],
    ids=["attention", *PAIR_CONFIGS],
)
def test_int8_rows_do_not_depend_on_rows_of_longer_texts(config, open_step):
    step, rng = open_step(random_model(config), "int8"), np.random.default_rng(4)
    axes = {name: shape.index(ROWS) for name, shape in state_tensors(config).items()}
    for _ in range(20):
        state = random_state(config, 8, rng)
        token = rng.integers(0, 47, 8)
        together = step.run(token, list(range(8)), state)
        for row in range(8):
            alone = step.run(token[[row]], [0], single_row(config, state, row))
            assert np.array_equal(alone["log_prob"][0], together["log_prob"][row])
            for name, axis in axes.items():
                found = alone[f"{name}_next"].take(0, axis)
                there = together[f"{name}_next"].take(row, axis)
                if axis == 0:  # what is attended to; entries that are absent come first
                    absent = there[: len(there) - len(found)]
                    assert not absent.any()
                    there = there[len(absent) :]
                assert np.array_equal(found, there), name


def test_int8_stays_close_to_pytorch(model, open_step, zero_state):
    step, state, reference = open_step(model, "int8"), zero_state(model.config), None
    for token in (5, 9, 20, 31, 6):
        found = step.run([token], [0], state)
        state = step.after(found)
        with torch.no_grad():
            logits, reference = model(torch.tensor([[token]]), reference)
        expected = logits[:, 0].log_softmax(-1).numpy()
        assert 1e-6 < np.abs(found["log_prob"] - expected).max() < 0.1


def test_sums_of_adjacent_products_fit_in_16_bits():
    largest = (
        2 * Int8Weights.LARGEST * Int8Weights.LARGEST
    )  # an activation is at most twice LARGEST
    assert 2 * largest <= np.iinfo(np.int16).max


def test_rows_of_zeros_give_finite_results(model, open_step, zero_state):
    with torch.no_grad():
        model.embedding.weight[5] = 0
        model.recurrent.weight_hh_l0[2] = 0
    found = open_step(model, "int8").run([5], [0], zero_state(model.config))
    assert np.isfinite(found["log_prob"]).all()


def test_int8_takes_less_than_half_the_space(make_trained):
    trained = make_trained("lstm")
    sizes = {
        name: len(
            build_step_graph(
                trained.model.config, weights_of(trained.model), each, 0, {}
            ).SerializeToString()
        )
        for name, each in PRECISIONS.items()
    }
    assert sizes["int8"] < 0.45 * sizes["fp32"]  # the nodes weigh in so small a model
