"""Muon over blocks of the weight matrices, against the formula in plain NumPy."""

import math

import numpy as np
import pytest
import torch
from lianju.training.model import LanguageModel
from lianju.training.optimizer import make_optimizer, muon_matrices
from lianju.training.precision import supports_bf16
from lianju.training.recipe import ModelConfig, load_recipe

OPTIONS = (
    "optimizer.name=muon",
    "optimizer.learning_rate=0.01",
    "optimizer.matrix_learning_rate=0.05",
    "optimizer.weight_decay=0.1",
    "optimizer.momentum=0.9",
)
COEFFICIENTS = (3.4445, -4.775, 2.0315)


def _model(cell="lstm"):
    torch.manual_seed(1)
    return LanguageModel(
        ModelConfig(
            vocabulary_size=30,
            cell=cell,
            layers=2,
            embedding_size=16,
            hidden_size=24,
            tied=True,
            attention_heads=2,
            attention_size=4,
        )
    )


def _orthogonalized(gradient):
    """Newton-Schulz iteration in float64 (Jordan 2024): singular values end near 1."""
    a, b, c = COEFFICIENTS
    x = gradient / (np.linalg.norm(gradient) + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def _set_gradients(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def _blocks(model):
    """A copy of each block of each matrix, in float64."""
    return [
        block.double().numpy().copy()
        for matrix, count in muon_matrices(model).items()
        for block in matrix.detach().chunk(count)
    ]


def _gradient_blocks(model):
    return [
        block.double().numpy()
        for matrix, count in muon_matrices(model).items()
        for block in matrix.grad.chunk(count)
    ]


def test_each_block_follows_the_formula_of_muon():
    model = _model()
    optimizer = make_optimizer(model, load_recipe("tiny", OPTIONS))
    expected = _blocks(model)
    momentum = [np.zeros_like(each) for each in expected]
    for seed in range(3):
        _set_gradients(model, seed)
        for i, gradient in enumerate(_gradient_blocks(model)):
            momentum[i] = 0.9 * momentum[i] + 0.1 * gradient
            update = _orthogonalized(0.9 * momentum[i] + 0.1 * gradient)  # Nesterov
            rows, columns = update.shape
            scale = math.sqrt(max(1, rows / columns))
            expected[i] = expected[i] * (1 - 0.05 * 0.1) - 0.05 * scale * update
        optimizer.step()
    # bfloat16 has three digits.
    tolerance = 3 * 0.05 * 0.02 if supports_bf16(torch.device("cpu")) else 1e-5
    for block, wanted in zip(_blocks(model), expected, strict=True):
        assert np.allclose(block, wanted, atol=tolerance)


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_gates_keys_and_values_are_blocks_of_their_matrices(cell, gates):
    model = _model(cell)
    names = {parameter: name for name, parameter in model.named_parameters()}
    recurrent = [f"recurrent.weight_{kind}_l{layer}" for layer in (0, 1) for kind in ("ih", "hh")]
    assert {names[matrix]: count for matrix, count in muon_matrices(model).items()} == {
        **dict.fromkeys(recurrent, gates),
        "attention.query.weight": 1,
        "attention.keys_values.weight": 2,
        "attention.output.weight": 1,
        "projection.weight": 1,
    }


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_a_saved_state_is_restored(cell):
    def trained(steps):
        model = _model(cell)
        optimizer = make_optimizer(model, load_recipe("tiny", OPTIONS))
        for seed in range(steps):
            _set_gradients(model, seed)
            optimizer.step()
        return model, optimizer

    expected, _ = trained(3)
    model, optimizer = trained(2)
    resumed = make_optimizer(model, load_recipe("tiny", OPTIONS))
    resumed.load_state_dict(optimizer.state_dict())
    _set_gradients(model, 2)
    resumed.step()
    for wanted, found in zip(expected.parameters(), model.parameters(), strict=True):
        assert torch.equal(wanted, found)


def test_the_other_weights_move_as_under_adamw():
    muon, adamw = _model(), _model()
    one = make_optimizer(muon, load_recipe("tiny", OPTIONS))
    other = make_optimizer(adamw, load_recipe("tiny", (*OPTIONS, "optimizer.name=adamw")))
    for seed in range(3):
        for model, optimizer in ((muon, one), (adamw, other)):
            _set_gradients(model, seed)
            optimizer.step()
    matrices = muon_matrices(muon)
    rest = [name for name, p in muon.named_parameters() if p not in matrices]
    assert {"embedding.weight", "attention.distance_bias"} <= set(rest)
    for name in rest:
        assert torch.equal(
            dict(muon.named_parameters())[name], dict(adamw.named_parameters())[name]
        )


def test_zero_grad_drops_all_gradients():
    model = _model()
    optimizer = make_optimizer(model, load_recipe("tiny", OPTIONS))
    _set_gradients(model, 0)
    optimizer.zero_grad()
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_the_schedule_scales_every_rate():
    optimizer = make_optimizer(_model(), load_recipe("tiny", OPTIONS))
    optimizer.set_rate_share(0.5)
    optimizer.set_rate_share(0.1)
    assert optimizer.learning_rates == pytest.approx([0.005, 0.001])
