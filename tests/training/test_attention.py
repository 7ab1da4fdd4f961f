import math

import numpy as np
import pytest
import torch
from lianju.training.attention import WindowAttention
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

HEADS, SIZE, WINDOW, HIDDEN = 2, 3, 4, 5


@pytest.fixture
def attention():
    torch.manual_seed(1)
    module = WindowAttention(HIDDEN, HEADS, SIZE, WINDOW)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()
    return module


def by_hand(attention, outputs):
    """What is added to the last of `outputs` [T, H], written out number by number."""
    weights = {
        name: weight.detach().double().numpy() for name, weight in attention.named_parameters()
    }
    query = weights["query.weight"] @ outputs[-1]
    context = []
    for head in range(HEADS):
        mine = slice(head * SIZE, (head + 1) * SIZE)
        scores, values = [], []
        for distance, earlier in enumerate(outputs[::-1][:WINDOW]):
            projected = weights["keys_values.weight"] @ earlier
            key, value = projected[: HEADS * SIZE], projected[HEADS * SIZE :]
            bias = weights["distance_bias"][head, distance]
            scores.append(query[mine] @ key[mine] / math.sqrt(SIZE) + bias)
            values.append(value[mine])
        shares = np.exp(np.array(scores) - max(scores))
        context.append(shares / shares.sum() @ np.array(values))
    return weights["output.weight"] @ np.concatenate(context)


def test_attention_covers_the_window_of_earlier_outputs(attention):
    outputs = torch.randn(1, 9, HIDDEN)
    added, _ = attention(outputs)
    for t in range(9):
        expected = by_hand(attention, outputs[0, : t + 1].double().numpy())
        np.testing.assert_allclose(added[0, t].detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("cut", [1, 3, 4, 7])
def test_the_cache_continues_a_text(attention, cut):
    outputs = torch.randn(2, 9, HIDDEN)
    whole, end = attention(outputs)
    first, cache = attention(outputs[:, :cut])
    second, cache = attention(outputs[:, cut:], cache)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    torch.testing.assert_close(cache, end)


def test_cache_of_zeros_is_empty(attention):
    outputs = torch.randn(2, 3, HIDDEN)
    empty = torch.zeros(1, 2, WINDOW * (2 * HEADS * SIZE + 1))
    torch.testing.assert_close(attention(outputs, empty), attention(outputs))


def test_the_state_of_a_model_has_the_cache():
    torch.manual_seed(1)
    config = ModelConfig(
        vocabulary_size=11, embedding_size=6, hidden_size=8, attention_heads=2, attention_window=3
    )
    model = LanguageModel(config).eval()
    torch.nn.init.normal_(model.attention.output.weight)
    tokens = torch.randint(0, 11, (3, 9))
    whole, end = model(tokens)
    first, state = model(tokens[:, :4])
    second, state = model(tokens[:, 4:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    torch.testing.assert_close(state, end)
    assert state[2].shape == (1, 3, config.attention_window * (2 * 2 * config.attention_size + 1))


def test_at_first_attention_adds_nothing():
    torch.manual_seed(1)
    config = ModelConfig(vocabulary_size=11, embedding_size=6, hidden_size=8, attention_heads=2)
    model = LanguageModel(config).eval()
    tokens = torch.randint(0, 11, (3, 9))
    hidden, _ = model.recurrent(model.embedding(tokens))
    torch.testing.assert_close(model.features(tokens)[0], hidden)
