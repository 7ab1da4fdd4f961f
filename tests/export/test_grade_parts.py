"""The parts of the report card: dataset, statistics, figures, tables."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.grade.dataset import Dataset, read_dataset
from lianju.export.grade.figures import Results, form_figures, open_graded
from lianju.export.grade.generation import (
    Composers,
    QuatrainAnswer,
    answer_couplets,
    write_quatrains,
)
from lianju.export.grade.report import Figure, ReportCard, Table, show
from lianju.export.grade.statistics import (
    distances,
    distinct,
    repeated,
    share_with,
    top_bigram,
)
from lianju.training.checkpoint import Trained

from .conftest import CONFIGS, random_model
from .grading import HAN, write_corpus, write_graded

SPECIAL = ("<unk>", "<e>", "<s>", "</l>")
VOCABULARY = Vocabulary((*SPECIAL, *HAN), (-1,) * 4 + (7,) * len(HAN))


def test_text_statistics():
    assert distinct(["abab", "abc"], 2) == 3 / 5  # ab ba ab, ab bc
    assert distinct(["abab", "abc"], 4) == 1
    assert distinct([], 2) == 0
    assert top_bigram(["abab", "abc", "xbc"]) == ("ab", 2 / 3)
    assert top_bigram([]) == ("", 0)
    assert repeated("春风春水") == 1 / 4
    assert distances(["abc", "abd", "xyz"]) == [1, 3, 3]
    assert share_with(["不知何处", "何处", "不何知处", "云"], ("不知", "何处")) == 2 / 4
    assert share_with([], ("不知",)) == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="module")
def corpus(folder):
    return write_corpus(folder / "corpus", HAN)


@pytest.fixture(scope="module")
def bundle(corpus, folder):
    trained = Trained(random_model(CONFIGS["lstm"]), VOCABULARY, {"preset": "toy", "seed": 3})
    return write_graded(trained, corpus, folder / "bundle")


def _poems(corpus, split):
    lines = (corpus / f"{split}.txt").read_text(encoding="utf-8").splitlines()
    return [
        [line.replace(" ", "") for line in each.split("</l>") if line.strip()] for each in lines
    ]


def test_dataset_holds_the_held_out_lines(corpus):
    dataset = read_dataset(corpus, VOCABULARY, 1000, 1000, seed=0)
    held_out = [*_poems(corpus, "validation"), *_poems(corpus, "test")]
    assert {(each.first, each.second) for each in dataset.couplets} == {
        (poem[0], poem[1]) for poem in held_out if len(poem[0]) == len(poem[1])
    }
    quatrains = {tuple(poem) for poem in held_out if list(map(len, poem)) == [7] * 4}
    assert set(dataset.quatrains) == quatrains
    # First lines of quatrains, of eight lines, then the other odd lines.
    first = {poem[0] for poem in quatrains}
    eights = {poem[0] for poem in held_out if list(map(len, poem)) == [7] * 8}
    assert set(dataset.openings[: len(first)]) == first
    assert set(dataset.openings[len(first) : len(first | eights)]) == eights
    others = {
        poem[n]
        for poem in held_out
        if len(poem[0]) == len(poem[1]) == 7
        for n in (2, 4, 6)
        if n < len(poem)
    }
    assert set(dataset.openings[len(first | eights) :]) == others
    # Only the corpus that comes first in the training part lends quatrains and pairs.
    tang = {tuple(poem) for poem in _poems(corpus, "train")[:40] if list(map(len, poem)) == [7] * 4}
    assert len(dataset.openings) > len(dataset.sample) == len(tang | quatrains)
    assert set(dataset.sample) == tang | quatrains
    assert set(dataset.poems) == {tuple(poem) for poem in held_out}
    assert dataset.training_couplets == ()
    pairs = read_dataset(corpus, VOCABULARY, 1000, 1000, seed=0, pairs=9)
    training = _poems(corpus, "train")[:40]
    assert len(set(pairs.training_couplets)) == 9
    assert set(pairs.training_couplets) <= {tuple(poem[:2]) for poem in training}
    assert set(pairs.training_quatrains) == tang


def test_dataset_depends_on_its_seed(corpus):
    one, same, other = (read_dataset(corpus, VOCABULARY, 9, 5, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert (len(one.couplets), len(one.openings), len(one.sample)) == (9, 5, 5)


def test_lines_that_a_prompt_would_simplify_are_left_out(corpus, tmp_path):
    for split in ("train", "validation", "test"):
        text = (corpus / f"{split}.txt").read_text(encoding="utf-8")
        (tmp_path / f"{split}.txt").write_text(text.replace("东", "東"), encoding="utf-8")
    vocabulary = Vocabulary((*SPECIAL, "東", *HAN[1:]), VOCABULARY.counts)
    dataset = read_dataset(tmp_path, vocabulary, 1000, 9, seed=0)
    assert dataset.couplets
    assert not any("東" in each.first + each.second for each in dataset.couplets)


def form_of(quatrains, human, vocabulary, prosody):
    """The figures of form, by key, of quatrains beside those of poets."""
    results = Results(
        bundle=SimpleNamespace(vocabulary=vocabulary),
        prosody=prosody,
        corpus=None,
        dataset=Dataset((), (), human, ()),
        answers=(),
        answered=(),
        quatrains=quatrains,
        composers=None,
        seed=0,
    )
    return {figure.key: figure for figure in form_figures(results)}


def test_form_is_measured_over_whole_quatrains():
    # Small letters are level, in two groups, capitals oblique.
    tokens = (*SPECIAL, *"abcdxyABCDX")
    vocabulary = Vocabulary(tokens, (-1,) * 4 + (1,) * 11)
    rows = (("东", "平", "abcd"), ("冬", "平", "xy"), ("董", "上", "ABCDX"))
    prosody = Prosody(rows, vocabulary)
    # The scheme that opens level and whose first line does not rhyme.
    regular = ("aaAAaaA", "AAaaAAb", "AAaaAAB", "aaAAaac")
    unrhymed = (*regular[:3], "aaAAaax")
    poems = [QuatrainAnswer(regular, unrhymed, 1), QuatrainAnswer(regular, ("aaAAaaA",), 1)]
    found = form_of(poems, (unrhymed, regular), vocabulary, prosody)
    assert found["rhyme"].measured == 1
    assert found["rhyme"].human_reference == 0.5
    assert found["rhyme_unruled"].measured == 0
    assert found["length"].measured == 1
    assert found["tones"].measured == found["tones"].human_reference == 1
    assert found["template"].measured == 1
    assert found["repeated"].measured == pytest.approx(1 - 5 / 28)


def test_a_missing_quatrain_counts_as_wrong():
    vocabulary = Vocabulary((*SPECIAL, *"aA"), (-1,) * 4 + (1,) * 2)
    prosody = Prosody((("东", "平", "a"), ("董", "上", "A")), vocabulary)
    whole = ("aaAAaaA", "AAaaAAa", "AAaaAAA", "aaAAaaa")
    poems = [QuatrainAnswer(whole, whole, 1), QuatrainAnswer(whole[:1], whole[:1], 1)]
    found = form_of(poems, (whole,), vocabulary, prosody)
    assert found["length"].measured == 0.5
    assert found["rhyme"].measured == 0.5
    assert found["template"].human_reference == 1
    assert found["template"].measured == 0.5


class Everything:
    """A corpus that has every line."""

    def contains(self, lines):
        return np.ones(len(lines), bool)

    def continuation(self, line):
        return None


def test_unfiltered_answers_ignore_the_corpus_index(bundle, corpus):
    opened, _ = open_graded(bundle)
    couplets = read_dataset(corpus, VOCABULARY, 3, 1, 0).couplets
    composers = Composers(replace(opened, known=Everything()), threads=1)
    for each in answer_couplets(composers, couplets, seed=0):
        assert each.offered == ()
        assert len(each.unfiltered) == 5


def test_generated_verse_depends_on_the_seed_alone(bundle, corpus):
    opened, _ = open_graded(bundle)
    couplets = read_dataset(corpus, VOCABULARY, 12, 1, 0).couplets
    openings = [each.first for each in couplets if len(each.first) == 7]
    texts = []
    for seed in (7, 7, 8):
        composers = Composers(opened, threads=1)
        answers = [each.offered for each in answer_couplets(composers, couplets, seed)]
        poems = [each.poem for each in write_quatrains(composers, openings, seed)]
        texts.append((answers, poems))
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[2][0]
    assert texts[0][1] != texts[2][1]


@pytest.mark.parametrize(
    ("measured", "target", "at_most", "met"),
    [
        (0.95, 0.95, False, True),
        (0.94, 0.95, False, False),
        (0.03, 0.03, True, True),
        (0.04, 0.03, True, False),
        (0.5, None, False, None),
    ],
)
def test_a_target_is_met_or_not(measured, target, at_most, met):
    figure = Figure("key", "form", "label", "share", measured, None, target, at_most)
    assert figure.met is met


def test_markdown_numbers_its_notes():
    figures = (
        Figure("a", "form", "first", "share", 0.5, 0.25, 0.6, note="One."),
        Figure("b", "form", "second", "nats", -2.5, note="Two."),
        Figure("c", "time", "third", "ms", 12.6, None, 60, True, note="One."),
    )
    conditions = {"couplets": 3, "quatrains": 2, "seed": 1}
    text = ReportCard({"name": "toy", "version": "1.0.0"}, conditions, figures).markdown()
    assert "| first (1) | 50.0 % | 25.0 % | ≥ 60.0 % | ✗ |" in text
    assert "| second (2) | −2.5 |  |  |  |" in text
    assert "| third (1) | 13 ms |  | ≤ 60 ms | ✓ |" in text
    assert text.endswith("1. One.\n2. Two.\n")


def test_tables_are_formatted_on_a_terminal(capsys, monkeypatch):
    table = Table(("name", "value"), [("one", "1"), ("two", "2")]).markdown()
    show(table)
    assert capsys.readouterr().out == table
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show(table)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("name", "value", "one", "two"))
    assert "|" not in shown
