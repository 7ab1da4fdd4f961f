"""Encoder-decoders: against the formulas, and through the trainer."""

import json
import math

import numpy as np
import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained
from lianju.training.data import IGNORED
from lianju.training.distributed import Processes
from lianju.training.evaluate import CheckpointScorer, measure, perplexity
from lianju.training.loss import SummedLoss
from lianju.training.optimizer import muon_matrices
from lianju.training.precision import supports_bf16
from lianju.training.recipe import ModelConfig, load_recipe
from lianju.training.sample import sample
from lianju.training.seq2seq import build_model
from lianju.training.trainer import Trainer

from .test_cli import _run

ALONE = Processes(0, 1, torch.device("cpu"))
SIZES = {"vocabulary_size": 20, "embedding_size": 10, "hidden_size": 12, "kind": "seq2seq"}
MEMORY = {"memory_heads": 2, "memory_size": 3}
CONFIGS = {
    "lstm, dot": {"cell": "lstm", "layers": 2, "encoder_layers": 2, "attention": "dot", **MEMORY},
    "lstm, bridge": {"cell": "lstm", "layers": 1, "encoder_layers": 2, "attention": "additive"},
    "gru, additive": {"cell": "gru", "layers": 1, "attention": "additive", **MEMORY},
    "rnn, one direction": {"cell": "rnn", "layers": 2, "bidirectional": False, "attention": "dot"},
    "rnn, relu, none": {"cell": "rnn", "layers": 1, "nonlinearity": "relu"},
    "both attentions": {"layers": 1, "attention": "dot", "attention_heads": 2, "tied": True},
}
every_kind = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def _model(**config):
    torch.manual_seed(1)
    return build_model(ModelConfig(**SIZES | config)).eval()


def _tokens(*shape):
    return torch.randint(20, shape, generator=torch.Generator().manual_seed(2))


@every_kind
@torch.no_grad()
def test_a_whole_target_is_the_same_as_token_by_token(config):
    model, targets = _model(**config), _tokens(3, 6)
    state = model.encode(_tokens(3, 5))
    whole, after = model(targets, state)
    steps = []
    for token in targets.split(1, dim=1):
        logits, state = model(token, state)
        steps.append(logits)
    torch.testing.assert_close(torch.cat(steps, 1), whole, atol=1e-5, rtol=0)
    for one, other in zip(state, after, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@every_kind
@torch.no_grad()
def test_sources_of_other_lengths_in_a_batch_change_nothing(config):
    model, sources, targets = _model(**config), _tokens(3, 5), _tokens(3, 4)
    padded = sources.clone()
    padded[0, 2:] = padded[1, 4:] = IGNORED
    together, _ = model(targets, model.encode(padded))
    for row, length in enumerate((2, 4, 5)):
        one = slice(row, row + 1)
        alone, _ = model(targets[one], model.encode(sources[one, :length]))
        torch.testing.assert_close(together[one], alone, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_second_direction_reads_the_source_backwards():
    model, source = _model(cell="gru", layers=1), _tokens(1, 5)
    one_way = torch.nn.GRU(10, 6, batch_first=True)
    states = []
    for suffix, ids in (("", source), ("_reverse", source.flip(1))):
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(one_way, name).copy_(getattr(model.encoder, name + suffix))
        states.append(one_way(model.embedding(ids))[1])
    (first,) = model.encode(source)
    torch.testing.assert_close(first, torch.cat(states, dim=-1))


@pytest.mark.parametrize("attention", ["dot", "additive"])
@torch.no_grad()
def test_attention_is_the_formula(attention):
    """Head by head and place by place, in plain Python."""
    memory = _model(attention=attention, **MEMORY).memory
    outputs, hidden = torch.randn(1, 4, 12), torch.randn(1, 1, 12)
    found = memory(hidden, memory.remember(outputs, torch.ones(1, 4, dtype=torch.bool)))
    query, context = memory.query(hidden)[0, 0], []
    keys, values = memory.keys_values(outputs)[0].split(6, dim=-1)
    for head in (slice(0, 3), slice(3, 6)):
        scores = []
        for key in keys[:, head]:
            if attention == "dot":
                scores.append(float(query[head] @ key) / math.sqrt(3))
            else:
                energy = memory.energy[head.start // 3]
                scores.append(float(energy @ torch.tanh(query[head] + key)))
        shares = np.exp(scores) / np.exp(scores).sum()
        context.append(sum(float(p) * v for p, v in zip(shares, values[:, head], strict=True)))
    expected = memory.hidden(hidden[0, 0]) + memory.context(torch.cat(context))
    torch.testing.assert_close(found[0, 0], expected.tanh(), atol=1e-5, rtol=0)


@torch.no_grad()
def test_first_states_are_contiguous_as_cudnn_needs_them():
    model = _model(layers=2, encoder_layers=1, attention="dot")
    assert all(tensor.is_contiguous() for tensor in model.encode(_tokens(3, 4)))


def test_without_a_source_the_memory_is_empty():
    model, tokens = _model(layers=1, attention="dot"), _tokens(2, 3)
    hidden, _ = model.recurrent(model.embedding(tokens))
    expected = model.output(model.memory.hidden(hidden).tanh())
    torch.testing.assert_close(model(tokens)[0], expected)


@every_kind
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_weight_learns(config, dtype):
    if dtype == torch.bfloat16 and not supports_bf16(torch.device("cpu")):
        pytest.skip("this processor has no bfloat16 instructions")
    model = _model(**config).train()
    with torch.no_grad():
        for parameter in model.parameters():  # some begin as zeros
            parameter.uniform_(-0.4, 0.4)
    sources, targets = _tokens(6, 5), _tokens(6, 4)
    sources[0, 3:] = IGNORED
    loss, _ = SummedLoss(model, dtype)(targets[:, :-1], targets[:, 1:], None, sources)
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    exact, _ = SummedLoss(model)(targets[:, :-1], targets[:, 1:], None, sources)
    assert loss.item() == pytest.approx(exact.item(), rel=0.02)


def test_muon_updates_encoder_and_attention():
    model = _model(**CONFIGS["lstm, bridge"], **MEMORY)
    blocks = muon_matrices(model)
    found = {name: blocks[each] for name, each in model.named_parameters() if each in blocks}
    assert found["encoder.weight_hh_l1_reverse"] == found["recurrent.weight_ih_l0"] == 4
    assert found["memory.keys_values.weight"] == 2
    assert {found[f"{name}.weight"] for name in ("memory.hidden", "bridge.h", "bridge.c")} == {1}
    assert not {"embedding.weight", "output.weight", "memory.energy"} & set(found)


WORDS = {
    "man": "women",
    "black": "white",
    "king": "queen",
    "girl": "boy",
    "up": "down",
    "high": "low",
}


@pytest.fixture
def words(tmp_path):
    """The classic toy: six words, each answered by its opposite."""
    folder = tmp_path / "words"
    folder.mkdir()
    lines = [f"{' '.join(word)}\t{' '.join(other)}\n" for word, other in WORDS.items()]
    for name in ("train", "validation", "test"):
        (folder / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("model.cell=gru", "model.attention=additive"),
        ("model.cell=rnn", "model.attention=none"),
    ],
    ids=["lstm, dot", "gru, additive", "rnn, none"],
)
def test_the_classic_words_are_learned_exactly(words, tmp_path, overrides):
    options = ("run.epochs=80", "run.evaluate_every=1000", "run.save_every=1000")
    recipe = load_recipe("tiny-pairs", options + overrides)
    progress = Trainer(recipe, words, tmp_path / "run", ALONE).run()
    assert progress.best < 1.1
    trained = load_trained(tmp_path / "run" / "best.pt")
    vocabulary = trained.vocabulary
    assert vocabulary.tokens[:3] == ("<unk>", "<e>", "<s>")
    for word, other in WORDS.items():
        answer = sample(
            trained.model, vocabulary, [], source=[*word], temperature=0.01, seed=1, maximum=9
        )
        assert "".join(answer) == other


def test_perplexity_of_the_targets_equals_a_token_by_token_sum():
    vocabulary = Vocabulary(
        ("<unk>", "<e>", "<s>", "<lower>", "<upper>", *"山水云月花鸟，"), (*[-1] * 5, *[1] * 7)
    )
    model = _model(attention="dot", vocabulary_size=len(vocabulary))
    sources = [["<lower>", *"山水"], ["<upper>", *"云月花鸟"], ["<lower>", *"鸟"]]
    targets = [[*"花鸟"], [*"月，龘"], [*"山水云月花"]]
    found = perplexity(CheckpointScorer(model, vocabulary), targets, sources=sources)
    losses = {"all": [], "han": [], "<lower>": [], "<upper>": []}
    for source, target in zip(sources, targets, strict=True):
        ids = vocabulary.encode(["<s>", *target, "<e>"])
        for place, wanted in enumerate([*target, "<e>"]):
            with torch.no_grad():
                state = model.encode(torch.tensor([vocabulary.encode(source)]))
                logits, _ = model(torch.tensor([ids[: place + 1]]), state)
            loss = -float(logits[0, -1].log_softmax(-1)[ids[place + 1]])
            loss += math.log(3000) * (wanted == "龘")
            losses["all"].append(loss)
            if wanted not in ("，", "<e>"):
                losses["han"].append(loss)
                losses[source[0]].append(loss)
    assert found.tokens == len(losses["all"]) == 13
    assert found.all == pytest.approx(math.exp(np.mean(losses["all"])), rel=1e-4)
    assert found.han == pytest.approx(math.exp(np.mean(losses["han"])), rel=1e-4)
    for name, value in found.forms.items():
        assert value == pytest.approx(math.exp(np.mean(losses[name])), rel=1e-4)
    assert list(found.forms) == ["<lower>", "<upper>"]


def test_train_evaluate_and_sample_from_the_command_line(pair_corpus, tmp_path, capsys):
    run = tmp_path / "run"
    train = ["train", pair_corpus, "--out", run, "--preset", "tiny-pairs"]
    status, out, err = _run(capsys, *train, "--set", "run.epochs=3")
    assert status == 0, err
    assert " → " in out
    best = run / "best.pt"
    status, out, _ = _run(capsys, "evaluate", best, "--corpus", pair_corpus, "--json")
    found = json.loads(out)
    trained = load_trained(best)
    assert found["poems"] == 12
    expected = measure(CheckpointScorer(trained.model, trained.vocabulary), pair_corpus, "test")
    assert found["all"] == pytest.approx(expected.all, abs=0.01)
    draw = ["sample", best, "山 水云", "--count", 2]
    status, out, _ = _run(capsys, *draw)
    assert (status, len(out.splitlines())) == (0, 2)
    assert set(out) <= set("山水云月花鸟\n")
    assert _run(capsys, *draw)[1] == out
    for prompt, message in (("", "Give a source"), ("山龘", "does not know 龘")):
        status, out, err = _run(capsys, "sample", best, prompt)
        assert (status, out) == (2, "")
        assert message in err


def test_corpora_of_the_other_kind_are_refused(pair_corpus, corpus, tmp_path, capsys):
    (pair_corpus / "report.json").write_text('{"pairs": true}', encoding="utf-8")
    (corpus / "report.json").write_text('{"stream": false}', encoding="utf-8")
    run, best = tmp_path / "run", tmp_path / "pairs-run" / "best.pt"
    train = ["--out", best.parent, "--preset", "tiny-pairs", "--set", "run.epochs=1"]
    assert _run(capsys, "train", pair_corpus, *train)[0] == 0
    for arguments, message in (
        (["train", pair_corpus, "--out", run, "--preset", "tiny"], "--preset tiny-pairs"),
        (["train", corpus, "--out", run, "--preset", "tiny-pairs"], "prepare --pairs"),
        (["evaluate", best, "--corpus", corpus], "has no pairs"),
        (["compare", pair_corpus, "--kneser-ney", "all"], "has pairs"),
    ):
        status, out, err = _run(capsys, *arguments)
        assert (status, out) == (2, ""), arguments
        assert message in err
        assert len(err.splitlines()) == 1
    assert not run.exists()


@pytest.mark.parametrize("line", ["山 水 云 月", "山 水\t", "\t云 月", "山\t水\t云"])
def test_a_line_that_is_no_pair_is_named(pair_corpus, tmp_path, capsys, line):
    with (pair_corpus / "train.txt").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    train = ["train", pair_corpus, "--out", tmp_path / "run", "--preset", "tiny-pairs"]
    status, out, err = _run(capsys, *train)
    assert (status, out) == (2, "")
    assert "train.txt, line 121, has " in err
    assert "write source, one tab, target" in err
    assert not (tmp_path / "run").exists()


def test_sources_of_couplets_say_which_line_is_wanted(tmp_path, capsys):
    folder = tmp_path / "couplets"
    folder.mkdir()
    for name in ("train", "validation", "test"):
        (folder / f"{name}.txt").write_text("<lower> 山\t水\n<upper> 水\t山\n", encoding="utf-8")
    train = ["train", folder, "--out", tmp_path / "run", "--preset", "tiny-pairs"]
    status, out, err = _run(capsys, *train, "--set", "run.epochs=60")
    assert status == 0, err
    best = tmp_path / "run" / "best.pt"
    vocabulary = load_trained(best).vocabulary
    assert (vocabulary.lower, vocabulary.upper, vocabulary.is_chinese) == (3, 4, True)
    for source, answer in (("<lower>山", "水"), ("<upper> 水", "山")):
        assert _run(capsys, "sample", best, source, "--count", 1)[1] == f"{answer}\n"
    status, out, err = _run(capsys, "sample", best, "山")
    assert (status, out) == (2, "")
    assert "Begin the source with <lower> or <upper>" in err
