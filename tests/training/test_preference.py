"""Marks, and a model that learns to prefer the lines that were marked higher."""

import json
import math
from itertools import product

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained, save_checkpoint
from lianju.training.errors import CheckpointError, CorpusError
from lianju.training.marks import MarkedLines, read_marks
from lianju.training.model import LanguageModel
from lianju.training.preference import (
    Options,
    agreement,
    learn_preferences,
    line_log_probs,
    marked_batches,
    preference_loss,
)
from lianju.training.recipe import ModelConfig

CHARACTERS = "山水云月花鸟风雪江天春秋"
TOKENS = ("<unk>", "<e>", "<s>", "</l>", *CHARACTERS)
VOCABULARY = Vocabulary(TOKENS, (-1, -1, -1, -1, *range(len(CHARACTERS), 0, -1)))
PLAIN = Vocabulary(("<unk>", "<e>", "山", "水"), (-1, -1, 2, 1))


def make_model(vocabulary=VOCABULARY, seed=1):
    torch.manual_seed(seed)
    shape = ModelConfig(
        vocabulary_size=len(vocabulary),
        embedding_size=16,
        hidden_size=16,
        tied=True,
        attention_heads=1,
        attention_size=16,
        attention_window=40,
    )
    return LanguageModel(shape).eval()


def write_model(path, vocabulary=VOCABULARY):
    model = make_model(vocabulary)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    save_checkpoint(path, model, weights, vocabulary, {"preset": "toy", "seed": 1})
    return path


def marked(context, **marks):
    lines = tuple(map(tuple, marks))
    return MarkedLines(tuple(map(tuple, context)), lines, tuple(map(float, marks.values())))


MARKED = [
    marked(["山水云月花"], 山水云月花=1, 花鸟风雪江=6, 天春秋山水=4),
    marked(["江天春秋山", "水云月花鸟"], 风雪江天春=0, 秋山水云月=3),
    marked(["云月花鸟风"], 雪江天春秋=7, 山水云月花=2, 风雪江天=5, 秋山水云=5),
]


def write_marks(path, rows):
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


def test_log_probabilities_are_those_of_each_line_read_alone():
    model = make_model()
    found = {}
    with torch.no_grad():
        for batch in marked_batches(MARKED, VOCABULARY, 2, (1,)):
            for row, value in enumerate(line_log_probs(model, batch).tolist()):
                context = batch.contexts[batch.context[row]].tolist()
                found[tuple(context), tuple(batch.lines[row].tolist())] = value
    assert len(found) == sum(len(each.lines) for each in MARKED)
    for each in MARKED:
        context = [VOCABULARY.start]
        for line in each.context:
            context += [*VOCABULARY.encode(line), VOCABULARY.line]
        for line in each.lines:
            ended = [*VOCABULARY.encode(line), VOCABULARY.line]
            with torch.no_grad():
                logits, _ = model(torch.tensor([context + ended]))
            logs = torch.log_softmax(logits[0].double(), dim=-1)
            expected = sum(
                float(logs[len(context) - 1 + place, token]) for place, token in enumerate(ended)
            )
            assert found[tuple(context), tuple(ended)] == pytest.approx(expected, abs=1e-4)


def test_loss_is_that_of_the_formula():
    scores = {"山水云月花": -3.0, "花鸟风雪江": -5.5, "天春秋山水": -4.0}
    two = [marked(["山水云月花"], **{"山水云月花": 1, "花鸟风雪江": 9, "天春秋山水": 4})] * 2
    (batch,) = marked_batches(two, VOCABULARY, 2, (1,))
    names = ["".join(TOKENS[token] for token in line[:-1]) for line in batch.lines.tolist()]
    found = preference_loss(torch.tensor([scores[name] for name in names]), batch, 0.5)
    marks = dict(zip(map("".join, two[0].lines), two[0].marks, strict=True))
    total = weights = 0.0
    for better, worse in product(scores, scores):
        weight = min(max(marks[better] - marks[worse], 0), 4)
        probability = 1 / (1 + math.exp(-0.5 * (scores[better] - scores[worse])))
        total -= weight * math.log(probability)
        weights += weight
    assert float(found) == pytest.approx(total / weights)


def test_lines_of_different_contexts_are_no_pair():
    (batch,) = marked_batches(
        [marked(["山水云月花"], 山水云月花=1), marked(["云月花鸟风"], 花鸟风雪江=9)],
        VOCABULARY,
        2,
        (1,),
    )
    assert float(preference_loss(torch.tensor([5.0, -5.0]), batch, 1.0)) == 0


@pytest.fixture
def many(tmp_path):
    """Marks after many contexts: lines that count on are good, others are not."""
    rows = []
    for begin in range(len(CHARACTERS)):
        turned = CHARACTERS[begin:] + CHARACTERS[:begin]
        rows.append({"context": [turned[:5]], "marks": {turned[5:10]: 7, turned[9:4:-1]: 1}})
    return write_marks(tmp_path / "marks.jsonl", rows)


def test_better_lines_become_more_probable_on_held_out_contexts_too(tmp_path, corpus, many):
    start, out = write_model(tmp_path / "start.pt"), tmp_path / "new" / "better.pt"
    options = Options(epochs=30, learning_rate=1e-2, contexts=4, corpus_tokens=64, held_out=0.25)
    found = learn_preferences(start, corpus, [many], out, options)
    assert (found.pairs, found.best, found.mean) == (1.0, 7.0, 4.0)
    trained = load_trained(out)
    assert agreement(trained.model, read_marks(many), VOCABULARY).pairs == 1
    assert [each["marks"] for each in trained.info["preferences"]] == [24]
    again = tmp_path / "again.pt"
    learn_preferences(out, corpus, [many], again, Options(epochs=1, corpus_tokens=64))
    both = load_trained(again).info["preferences"]
    assert both[0] == trained.info["preferences"][0]
    assert len(both) == 2
    before, after = (load_trained(path).model for path in (start, out))
    assert corpus_loss(after, corpus) < corpus_loss(before, corpus)


def corpus_loss(model, corpus):
    total = 0.0
    for poem in (corpus / "validation.txt").read_text("utf-8").splitlines():
        ids = torch.tensor([[VOCABULARY.start, *VOCABULARY.encode(poem.split())]])
        with torch.no_grad():
            logits, _ = model(ids[:, :-1])
        total += float(torch.nn.functional.cross_entropy(logits[0], ids[0, 1:], reduction="sum"))
    return total


def test_the_same_seed_makes_the_same_weights(tmp_path, corpus, many):
    start = write_model(tmp_path / "start.pt")
    options = Options(epochs=2, corpus_tokens=64)
    for name in ("1.pt", "2.pt"):
        learn_preferences(start, corpus, [many], tmp_path / name, options)
    one, two = (load_trained(tmp_path / name).model for name in ("1.pt", "2.pt"))
    for own, other in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(own, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no marks"),
        ("[1]", "Line 1 .* is not of the form"),
        ("{", "Line 1 .* is not of the form"),
        ('{"context": [], "marks": {"山": 1}}', "Line 1"),
        ('{"context": [""], "marks": {"山": 1}}', "Line 1"),
        ('{"context": ["山"], "marks": {"": 1}}', "Line 1"),
        ('{"context": ["山"], "marks": {"水": 1}}\n{"context": ["山"], "marks": 1}', "Line 2"),
        ('{"context": ["山"], "marks": {"水": NaN}}', "Line 1"),
        ('{"context": ["山"], "marks": {"水": true}}', "Line 1"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, text, message):
    path = tmp_path / "marks.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=message):
        read_marks(path)


def test_missing_files_few_marks_and_models_without_lines_are_refused(tmp_path, corpus, many):
    start, out = write_model(tmp_path / "start.pt"), tmp_path / "out.pt"
    with pytest.raises(CorpusError, match="cannot be read"):
        learn_preferences(start, corpus, [tmp_path / "none"], out, Options())
    few = write_marks(tmp_path / "few.jsonl", [{"context": ["山"], "marks": {"水": 1, "云": 2}}])
    with pytest.raises(CorpusError, match="too few"):
        learn_preferences(start, corpus, [few], out, Options())
    plain = write_model(tmp_path / "plain.pt", PLAIN)
    with pytest.raises(CheckpointError, match="line tokens"):
        learn_preferences(plain, corpus, [many], out, Options())
    with pytest.raises(CheckpointError, match="exists already"):
        learn_preferences(start, corpus, [many], plain, Options())
    assert not out.exists()
