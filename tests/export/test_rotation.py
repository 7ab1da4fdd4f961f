"""Rotated embeddings."""

import numpy as np
import pytest
import torch
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.export.rotation import rotated
from lianju.export.weights import StoredWeights
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model

from .toy_bundle import write_toy_bundle


def random_model(**shape):
    torch.manual_seed(3)
    sizes = {"vocabulary_size": 40, "embedding_size": 32, "hidden_size": 48, "tied": True}
    return build_model(ModelConfig(**{**sizes, **shape})).eval()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_rotated_model_computes_the_same(cell):
    model = random_model(cell=cell, attention_heads=2).double()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    other = rotated(model)
    tokens = torch.randint(40, (3, 12), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(other(tokens)[0], model(tokens)[0], rtol=0, atol=1e-9)
    assert other.output.weight is other.embedding.weight
    assert not torch.allclose(other.embedding.weight, model.embedding.weight)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


def test_no_weight_of_a_rotated_projection_stands_out():
    model = random_model()
    with torch.no_grad():
        model.projection.weight.normal_(std=0.01)
        model.projection.weight[range(32), range(32)] = 0.6

    def largest(one):
        weight = one.projection.weight.detach()
        return float(weight.abs().max() / weight.square().mean().sqrt())

    assert largest(model) > 5
    assert largest(rotated(model)) < 4.5  # of 1,536 normal numbers the largest is about 3.4


@pytest.mark.parametrize(
    "shape",
    [{"hidden_size": 32}, {"tied": False}, {"kind": "seq2seq", "attention": "dot"}],
)
def test_other_models_stay_as_they_are(shape):
    model = random_model(**shape)
    assert rotated(model) is model


def test_8_bits_hold_a_rotated_model(make_trained, corpus, tmp_path):
    trained = make_trained("lstm, projected")
    directory = write_toy_bundle(trained, tmp_path / "toy", precision="int8", corpus=corpus)
    bundle = load_bundle(directory)
    stored = StoredWeights.of(bundle).model().embedding.weight
    assert not torch.allclose(stored, trained.model.embedding.weight, atol=0.05)
    model = OnnxModel(bundle, "cpu", 1, gpu_graph_on_cpu=True)
    token = np.arange(len(bundle.vocabulary))
    found, _ = model.log_prob(token, token, model.initial_state(len(token)))
    with torch.no_grad():
        expected = trained.model(torch.from_numpy(token)[:, None])[0][:, 0].log_softmax(-1)
    np.testing.assert_allclose(found, expected.numpy(), atol=0.02)
