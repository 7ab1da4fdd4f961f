import os
import pickle

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained, save_checkpoint
from lianju.training.errors import CheckpointError
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

VOCABULARY = Vocabulary(("<unk>", "<e>", "山", "水"), (-1, -1, 2, 1))


def _weights(model):
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def test_weights_of_older_versions_are_found_under_their_old_names(tmp_path):
    torch.manual_seed(1)
    model = LanguageModel(
        ModelConfig(vocabulary_size=4, embedding_size=6, hidden_size=8, attention_heads=2)
    )
    torch.nn.init.normal_(model.attention.output.weight)
    weights = _weights(model)
    old = dict(weights)
    old["attention.remember.weight"] = old.pop("attention.keys_values.weight")
    old["attention.speak.weight"] = old.pop("attention.output.weight")
    save_checkpoint(tmp_path / "old.pt", model, old, VOCABULARY, {})
    loaded = _weights(load_trained(tmp_path / "old.pt").model)
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)


def test_damaged_and_hostile_checkpoints_are_refused(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "model.pt"
    torch.save({"format": 1, "weights": Hostile()}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_trained(path)
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_trained(path)
    assert not (tmp_path / "owned").exists()
    whole = tmp_path / "whole.pt"
    torch.save({"format": 1, "weights": torch.zeros(1000)}, whole)
    for damaged in (b"", b"a,log\n1,2\n", whole.read_bytes()[:900], b"PK\x03\x04 cut off"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            load_trained(path)
    flipped = bytearray(whole.read_bytes())
    flipped[80:120] = b"x" * 40  # inside the pickle
    path.write_bytes(flipped)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_trained(path)
    torch.save({"format": 2}, path)
    with pytest.raises(CheckpointError, match="format 1"):
        load_trained(path)
