import pytest
import torch
from lianju.training.loss import linear_cross_entropy
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig
from torch.nn import functional


def test_the_classic_worked_example():
    # A relu RNN, all weights 1, no bias; inputs (1, 1), (1, 1), (2, 2).
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
        for parameter in model.recurrent.parameters():
            parameter.fill_(1)
        model.embedding.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]))
    hidden, state = model.features(torch.tensor([[1, 1, 2]]))
    assert hidden.tolist() == [[[2, 2], [6, 6], [16, 16]]]
    assert state[0].tolist() == [[[16, 16]]]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("tied", [False, True])
def test_the_state_continues_a_text(cell, tied):
    torch.manual_seed(1)
    model = LanguageModel(
        ModelConfig(vocabulary_size=11, cell=cell, embedding_size=6, hidden_size=8, tied=tied)
    )
    model.eval()
    tokens = torch.randint(0, 11, (3, 9))
    whole, end = model(tokens)
    first, state = model(tokens[:, :4])
    second, state = model(tokens[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(state, end)


def test_identity_initialization_is_that_of_irnn():
    config = ModelConfig(
        vocabulary_size=5, cell="rnn", nonlinearity="relu", initialization="identity"
    )
    recurrent = LanguageModel(config).recurrent
    for layer in range(2):
        weight = getattr(recurrent, f"weight_hh_l{layer}")
        assert torch.equal(weight, torch.eye(256))
        assert not getattr(recurrent, f"bias_hh_l{layer}").any()
    with pytest.raises(ValueError, match="identity"):
        LanguageModel(ModelConfig(vocabulary_size=5, cell="lstm", initialization="identity"))


def test_tied_weights_are_one_parameter():
    model = LanguageModel(
        ModelConfig(vocabulary_size=7, embedding_size=4, hidden_size=6, tied=True)
    )
    assert model.output.weight is model.embedding.weight
    names = {name for name, _ in model.named_parameters() if "recurrent" not in name}
    assert names == {"embedding.weight", "projection.weight", "output.bias"}


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("positions", [1, 511, 1300])
def test_the_fused_loss_equals_cross_entropy_in_value_and_gradients(biased, positions):
    generator = torch.Generator().manual_seed(3)
    hidden = torch.randn(positions, 8, generator=generator, requires_grad=True)
    weight = torch.randn(19, 8, generator=generator, requires_grad=True)
    bias = torch.randn(19, generator=generator, requires_grad=True) if biased else None
    targets = torch.randint(0, 19, (positions,), generator=generator)
    inputs = [hidden, weight, *([bias] if biased else [])]
    logits = functional.linear(hidden, weight, bias)
    plain = functional.cross_entropy(logits, targets, reduction="sum")
    expected = torch.autograd.grad(plain / 3, inputs)
    fused = linear_cross_entropy(hidden, weight, bias, targets)
    found = torch.autograd.grad(fused / 3, inputs)
    torch.testing.assert_close(fused, plain, rtol=1e-5, atol=1e-4)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_the_fused_loss_in_bfloat16_is_close_to_float32():
    generator = torch.Generator().manual_seed(4)
    hidden = torch.randn(900, 32, generator=generator)
    weight = torch.randn(50, 32, generator=generator, requires_grad=True)
    targets = torch.randint(0, 50, (900,), generator=generator)
    plain = functional.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    fused = linear_cross_entropy(hidden.bfloat16(), weight, None, targets)
    assert fused.item() == pytest.approx(plain.item(), rel=0.01)
    (expected,) = torch.autograd.grad(plain, weight)
    (found,) = torch.autograd.grad(fused, weight)
    assert float((found - expected).norm() / expected.norm()) < 0.02
