"""The re-ranker: its groups, its losses, and whether it learns what it is for."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lianju.training.embedding import principal_components
from lianju.training.errors import CheckpointError, CorpusError
from lianju.training.reranker import trainer
from lianju.training.reranker.groups import Group, RankingGroups
from lianju.training.reranker.model import Reranker, RerankerConfig
from lianju.training.reranker.trainer import (
    Options,
    RerankerTrainer,
    choice_losses,
    evaluate,
    load,
)

TOKENS = [f"<{name}>" for name in "abcd"] + [chr(0x4E00 + i) for i in range(36)]
SIZE = len(TOKENS)
ENDING = 3


def toy_groups(count, seed, drawn=3):
    """The next line counts on from the line before; drawn lines fall, which poets' never do."""
    rng = np.random.default_rng(seed)
    groups = []
    for _ in range(count):
        length = int(rng.choice([5, 7]))
        first, before = rng.integers(0, 36, 2).tolist()
        line = [4 + (first + i) % 36 for i in range(length)]
        poet = [4 + (first + length + i) % 36 for i in range(length)]
        earlier = [4 + (before + i) % 36 for i in range(length)]
        context = [*earlier, ENDING, *line] if rng.random() < 0.5 else line
        machine = [
            [4 + (start - i) % 36 for i in range(length)] for start in rng.integers(0, 36, drawn)
        ]
        groups.append(Group(context, poet, machine, length))
    return groups


def collected(groups):
    return RankingGroups.collect(groups, TOKENS, {"seed": 1})


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = RerankerConfig(
        vocabulary_size=SIZE, embedding_size=16, width=32, heads=2, context=20, places=8
    )
    return Reranker(config).eval()


def test_groups_come_back_from_their_file(tmp_path):
    groups = toy_groups(9, 1)
    collected(groups).save(tmp_path / "groups.npz")
    loaded = RankingGroups.load(tmp_path / "groups.npz")
    assert list(loaded) == groups
    assert loaded.tokens == tuple(TOKENS)
    assert loaded.info == {"seed": 1}


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive", b"text"])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "groups.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match="lianju-export groups"):
        RankingGroups.load(path)


def test_an_epoch_has_each_group_once_and_batches_of_one_length():
    groups = collected(toy_groups(200, 2))
    batches = groups.epoch(16, (1, 0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(200))
    for numbers in batches:
        assert len({len(groups[number].poet) for number in numbers.tolist()}) == 1
        assert len(numbers) <= 16
    again = groups.epoch(16, (1, 0))
    assert all((one == two).all() for one, two in zip(batches, again, strict=True))
    assert any(
        (one[:5] != two[:5]).any()
        for one, two in zip(batches, groups.epoch(16, (1, 1)), strict=True)
        if len(one) == len(two)
    )


def test_a_batch_has_the_lines_of_its_groups_and_others_of_their_kind():
    groups = collected(toy_groups(60, 3))
    numbers = groups.epoch(8, (1, 0))[0]
    batch = groups.batch(numbers, 4, 20, SIZE, np.random.default_rng(0))
    poets = {tuple(group.poet) for group in groups if len(group.poet) == batch.candidates.shape[1]}
    for row, number in enumerate(numbers.tolist()):
        group = groups[number]
        context = batch.context[row].tolist()
        assert context == [SIZE] * (len(context) - len(group.context)) + list(group.context)
        own = [batch.candidates[i].tolist() for i in batch.drawn[row].tolist()]
        assert own == [group.poet, *group.drawn]
        first, *others = (i for i in batch.others[row].tolist() if i >= 0)
        assert batch.candidates[first].tolist() == group.poet
        assert len(others) in (3, 4)  # the group itself may have been among those drawn
        lines = [tuple(batch.candidates[i].tolist()) for i in others]
        assert set(lines) <= poets - {tuple(group.poet)}
        assert {int(batch.poem[i]) for i in (first, *others)} == {row}


def test_padding_and_other_candidates_change_nothing(model):
    rng = torch.Generator().manual_seed(1)
    context = torch.randint(0, SIZE, (2, 9), generator=rng)
    lines = torch.randint(0, SIZE, (6, 5), generator=rng)
    poem = torch.tensor([0, 1, 0, 1, 1, 0])
    with torch.no_grad():
        together = model(context, lines, poem)
        padded = torch.cat((torch.full((2, 7), SIZE), context), 1)
        torch.testing.assert_close(model(padded, lines, poem), together)
        for row in range(6):
            alone = model(context[poem[row]][None], lines[row][None], torch.tensor([0]))
            torch.testing.assert_close(alone[0], together[row])


def test_every_token_and_its_place_counts(model):
    context, line = torch.arange(9)[None] + 4, torch.arange(5)[None] + 20
    poem = torch.tensor([0])
    with torch.no_grad():
        usual = model(context, line, poem)
        for tokens, call in (
            (context, lambda changed: model(changed, line, poem)),
            (line, lambda changed: model(context, changed, poem)),
        ):
            for place in range(tokens.shape[1]):
                changed = tokens.clone()
                changed[0, place] = 39
                assert not torch.allclose(call(changed), usual, atol=1e-6)
            swapped = tokens.clone()
            swapped[0, [0, 1]] = tokens[0, [1, 0]]
            assert not torch.allclose(call(swapped), usual, atol=1e-6)


def test_the_losses_are_cross_entropies_of_each_group():
    batch = collected(toy_groups(12, 4)).batch(np.array([0]), 4, 20, SIZE, np.random.default_rng(0))
    logits = torch.randn(len(batch.candidates), 2, dtype=torch.float64)
    poet, following = choice_losses(logits, batch)
    scores = logits.numpy()
    for loss, column, rows in ((poet, 0, batch.drawn), (following, 1, batch.others)):
        own = scores[[i for i in rows[0].tolist() if i >= 0], column]
        assert float(loss) == pytest.approx(np.log(np.exp(own).sum()) - own[0])


def test_groups_without_drawn_lines_train_the_second_choice_alone(model):
    groups = collected(toy_groups(12, 4, drawn=0))
    batch = groups.batch(groups.epoch(8, (1,))[0], 4, 20, SIZE, np.random.default_rng(0))
    poet, following = choice_losses(model(batch.context, batch.candidates, batch.poem), batch)
    assert float(poet.detach()) == 0 < float(following.detach())


def test_it_learns_both_choices(tmp_path, monkeypatch):
    # A second passes whenever it looks at the clock, twice an update.
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=itertools.count().__next__))
    train, validation = collected(toy_groups(1500, 5)), collected(toy_groups(60, 6))
    options = Options(minutes=3, groups=32, learning_rate=3e-3, warmup=10, evaluate_every=60)
    before = evaluate(Reranker(RerankerConfig(vocabulary_size=SIZE)), validation, options)
    best = RerankerTrainer(train, validation, tmp_path, options).run()
    assert best.poet > 0.97
    assert best.first > 0.9 > 0.5 > before.first
    loaded = load(tmp_path / "best.pt")
    assert loaded.tokens == tuple(TOKENS)
    assert evaluate(loaded.model, validation, options) == best


def test_a_language_model_is_no_reranker(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"format": 1, "weights": {}}, path)
    with pytest.raises(CheckpointError, match="no re-ranker"):
        load(path)


def test_principal_components_keep_the_nearest_neighbors():
    torch.manual_seed(1)
    low = torch.randn(50, 4)
    embedding = low @ torch.randn(4, 32) + 3
    found = principal_components(embedding, 4)
    assert found.square().mean() == pytest.approx(1 / 4, rel=1e-4)
    expected, distances = (torch.cdist(each.double(), each.double()) for each in (embedding, found))
    torch.testing.assert_close(
        distances / distances.max(), expected / expected.max(), rtol=0, atol=1e-4
    )
