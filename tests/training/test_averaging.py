"""The average of two checkpoints, and what one learned added to another."""

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.averaging import average_checkpoints, transfer_learned
from lianju.training.checkpoint import load_trained, provenance, save_checkpoint
from lianju.training.errors import CheckpointError
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

TOKENS = ("<unk>", "<e>", "山", "水")


def write(path, seed, tokens=TOKENS, info=None, **shape):
    torch.manual_seed(seed)
    sizes = {"vocabulary_size": 4, "embedding_size": 6, "hidden_size": 6, "tied": True}
    model = LanguageModel(ModelConfig(**sizes, **shape))
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    info = {"preset": "toy", "seed": seed, "tokens_seen": 100 * seed, **(info or {})}
    save_checkpoint(path, model, weights, Vocabulary(tokens, (-1, -1, 2, 1)), info)
    return weights


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_each_weight_is_the_weighted_mean(tmp_path, share):
    one, two = (write(tmp_path / f"{seed}.pt", seed) for seed in (1, 2))
    out = tmp_path / "new" / "average.pt"
    average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", share, out)
    found = load_trained(out)
    for name, parameter in found.model.named_parameters():
        expected = share * one[name] + (1 - share) * two[name]
        torch.testing.assert_close(parameter.detach(), expected)
    assert found.model.output.weight is found.model.embedding.weight
    assert found.info["seed"] == 1
    assert found.info["averaged_with"] == [{"seed": 2, "tokens_seen": 200, "share": 1 - share}]


def test_origins_are_kept_and_measures_are_not(tmp_path):
    old = {"seed": 7, "share": 0.5}  # as older checkpoints have it
    write(tmp_path / "1.pt", 1, info={"averaged_with": old, "validation_perplexity": 60.0})
    taught = {"averaged_with": [{"seed": 8}], "preferences": [{"marks": 24}]}
    write(tmp_path / "2.pt", 2, info=taught)
    average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.75, tmp_path / "average.pt")
    found = load_trained(tmp_path / "average.pt")
    both = [old, {"seed": 2, "tokens_seen": 200, **taught, "share": 0.25}]
    assert found.info["averaged_with"] == provenance(found)["averaged_with"] == both
    assert "preferences" not in found.info
    assert "validation_perplexity" not in found.info


def test_an_average_with_its_own_beginning_does_not_repeat_where_that_is_from(tmp_path):
    write(tmp_path / "0.pt", 1)
    for step in range(4):
        begun = load_trained(tmp_path / f"{step}.pt")
        write(tmp_path / "further.pt", 9 + step, info={"initial": provenance(begun)})
        average_checkpoints(
            tmp_path / "further.pt", tmp_path / f"{step}.pt", 0.5, tmp_path / f"{step + 1}.pt"
        )
    origin = load_trained(tmp_path / "4.pt").info
    for step in (3, 2, 1, 0):
        assert origin["seed"] == 9 + step
        assert origin["averaged_with"] == [{"checkpoint": "initial", "share": 0.5}]
        origin = origin["initial"]
    assert origin["seed"] == 1


def test_an_average_with_what_it_became_does_not_repeat_where_it_is_from(tmp_path):
    write(tmp_path / "1.pt", 1)
    origin = provenance(load_trained(tmp_path / "1.pt"))
    write(tmp_path / "2.pt", 2, info={"initial": origin})
    average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.75, tmp_path / "average.pt")
    added = {"seed": 2, "tokens_seen": 200, "initial": {"checkpoint": "first"}, "share": 0.25}
    assert load_trained(tmp_path / "average.pt").info["averaged_with"] == [added]


def test_what_only_the_first_one_learned_is_told(tmp_path):
    learned = {"preferences": [{"marks": 24}]}
    write(tmp_path / "1.pt", 1, info=learned)
    write(tmp_path / "2.pt", 1)
    average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.75, tmp_path / "average.pt")
    found = load_trained(tmp_path / "average.pt").info
    assert found["preferences"] == learned["preferences"]
    assert found["averaged_with"] == [{"preferences": None, "share": 0.25}]


@pytest.mark.parametrize(
    "other", [{"cell": "gru"}, {"layers": 1}, {"tokens": ("<unk>", "<e>", "水", "山")}]
)
def test_models_that_differ_are_refused(tmp_path, other):
    write(tmp_path / "1.pt", 1)
    write(tmp_path / "2.pt", 2, **other)
    with pytest.raises(CheckpointError, match="differ in shape or vocabulary"):
        average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.5, tmp_path / "average.pt")
    assert not (tmp_path / "average.pt").exists()


def test_dropout_may_differ_and_a_checkpoint_is_not_replaced(tmp_path):
    write(tmp_path / "1.pt", 1)
    write(tmp_path / "2.pt", 2, dropout=0.5)
    average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.5, tmp_path / "average.pt")
    with pytest.raises(CheckpointError, match="exists already"):
        average_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", 0.5, tmp_path / "1.pt")


@pytest.mark.parametrize("share", [0.5, 1.0, 2.0])
def test_what_a_model_learned_is_added_to_another(tmp_path, share):
    base, taught, before = (write(tmp_path / f"{seed}.pt", seed) for seed in (1, 2, 3))
    paths = [tmp_path / f"{seed}.pt" for seed in (1, 2, 3)]
    transfer_learned(*paths, share, tmp_path / "out.pt")
    found = load_trained(tmp_path / "out.pt")
    for name, parameter in found.model.named_parameters():
        expected = base[name] + share * taught[name] - share * before[name]
        torch.testing.assert_close(parameter.detach(), expected)
    assert found.info["seed"] == 1
    (added,) = found.info["transferred"]
    assert (added["taught"]["seed"], added["before"]["seed"], added["share"]) == (2, 3, share)
    assert provenance(found)["transferred"] == [added]


def test_what_one_of_another_shape_learned_is_refused(tmp_path):
    write(tmp_path / "1.pt", 1)
    write(tmp_path / "2.pt", 2)
    write(tmp_path / "3.pt", 3, layers=1)
    paths = [tmp_path / f"{seed}.pt" for seed in (1, 2, 3)]
    with pytest.raises(CheckpointError, match=r"3\.pt differ in shape"):
        transfer_learned(*paths, 1.0, tmp_path / "new" / "out.pt")
    assert not (tmp_path / "new").exists()
