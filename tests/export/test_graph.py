"""The step graph against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lianju.export.states import random_state, torch_state
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig


def test_many_steps_match_pytorch_under_changing_parents(model, open_step, zero_state):
    step, rng = open_step(model), np.random.default_rng(5)
    state, rows = zero_state(model.config), 1
    reference = tuple(map(torch.from_numpy, torch_state(model.config, state)))
    for length in (1, 3, 4, 4, 2, 5, 5, 1, 3, 3, 3, 2):
        parent, token = rng.integers(0, rows, length), rng.integers(0, 47, length)
        found = step.run(token, parent, state)
        with torch.no_grad():
            logits, reference = model(
                torch.from_numpy(token)[:, None], tuple(s[:, parent] for s in reference)
            )
        expected = logits[:, 0].log_softmax(-1).numpy()
        np.testing.assert_allclose(found["log_prob"], expected, atol=1e-5)
        state, rows = step.after(found), length
        for mine, theirs in zip(torch_state(model.config, state), reference, strict=True):
            np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


def test_the_incoming_state_is_unchanged(model, open_step, zero_state):
    state = zero_state(model.config, 2)
    open_step(model).run([5, 6], [1, 0], state)
    assert not any(array.any() for array in state)


def test_a_row_is_the_same_alone_and_among_three(model, open_step, zero_state):
    step = open_step(model)
    state = step.after(step.run([7, 8, 9], [0, 0, 0], zero_state(model.config)))
    together = step.run([4, 5, 6], [2, 0, 1], state)
    for row, (token, parent) in enumerate(((4, 2), (5, 0), (6, 1))):
        alone = step.run([token], [parent], state)
        np.testing.assert_allclose(alone["log_prob"][0], together["log_prob"][row], atol=1e-5)
        assert alone["top_token"][0].tolist() == together["top_token"][row].tolist()


def test_a_permuted_batch_gives_the_permuted_output(model, open_step, zero_state):
    step = open_step(model)
    state = step.after(step.run([7, 8, 9], [0, 0, 0], zero_state(model.config)))
    order = np.array([2, 0, 1])
    tokens = np.array([4, 5, 6])
    targets = {"target_row": np.arange(3), "target_token": np.array([7, 7, 7])}
    one = step.run(tokens, [0, 1, 2], state, **targets)
    other = step.run(tokens[order], order, state, **targets)
    for name, array in one.items():
        axis = 1 if name in ("h_next", "c_next") else 0
        np.testing.assert_allclose(other[name], array.take(order, axis), atol=1e-6)


@pytest.mark.parametrize("through", ["pytorch", "graph"])
def test_the_classic_worked_example(through, open_step, zero_state):
    """A relu RNN, all weights 1, no bias, reads (1,1), (1,1), (2,2)."""
    config = ModelConfig(
        vocabulary_size=3,
        cell="rnn",
        nonlinearity="relu",
        layers=1,
        embedding_size=2,
        hidden_size=2,
        bias=False,
    )
    model = LanguageModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1)
        model.embedding.weight.copy_(torch.tensor([[0, 0], [1, 1], [2, 2]]))
    step, state, states = open_step(model), zero_state(config), []
    for token in (1, 1, 2):
        if through == "graph":
            state = step.after(step.run([token], [0], state))
        else:
            with torch.no_grad():
                _, after = model(torch.tensor([[token]]), tuple(map(torch.tensor, state)))
            state = tuple(tensor.numpy() for tensor in after)
        states.append(state[0][0, 0].tolist())
    assert states == [[2, 2], [6, 6], [16, 16]]


def best(log_prob: np.ndarray, mask: np.ndarray, k: int) -> np.ndarray:
    allowed = log_prob + mask
    return np.argsort(-allowed, axis=1, kind="stable")[:, :k]


def test_without_a_mask_only_unknown_is_excluded(model, open_step, zero_state):
    step = open_step(model)
    found = step.run([5, 6], [0, 0], zero_state(model.config), k=np.array([47]))
    mask = np.zeros(47, np.float32)
    mask[0] = -np.inf
    assert np.array_equal(found["top_token"], best(found["log_prob"], mask, 47))
    assert found["top_token"][:, -1].tolist() == [0, 0]
    assert np.isneginf(found["top_log_prob"][:, -1]).all()
    assert np.isfinite(found["log_prob"]).all()
    np.testing.assert_allclose(np.exp(found["log_prob"]).sum(axis=1), 1, atol=1e-5)


def test_rows_choose_among_masks(model, open_step, zero_state):
    step, rng = open_step(model), np.random.default_rng(2)
    masks = np.where(rng.random((2, 47)) < 0.5, -np.inf, 0).astype(np.float32)
    rows = np.array([1, 0, 1])
    state = zero_state(model.config)
    found = step.run([5, 6, 7], [0, 0, 0], state, mask=masks, mask_row=rows)
    assert np.array_equal(found["top_token"], best(found["log_prob"], masks[rows], 3))
    shared = step.run([5, 6, 7], [0, 0, 0], state, mask=masks[1:], mask_row=np.array([0]))
    assert np.array_equal(shared["top_token"], best(found["log_prob"], masks[1], 3))
    assert np.array_equal(shared["log_prob"], found["log_prob"])


def test_single_numbers_are_those_of_all(model, open_step, zero_state):
    step, state = open_step(model), zero_state(model.config)
    rows, tokens = np.array([1, 0, 1, 1]), np.array([46, 0, 7, 46])
    found = step.run([5, 6], [0, 0], state, target_row=rows, target_token=tokens)
    assert np.array_equal(found["target_log_prob"], found["log_prob"][rows, tokens])
    without = step.run([5, 6], [0, 0], state, predict=np.array([False]), k=np.array([0]))
    assert without["target_log_prob"].size == 0


def test_a_step_without_predictions_gives_the_same_state(model, open_step, zero_state):
    step, state = open_step(model), zero_state(model.config)
    without = step.run([5, 6], [0, 0], state, predict=np.array([False]), k=np.array([0]))
    assert without["log_prob"].size == without["top_token"].size == 0
    predicted = step.run([5, 6], [0, 0], state)
    for one, other in zip(step.after(without), step.after(predicted), strict=True):
        assert np.array_equal(one, other)


def test_predictions_do_not_depend_on_the_number_of_candidates(model, open_step, zero_state):
    step, state = open_step(model), zero_state(model.config)
    found = step.run([5, 6], [0, 0], state, k=np.array([0]))
    assert found["top_token"].size == found["top_log_prob"].size == 0
    assert np.array_equal(found["log_prob"], step.run([5, 6], [0, 0], state)["log_prob"])


def test_the_lower_id_comes_first_among_equals(model, open_step, zero_state):
    with torch.no_grad():
        model.output.weight.zero_()  # the embedding too, where it is tied
        if model.output.bias is not None:
            model.output.bias.zero_()
    for k in (1, 5, 47):
        found = open_step(model).run([9], [0], zero_state(model.config), k=np.array([k]))
        assert found["top_token"][0].tolist() == [*range(1, 47), 0][:k]


def test_the_attention_cache_grows_up_to_its_window(attention_model, open_step, zero_state):
    step, state = open_step(attention_model), zero_state(attention_model.config, 2)
    window = attention_model.config.attention_window
    for age in range(1, window + 4):
        before, state = state, step.after(step.run([7, 8], [1, 1], state))
        *_, keys, values = state
        assert keys.shape[1] == values.shape[1] == min(age, window)
        assert (values[:, :, -1] == 1).all()
        kept = before[-2].shape[1] + 1 - keys.shape[1]
        assert np.array_equal(keys[0, :-1], before[-2][1, kept:])


def test_rows_of_different_ages_share_a_step(attention_model, open_step):
    step, config, rng = open_step(attention_model), attention_model.config, np.random.default_rng(6)
    for _ in range(20):
        state = random_state(config, 6, rng)
        token, parent = rng.integers(0, 47, 9), rng.integers(0, 6, 9)
        found = step.run(token, parent, state)
        reference = (torch.from_numpy(each)[:, parent] for each in torch_state(config, state))
        with torch.no_grad():
            logits, after = attention_model(torch.from_numpy(token)[:, None], tuple(reference))
        expected = logits[:, 0].log_softmax(-1).numpy()
        np.testing.assert_allclose(found["log_prob"], expected, atol=1e-5)
        for mine, theirs in zip(torch_state(config, step.after(found)), after, strict=True):
            np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("steps", [2, 3, 8], ids=["two", "within a window", "beyond it"])
def test_prefill_equals_single_steps(model, open_step, precision, steps):
    step, config, rng = open_step(model, precision), model.config, np.random.default_rng(steps)
    close = {"rtol": 0, "atol": 0} if precision == "int8" else {"rtol": 1e-6, "atol": 1e-6}
    for _ in range(10):
        before = random_state(config, 4, rng)  # rows of different ages
        tokens, parent = rng.integers(0, 47, (steps, 6)), rng.integers(0, 4, 6)
        at_once = step.run(tokens[-1], parent, before, before=tokens[:-1])
        state = before
        for token in tokens:
            one_by_one = step.run(token, parent, state)
            state, parent = step.after(one_by_one), np.arange(6)
        for name, array in one_by_one.items():
            np.testing.assert_allclose(at_once[name], array, **close, err_msg=name)


def test_prefill_matches_pytorch(model, open_step, zero_state):
    step, rng = open_step(model), np.random.default_rng(9)
    tokens = rng.integers(0, 47, (7, 3))
    found = step.run(tokens[-1], [0, 0, 0], zero_state(model.config), before=tokens[:-1])
    with torch.no_grad():
        logits, after = model(torch.from_numpy(tokens.T.copy()))
    expected = logits[:, -1].log_softmax(-1).numpy()
    np.testing.assert_allclose(found["log_prob"], expected, atol=1e-5)
    for mine, theirs in zip(torch_state(model.config, step.after(found)), after, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


def test_prefill_without_predictions_gives_the_same_state(model, open_step, zero_state):
    step, state = open_step(model), zero_state(model.config)
    options = {"before": np.array([[5, 6], [7, 8]]), "k": np.array([0])}
    without = step.run([9, 4], [0, 0], state, predict=np.array([False]), **options)
    assert without["log_prob"].size == without["top_token"].size == 0
    predicted = step.run([9, 4], [0, 0], state, **options)
    for one, other in zip(step.after(without), step.after(predicted), strict=True):
        assert np.array_equal(one, other)


def test_an_empty_prefill_is_one_step(model, open_step, zero_state):
    step, state = open_step(model), zero_state(model.config)
    one = step.run([5, 6], [0, 0], state)
    other = step.run([5, 6], [0, 0], state, before=np.zeros((0, 2), np.int64))
    for name, array in one.items():
        assert np.array_equal(other[name], array)
