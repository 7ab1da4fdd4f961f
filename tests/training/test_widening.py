"""Wider models, beside those that they are made of."""

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.__main__ import cli
from lianju.training.checkpoint import load_trained, provenance, save_checkpoint
from lianju.training.errors import CheckpointError
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model
from lianju.training.widening import widen_checkpoint

TOKENS = ("<unk>", "<e>", "山", "水", "花", "月")


def write(path, **shape):
    """Writes a checkpoint of random weights, none of them zero."""
    torch.manual_seed(1)
    sizes = {"vocabulary_size": len(TOKENS), "embedding_size": 6, "hidden_size": 6}
    model = build_model(ModelConfig(**{**sizes, **shape})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    info = {"preset": "toy", "seed": 1, "validation_perplexity": 60.0}
    save_checkpoint(path, model, weights, Vocabulary(TOKENS, (-1, -1, 4, 3, 2, 1)), info)
    return model


@pytest.mark.parametrize(
    "shape",
    [
        {"tied": True},
        {"tied": True, "hidden_size": 10, "layers": 1},
        {"tied": False, "bias": False, "layers": 3},
        {"tied": True, "cell": "gru", "attention_heads": 2, "attention_size": 3},
        {"tied": False, "cell": "rnn", "nonlinearity": "relu", "attention_heads": 1},
    ],
)
@pytest.mark.parametrize("added", [1, 4, 6])
def test_a_wider_model_predicts_the_same(tmp_path, shape, added):
    old = write(tmp_path / "old.pt", **shape).double()
    size = old.config.hidden_size + added
    widen_checkpoint(tmp_path / "old.pt", size, tmp_path / "new" / "wide.pt", seed=added)
    wide = load_trained(tmp_path / "new" / "wide.pt").model.eval().double()
    assert wide.config == old.config.model_copy(update={"hidden_size": size})
    tokens = torch.randint(len(TOKENS), (3, 20), generator=torch.Generator().manual_seed(2))
    expected, before = old(tokens[:, :12])
    found, state = wide(tokens[:, :12])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    # Its state goes on as the old one does.
    torch.testing.assert_close(
        wide(tokens[:, 12:], state)[0], old(tokens[:, 12:], before)[0], rtol=0, atol=1e-6
    )


def test_copies_of_a_unit_learn_different_things(tmp_path):
    write(tmp_path / "old.pt", tied=True, layers=1)
    widen_checkpoint(tmp_path / "old.pt", 12, tmp_path / "wide.pt")
    model = load_trained(tmp_path / "wide.pt").model
    incoming = model.recurrent.weight_ih_l0
    rows = incoming.detach().view(4, 12, -1)
    copies = [
        (one, other)
        for one in range(12)
        for other in range(one)
        if torch.equal(rows[:, one], rows[:, other])
    ]
    assert len(copies) == 6
    tokens = torch.tensor([[2, 3, 4, 5, 2]])
    model(tokens)[0].logsumexp(-1).sum().backward()
    gradients = incoming.grad.view(4, 12, -1)
    assert not any(torch.equal(gradients[:, one], gradients[:, other]) for one, other in copies)


def test_origin_is_kept_and_named(tmp_path):
    write(tmp_path / "old.pt", tied=True)
    command = f"widen {tmp_path}/old.pt --hidden-size 8 --seed 5 --out {tmp_path}/wide.pt"
    cli.main(command.split(), standalone_mode=False)
    found = load_trained(tmp_path / "wide.pt")
    assert found.vocabulary.tokens == TOKENS
    assert found.info["seed"] == 1
    assert "validation_perplexity" not in found.info
    assert provenance(found)["widened"] == {"from": 6, "to": 8, "seed": 5}


@pytest.mark.parametrize("size", [5, 6, 13])
def test_other_sizes_are_refused(tmp_path, size):
    write(tmp_path / "old.pt")
    with pytest.raises(CheckpointError, match="larger one, at most 12"):
        widen_checkpoint(tmp_path / "old.pt", size, tmp_path / "wide.pt")
    assert not (tmp_path / "wide.pt").exists()


def test_encoder_decoders_are_refused(tmp_path):
    write(tmp_path / "old.pt", kind="seq2seq", attention="dot")
    with pytest.raises(CheckpointError, match="encoder-decoder"):
        widen_checkpoint(tmp_path / "old.pt", 8, tmp_path / "wide.pt")
