"""A run that begins with another model's embedding."""

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained, save_checkpoint
from lianju.training.embedding import copy_embedding, principal_components
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model

from .test_cli import _run


def _vocabulary(*tokens):
    return Vocabulary(("<unk>", "<e>", "<s>", *tokens), (-1, -1, -1, *[1] * len(tokens)))


@pytest.fixture
def other(tmp_path):
    """A checkpoint with an embedding of ten numbers, and its vocabulary."""
    torch.manual_seed(1)
    vocabulary = _vocabulary(*"风月山水春秋江河湖海")
    model = LanguageModel(ModelConfig(vocabulary_size=13, embedding_size=10, hidden_size=6))
    path = tmp_path / "other.pt"
    save_checkpoint(path, model, model.state_dict(), vocabulary, {"preset": "toy"})
    return path, vocabulary, model.embedding.weight.detach()


@pytest.mark.parametrize("size", [10, 4])
def test_tokens_of_both_begin_as_the_other_models(other, size):
    path, theirs, weight = other
    own = _vocabulary(*"山云水月花")
    model = build_model(
        ModelConfig(vocabulary_size=8, embedding_size=size, hidden_size=6, kind="seq2seq")
    )
    before = model.embedding.weight.detach().clone()
    found = copy_embedding(path, model, own)
    assert found.info == {"preset": "toy"}
    expected = principal_components(weight, size)
    for token, number in zip(own.tokens, range(8), strict=True):
        row = model.embedding.weight[number]
        if token in theirs:
            assert torch.equal(row, expected[theirs.tokens.index(token)])
        else:
            assert torch.equal(row, before[number])
    # Distances between tokens stay, up to one factor, where no component is dropped.
    if size == 10:
        ids = [own.tokens.index(token) for token in "山水月"], [*theirs.encode("山水月")]
        mine, their = (
            torch.cdist(*[matrix[rows].double()] * 2)
            for matrix, rows in ((model.embedding.weight.detach(), ids[0]), (weight, ids[1]))
        )
        factors = (mine / their)[~torch.eye(3, dtype=torch.bool)]
        torch.testing.assert_close(factors, factors[:1].expand(6), rtol=1e-4, atol=0)


def test_a_run_says_where_its_embedding_is_from(other, pair_corpus, tmp_path, capsys):
    run = tmp_path / "run"
    # The toy pairs have six characters, of which the other model lacks 云, 花 and 鸟.
    train = ["train", pair_corpus, "--out", run, "--preset", "tiny-pairs"]
    train += ["--set", "model.embedding_size=10"]
    status, _, err = _run(capsys, *train, "--tokens", 600, "--embedding", other[0])
    assert status == 0, err
    assert load_trained(run / "last.pt").info["embedding"] == {"preset": "toy"}
    status, _, err = _run(capsys, *train, "--tokens", 900, "--resume")
    assert status == 0, err
    assert load_trained(run / "last.pt").info["embedding"] == {"preset": "toy"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "model.embedding_size=11"), "--set model.embedding_size=10, or less"),
        (("--resume",), "one of --initial, --embedding and --resume"),
    ],
)
def test_an_embedding_that_does_not_fit_is_one_sentence(
    other, pair_corpus, tmp_path, capsys, options, message
):
    run = tmp_path / "run"
    train = ["train", pair_corpus, "--out", run, "--preset", "tiny-pairs", *options]
    status, out, err = _run(capsys, *train, "--embedding", other[0])
    assert (status, out) == (2, "")
    assert message in err
    assert not run.exists()


def test_an_embedding_of_other_tokens_is_refused(other, pair_corpus, tmp_path, capsys):
    for part in ("train", "validation", "test"):
        (pair_corpus / f"{part}.txt").write_text("a b c d e f g\th i j k l m\n", encoding="utf-8")
    train = ["train", pair_corpus, "--out", tmp_path / "run", "--preset", "tiny-pairs"]
    train += ["--set", "model.embedding_size=10"]
    status, out, err = _run(capsys, *train, "--embedding", other[0])
    assert (status, out) == (2, "")
    assert "lacks most tokens" in err
