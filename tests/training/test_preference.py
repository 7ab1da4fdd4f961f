"""Marks, and a model that learns to prefer the lines that were marked higher."""

import json
import math
from hashlib import sha256
from itertools import islice, permutations, product

import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import code_commit, load_trained, provenance, save_checkpoint
from lianju.training.errors import CheckpointError, CorpusError
from lianju.training.marks import MarkedLines, read_marks
from lianju.training.model import LanguageModel
from lianju.training.precision import supports_bf16
from lianju.training.preference import (
    Options,
    agreement,
    learn_preferences,
    line_log_probs,
    marked_batches,
    poem_batches,
    preference_loss,
    split_marks,
)
from lianju.training.recipe import ModelConfig

CHARACTERS = "山水云月花鸟风雪江天春秋"
TOKENS = ("<unk>", "<e>", "<s>", "</l>", *CHARACTERS)
VOCABULARY = Vocabulary(TOKENS, (-1, -1, -1, -1, *range(len(CHARACTERS), 0, -1)))
PLAIN = Vocabulary(("<unk>", "<e>", *CHARACTERS), (-1, -1, *range(len(CHARACTERS), 0, -1)))
WORDS = Vocabulary(("<unk>", "<e>", "<s>", "</l>", "shall", "i", "a"), (-1,) * 4 + (3, 2, 1))
SPACED = Vocabulary(("<unk>", "<e>", "<s>", "</l>", "␣", "a", "b", "A"), (-1,) * 4 + (4, 3, 2, 1))


def make_model(vocabulary=VOCABULARY, **shape):
    """A model with attention that is seen: at first it would add nothing."""
    torch.manual_seed(1)
    config = ModelConfig(
        vocabulary_size=len(vocabulary),
        embedding_size=16,
        hidden_size=16,
        tied=True,
        attention_heads=1,
        attention_size=16,
        attention_window=8,
        **shape,
    )
    model = LanguageModel(config).eval()
    torch.nn.init.normal_(model.attention.output.weight, std=0.3)
    torch.nn.init.normal_(model.attention.distance_bias)
    return model


def write_model(path, vocabulary=VOCABULARY, info=None, **shape):
    model = make_model(vocabulary, **shape)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    info = {"preset": "toy", "seed": 1, "validation_perplexity": 9.0, **(info or {})}
    save_checkpoint(path, model, weights, vocabulary, info)
    return path


def marked(context, **marks):
    lines = tuple(map(tuple, marks))
    return MarkedLines(tuple(map(tuple, context)), lines, tuple(map(float, marks.values())))


MARKED = [
    marked(["山水云月花"], 山水云月花=1, 花鸟风雪江=6, 天春秋山水=4),
    marked(["江天春秋山", "水云月花鸟"], 风雪江天春=0, 秋山水云月=3),
    marked(["云月花鸟风"], 雪江天春秋=7, 山水云月花=2, 风雪江天春=5, 秋山水云月=5),
    marked(["云月花鸟风"], 雪江天春=3, 山水云月=2),
]


def write_marks(path, rows):
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_log_probabilities_are_those_of_each_line_read_alone(cell):
    model = make_model(cell=cell)
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


@pytest.mark.skipif(not supports_bf16(torch.device("cpu")), reason="needs bfloat16 instructions")
def test_bfloat16_changes_log_probabilities_little():
    model = make_model(cell="lstm")
    weights = list(model.parameters())
    for batch in marked_batches(MARKED, VOCABULARY, 2, (1,)):
        exact = line_log_probs(model, batch)
        rounded = line_log_probs(model, batch, torch.bfloat16)
        assert rounded.dtype == torch.float32
        assert not torch.equal(rounded, exact)
        assert torch.allclose(rounded, exact, atol=0.1)
        gradients = [
            torch.cat([each.flatten() for each in torch.autograd.grad(found.sum(), weights)])
            for found in (exact, rounded)
        ]
        difference = torch.linalg.norm(gradients[1] - gradients[0])
        assert difference < 0.05 * torch.linalg.norm(gradients[0])


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


def test_loss_is_a_mean_whatever_the_scale_of_the_marks():
    (batch,) = marked_batches([marked(["山"], 水=0.1, 云=0.2)], VOCABULARY, 1, (1,))
    assert float(preference_loss(torch.zeros(2), batch, 0.5)) == pytest.approx(math.log(2))


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
    assert agreement(trained.model, read_marks(many, VOCABULARY), VOCABULARY).pairs == 1
    (origin,) = trained.info["preferences"]
    assert (origin["marks"], origin["epochs"]) == (24, 30)
    assert origin["sha256"] == [sha256(many.read_bytes()).hexdigest()]
    assert origin["corpus_sha256"] == sha256((corpus / "train.txt").read_bytes()).hexdigest()
    assert origin["commit"] == code_commit()
    assert "validation_perplexity" not in trained.info
    assert provenance(trained)["preferences"] == [origin]
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


def test_dropout_is_off(tmp_path, corpus, many):
    options = Options(epochs=2, corpus_tokens=64)
    models = []
    for dropout in (0.0, 0.5):
        start = write_model(tmp_path / f"{dropout}.pt", dropout=dropout)
        out = tmp_path / f"{dropout}-taught.pt"
        learn_preferences(start, corpus, [many], out, options)
        models.append(load_trained(out).model)
    for own, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(own, other)
    assert models[1].config.dropout == 0.5


def test_an_interruption_costs_an_epoch_at_most(tmp_path, corpus, many):
    start, out = write_model(tmp_path / "start.pt"), tmp_path / "new" / "out.pt"

    def report(line):
        if line.startswith("epoch 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn_preferences(start, corpus, [many], out, Options(epochs=9, corpus_tokens=64), report)
    assert load_trained(out).info["preferences"][0]["epochs"] == 2
    assert [path.name for path in out.parent.iterdir()] == ["out.pt"]


def test_contexts_without_different_marks_are_left_out(tmp_path, corpus, many):
    rows = [json.loads(row) for row in many.read_text("utf-8").splitlines()]
    same = write_marks(
        tmp_path / "same.jsonl",
        [{**row, "marks": dict.fromkeys(row["marks"], 9)} for row in rows],
    )
    start, out = write_model(tmp_path / "start.pt"), tmp_path / "out.pt"
    found = learn_preferences(start, corpus, [many, same], out, Options(epochs=1, corpus_tokens=64))
    assert found.mean == 4.0
    assert load_trained(out).info["preferences"][0]["marks"] == 24
    with pytest.raises(CorpusError, match=r" 10 contexts .* than these 0"):
        learn_preferences(start, corpus, [same], tmp_path / "none.pt", Options())


def test_poems_are_read_by_the_recipe_and_in_another_order_each_round(tmp_path, corpus):
    # Poems of seven characters a line have 28 of them; with <s> and </l> they have 33 inputs.
    info = {"recipe": {"data": {"minimum_length": 25, "oversampling": 3}}}
    options = Options(corpus_tokens=99)
    rounds = []
    for earlier in ([], [{}]):
        path = tmp_path / f"{len(earlier)}.pt"
        trained = load_trained(write_model(path, info={**info, "preferences": earlier}))
        batches = list(islice(poem_batches(corpus, trained, options), 9))
        assert {inputs.shape[1] for inputs, _ in batches} == {33}
        rounds.append(torch.cat([inputs for inputs, _ in batches]))
    assert not torch.equal(*rounds)
    (corpus / "report.json").write_text('{"stream": true}', "utf-8")
    with pytest.raises(CorpusError, match="continuous text: give a corpus of poems"):
        poem_batches(corpus, trained, options)


@pytest.mark.parametrize("held_out", [0.2, 0.5, 0.8])
def test_no_line_of_a_context_is_in_both_parts(held_out):
    lines = list(map("".join, permutations("山水云")))
    more = list(map("".join, permutations("花鸟风雪")))
    chains = [marked(more[i : i + 2], 山=1, 水=2) for i in range(0, 24, 2)]
    chains += [marked([more[i], lines[i // 6]], 山=1, 水=2) for i in range(0, 24, 6)]
    chains += [marked([lines[i // 6]], 山=1, 水=2) for i in range(0, 24, 6)]
    kept, out = split_marks(chains, Options(held_out=held_out))
    assert len(kept) + len(out) == len(chains)
    one, two = ({line for each in part for line in each.context} for part in (kept, out))
    assert one
    assert two
    assert not one & two


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no marks"),
        ("[1]", "Line 1 .* is not of the form"),
        ("{", "Line 1 .* is not of the form"),
        ('{"context": [], "marks": {"山": 1}}', "Line 1"),
        ('{"context": [""], "marks": {"山": 1}}', "Line 1"),
        ('{"context": ["山"], "marks": {"": 1}}', "Line 1"),
        ('{"context": ["山"], "marks": {}}', "Line 1 .* is not of the form"),
        ('{"context": ["山"], "marks": {"水": 1, "云月": 2}}', "Line 1 of .*differ in length"),
        ('\n{"context": ["山"], "marks": {"水龙": 1, "云月": 2}}', "Line 2 of .* has 龙"),
        ('{"context": ["山"], "marks": {"水": 1}}\n{"context": ["山"], "marks": 1}', "Line 2"),
        ('{"context": ["山"], "marks": {"水": NaN}}', "Line 1"),
        ('{"context": ["山"], "marks": {"水": true}}', "Line 1"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, text, message):
    path = tmp_path / "marks.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=message):
        read_marks(path, VOCABULARY)


def test_the_vocabulary_decides_what_a_token_is(tmp_path):
    def read(vocabulary, context, line):
        row = json.dumps({"context": [context], "marks": {line: 1}})
        path = tmp_path / "marks.jsonl"
        path.write_text(row, "utf-8-sig")
        (found,) = read_marks(path, vocabulary)
        return "|".join(found.context[0]), "|".join(found.lines[0])

    assert read(WORDS, "Shall I", "a") == ("shall|i", "a")
    assert read(WORDS, "thou <unk>", "Shall") == ("thou|<unk>", "shall")
    assert read(SPACED, "a bA", "b␣a") == ("a|␣|b|A", "b|␣|a")
    assert read(VOCABULARY, "山龙 水", "山 水") == ("山|龙|水", "山|水")
    for context, line in [("a", "thou"), ("a", "<unk>"), ("a", "</l>"), ("a </l>", "a")]:
        with pytest.raises(CorpusError, match=r"Line 1 of .* has "):
            read(WORDS, context, line)


def test_missing_files_few_marks_and_models_without_lines_are_refused(tmp_path, corpus, many):
    start, out = write_model(tmp_path / "start.pt"), tmp_path / "out.pt"
    with pytest.raises(CorpusError, match=r"There is no .*none"):
        learn_preferences(start, corpus, [tmp_path / "none"], out, Options())
    few = write_marks(tmp_path / "few.jsonl", [{"context": ["山"], "marks": {"水": 1, "云": 2}}])
    with pytest.raises(CorpusError, match=r" 10 contexts .* than these 1"):
        learn_preferences(start, corpus, [few], out, Options())
    plain = write_model(tmp_path / "plain.pt", PLAIN)
    with pytest.raises(CheckpointError, match="line tokens"):
        learn_preferences(plain, corpus, [many], out, Options())
    with pytest.raises(CheckpointError, match="exists already"):
        learn_preferences(start, corpus, [many], plain, Options())
    assert not out.exists()
