import json

import numpy as np
import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training import data
from lianju.training.averaging import WindowAverage
from lianju.training.data import build_vocabulary
from lianju.training.distributed import Processes
from lianju.training.errors import CorpusError
from lianju.training.pairs import Texts
from lianju.training.recipe import Batch, Data, load_recipe

POEM = ["山", "水", "</l>", "云", "月", "</l>"]


def _vocabulary(line_tokens=True):
    return build_vocabulary([POEM], line_tokens=line_tokens, minimum_count=1, maximum_size=100)


def test_vocabulary_is_ordered_by_count_then_code_point():
    poems = [["b", "a", "</l>", "b", "c", "</l>"], ["a", "d"]]
    built = build_vocabulary(poems, line_tokens=True, minimum_count=1, maximum_size=7)
    assert built.tokens == ("<unk>", "<e>", "<s>", "</l>", "a", "b", "c")
    assert built.counts == (-1, -1, -1, -1, 2, 2, 1)
    rare = build_vocabulary(poems, line_tokens=False, minimum_count=2, maximum_size=7)
    assert rare.tokens == ("<unk>", "<e>", "a", "b")


def test_special_tokens_are_added_to_a_poem():
    def read(poem, line_tokens):
        vocabulary = _vocabulary(line_tokens)
        return [vocabulary.tokens[i] for i in data.encode_poem(poem, vocabulary)]

    assert read(POEM, True) == ["<s>", *POEM, "<e>"]
    assert read(["山", "雪"], True) == ["<s>", "山", "<unk>", "</l>", "<e>"]
    assert read(POEM, False) == ["山", "水", "云", "月", "<e>"]


def _pack(lengths, **options):
    poems = [["山"] * n for n in lengths]
    return data.pack(poems, _vocabulary(False), Data(**options))


def test_every_token_of_a_cut_poem_is_predicted_once():
    vocabulary = Vocabulary(("<unk>", "<e>", *map(str, range(50))), (-1, -1, *[1] * 50))
    poem = [str(i) for i in range(50)]
    packed = data.pack([poem], vocabulary, Data(maximum_length=16))
    assert len(packed) == 4
    targets = []
    for i in range(len(packed)):
        inputs, wanted = data.collate(packed, np.array([i]))
        assert inputs.shape == wanted.shape
        assert inputs[0, 1:].tolist() == wanted[0, :-1].tolist()
        targets += wanted[0].tolist()
    assert targets == [*vocabulary.encode(poem[1:]), vocabulary.end]


def test_lengths_outside_the_recipe_are_dropped():
    packed = _pack([2, 3, 100, 101], minimum_length=3, maximum_length=100, overlong="drop")
    assert sorted(packed.lengths) == [4, 101]
    with pytest.raises(CorpusError, match="between 3 and 4"):
        _pack([2, 5], minimum_length=3, maximum_length=4, overlong="drop")


def test_collating_pads_and_masks():
    packed = _pack([2, 4])
    inputs, targets = data.collate(packed, np.array([0, 1]))
    end, mountain = _vocabulary(False).encode(["<e>", "山"])
    assert inputs.tolist() == [[mountain, mountain, end, 0], [mountain] * 4]
    assert targets.tolist() == [[mountain, end, -1, -1], [mountain, mountain, mountain, end]]


@pytest.mark.parametrize("bucketing", [False, True])
@pytest.mark.parametrize("measure", [{"size": 8}, {"tokens": 200}])
def test_an_epoch_has_every_poem_once_in_its_own_order(bucketing, measure):
    lengths = np.random.default_rng(5).integers(3, 60, 700)
    packed = _pack(lengths)
    batch = Batch(**measure, bucketing=bucketing)
    epochs = [data.epoch_batches(packed, batch, seed=1, epoch=e) for e in (0, 0, 1)]
    for groups in epochs:
        assert sorted(np.concatenate(groups)) == list(range(700))
    first, again, other = (np.concatenate(groups).tolist() for groups in epochs)
    assert first == again
    assert first != other
    if bucketing:
        for group in epochs[0]:
            width = int(packed.lengths[group].max()) - 1
            assert len(group) <= 8 if "size" in measure else len(group) * width <= 200
        padding = [packed.lengths[g].max() / packed.lengths[g].mean() for g in epochs[0]]
        assert np.mean(padding) < 1.1


def test_each_process_has_a_batch_or_training_is_refused():
    recipe = load_recipe("tiny", ("batch.size=4",))
    texts, device = Texts([POEM] * 8), torch.device("cpu")
    for processes in (2, 3):
        for rank in range(processes):
            part = Processes(rank, processes, device)
            trained = data.TrainingData(texts, _vocabulary(), recipe, part)
            if processes == 2:
                assert len(trained.batches(0)) == 1
            else:
                with pytest.raises(CorpusError, match=r"2 of 3 processes: lower batch\.size"):
                    trained.batches(0)


def test_windows_of_a_stream_are_consecutive():
    ids = np.arange(100, dtype=np.int32)
    windows = data.stream_windows(ids, rows=3, window=10)
    inputs = torch.cat([window[0] for window in windows], 1)
    targets = torch.cat([window[1] for window in windows], 1)
    assert inputs.tolist() == [list(range(r * 33, r * 33 + 33)) for r in range(3)]
    assert torch.equal(targets, inputs + 1)
    with pytest.raises(CorpusError, match="too few"):
        data.stream_windows(ids[:3], rows=3, window=10)


def test_the_window_average_is_the_mean_of_one_to_two_windows_of_updates():
    model = torch.nn.Linear(1, 1, bias=False)
    average = WindowAverage(model, share=0.5, minimum=4, maximum=10)
    assert torch.equal(average.weights()["weight"], model.weight)
    seen, current, previous = [], [], []
    for update in range(1, 41):
        with torch.no_grad():
            model.weight.fill_(float(update) ** 2)
        average.update()
        seen.append(float(update) ** 2)
        current.append(seen[-1])
        if len(current) >= 4 and len(current) >= min(10, update * 0.5):
            previous, current = current, []
        expected = np.mean(previous + current)
        assert float(average.weights()["weight"]) == pytest.approx(expected)


def test_oversampling_repeats_the_first_part(tmp_path):
    poems = [["春"], ["夏"], ["秋"]]
    kept = {"train": {"tang": {"poems": 1}, "song": {"poems": 2}}}
    (tmp_path / "report.json").write_text(json.dumps({"kept": kept}), encoding="utf-8")
    oversampled = [["春"], ["春"], ["春"], ["夏"], ["秋"]]
    assert data.oversample(Texts(poems), tmp_path, 3) == Texts(oversampled)
    assert data.oversample(Texts(poems, poems), tmp_path, 3) == Texts(oversampled, oversampled)
    assert data.oversample(Texts(poems), tmp_path, 1) == Texts(poems)


def test_oversampling_needs_a_corpus_with_parts(tmp_path):
    with pytest.raises(CorpusError, match=r"data\.oversampling=1"):
        data.oversample(Texts([["春"]]), tmp_path, 2)
