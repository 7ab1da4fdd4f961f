"""The parts of the report card: figures of texts, groups of a hundred, material, rows, tuning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse.composer import Request, Rerank, open_composer
from lianju.bot.verse.planning.generation import POOL_TEMPERATURE, PRIOR_WEIGHT
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.grade.card import Card, Row
from lianju.export.grade.judging import beside, prompts_found, true_lines_found
from lianju.export.grade.material import Couplet, Material, read_couplets, read_material
from lianju.export.grade.measure import open_graded
from lianju.export.grade.render import markdown
from lianju.export.grade.rows import form_rows
from lianju.export.grade.statistics import (
    distances,
    distinct,
    groups,
    ranked_first,
    repeated,
    top_bigram,
)
from lianju.export.grade.tune import Drawer, Grid, tune
from lianju.export.grade.writing import Quatrain, Writers, answer_couplets, write_quatrains
from lianju.training.checkpoint import Trained

from .conftest import CONFIGS, random_model
from .grading import HAN, write_corpus, write_graded

SPECIAL = ("<unk>", "<e>", "<s>", "</l>")
VOCABULARY = Vocabulary((*SPECIAL, *HAN), (-1,) * 4 + (7,) * len(HAN))


def test_figures_of_texts():
    assert distinct(["abab", "abc"], 2) == 3 / 5  # ab ba ab, ab bc
    assert distinct(["abab", "abc"], 4) == 1
    assert distinct([], 2) == 0
    assert top_bigram(["abab", "abc", "xbc"]) == ("ab", 2 / 3)
    assert top_bigram([]) == ("", 0)
    assert repeated("春风春水") == 1 / 4
    assert distances(["abc", "abd", "xyz"]) == [1, 3, 3]


def test_a_tie_is_not_first():
    scores = np.array([[2.0, 1, 0], [1, 1, 0], [5, 0, 4]])
    assert ranked_first(scores).tolist() == [True, False, False]
    assert scores[0, 0] == 2


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_groups_cover_everything_once(count):
    found = groups(count, 100)
    assert [i for _, new in found for i in new] == list(range(count))
    assert all(len(members) == min(100, count) for members, _ in found)
    assert all(members.stop == new.stop and members.start <= new.start for members, new in found)


class Knowing:
    """Rates a line by how near its number is to its prompt's, but for a few that mislead."""

    name = "knowing"

    def matrix(self, prompts, lines):
        return np.array([[-abs(int(p) - int(l)) for l in lines] for p in prompts], float)  # noqa: E741

    def alone(self, lines):
        return np.array([-10.0 * (line == "13") for line in lines])


def test_each_line_is_judged_once_among_a_hundred():
    couplets = [Couplet(f"{n:05}", f"{n}") for n in range(130)]
    assert beside(couplets) == 100
    # The last ten lines belong to prompts that are not their own.
    texts = [(str(n), str(n if n < 120 else n - 1)) for n in range(130)]
    assert prompts_found(Knowing(), couplets, texts) == [1, 120 / 130]
    by_objective, by_probability = true_lines_found(Knowing(), couplets, 0.5)
    assert by_probability == 1
    # Line 13 is so unlikely by itself that a prompt n places off gains 5 by it and loses n: five
    # prompts on each side do not put their own line first.
    assert by_objective == (130 - 10) / 130


def test_few_prompts_stand_beside_fewer():
    couplets = [
        Couplet("春风春水春", "a"),
        Couplet("春风春水花", "b"),
        Couplet("春花秋月何时了", "c"),
    ]
    assert beside(couplets) == 1
    assert beside(couplets[:2]) == 2


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


def test_material(corpus):
    material = read_material(corpus, VOCABULARY, 1000, 1000, seed=0)
    held_out = [*_poems(corpus, "validation"), *_poems(corpus, "test")]
    assert {(each.first, each.second) for each in material.couplets} == {
        (poem[0], poem[1]) for poem in held_out if len(poem[0]) == len(poem[1])
    }
    quatrains = {tuple(poem) for poem in held_out if list(map(len, poem)) == [7] * 4}
    assert set(material.quatrains) == quatrains
    # First lines of quatrains, of eight lines, then the other odd lines.
    first = {poem[0] for poem in quatrains}
    eights = {poem[0] for poem in held_out if list(map(len, poem)) == [7] * 8}
    assert set(material.openings[: len(first)]) == first
    assert set(material.openings[len(first) : len(first | eights)]) == eights
    others = {
        poem[n]
        for poem in held_out
        if len(poem[0]) == len(poem[1]) == 7
        for n in (2, 4, 6)
        if n < len(poem)
    }
    assert set(material.openings[len(first | eights) :]) == others
    # Only the corpus that comes first in the training part lends quatrains.
    tang = {tuple(poem) for poem in _poems(corpus, "train")[:40] if list(map(len, poem)) == [7] * 4}
    assert len(material.openings) > len(material.sample) == len(tang | quatrains)
    assert set(material.sample) == tang | quatrains


def test_material_is_drawn_by_its_seed(corpus):
    one, same, other = (read_material(corpus, VOCABULARY, 9, 5, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert (len(one.couplets), len(one.openings), len(one.sample)) == (9, 5, 5)
    validation = {poem[0] for poem in _poems(corpus, "validation")}
    assert {
        each.first for each in read_couplets(corpus, VOCABULARY, 99, 1, "validation")
    } < validation


def test_lines_that_a_prompt_would_simplify_are_left_out(corpus, tmp_path):
    for split in ("train", "validation", "test"):
        text = (corpus / f"{split}.txt").read_text(encoding="utf-8")
        (tmp_path / f"{split}.txt").write_text(text.replace("东", "東"), encoding="utf-8")
    vocabulary = Vocabulary((*SPECIAL, "東", *HAN[1:]), VOCABULARY.counts)
    material = read_material(tmp_path, vocabulary, 1000, 9, seed=0)
    assert material.couplets
    assert not any("東" in each.first + each.second for each in material.couplets)


def test_form_is_measured_over_whole_quatrains():
    # Small letters are level, in two groups, capitals oblique.
    tokens = (*SPECIAL, *"abcdxyABCDX")
    vocabulary = Vocabulary(tokens, (-1,) * 4 + (1,) * 11)
    rows = (("东", "平", "abcd"), ("冬", "平", "xy"), ("董", "上", "ABCDX"))
    prosody = Prosody(rows, vocabulary)
    # The scheme that opens level and whose first line does not rhyme.
    regular = ("aaAAaaA", "AAaaAAb", "AAaaAAB", "aaAAaac")
    unrhymed = (*regular[:3], "aaAAaax")
    poems = [Quatrain(regular, unrhymed, 1), Quatrain(regular, ("aaAAaaA",), 1)]
    material = Material((), (), (unrhymed, regular), ())
    found = {row.key: row for row in form_rows([], poems, material, vocabulary, prosody)}
    assert found["rhyme"].measured == 1
    assert found["rhyme"].ceiling == 0.5
    assert found["rhyme_unruled"].measured == 0
    assert found["length"].measured == 1
    assert found["tones"].measured == found["tones"].ceiling == 1
    assert found["template"].measured == 1
    assert found["repeated"].measured == pytest.approx(1 - 5 / 28)


def test_a_quatrain_that_was_not_written_counts_against():
    vocabulary = Vocabulary((*SPECIAL, *"aA"), (-1,) * 4 + (1,) * 2)
    prosody = Prosody((("东", "平", "a"), ("董", "上", "A")), vocabulary)
    whole = ("aaAAaaA", "AAaaAAa", "AAaaAAA", "aaAAaaa")
    poems = [Quatrain(whole, whole, 1), Quatrain(whole[:1], whole[:1], 1)]
    material = Material((), (), (whole,), ())
    found = {row.key: row for row in form_rows([], poems, material, vocabulary, prosody)}
    assert found["length"].measured == 0.5
    assert found["rhyme"].measured == 0.5
    assert found["template"].ceiling == 1
    assert found["template"].measured == 0.5


class Everything:
    """A corpus that has every line."""

    def contains(self, lines):
        return np.ones(len(lines), bool)

    def answer(self, line):
        return None


def test_what_the_filter_takes_is_seen_without_it(bundle, corpus):
    opened, _ = open_graded(bundle)
    couplets = read_couplets(corpus, VOCABULARY, 3, 0, "test")
    writers = Writers(replace(opened, known=Everything()), threads=1)
    for each in answer_couplets(writers, couplets, seed=0):
        assert each.offered == ()
        assert len(each.unfiltered) == 5


def test_verse_depends_on_the_seed_alone(bundle, corpus):
    opened, _ = open_graded(bundle)
    couplets = read_couplets(corpus, VOCABULARY, 3, 0, "test")
    openings = [each.first for each in couplets if len(each.first) == 7]
    texts = []
    for seed in (7, 7, 8):
        writers = Writers(opened, threads=1)
        answers = [each.offered for each in answer_couplets(writers, couplets, seed)]
        poems = [each.poem for each in write_quatrains(writers, openings, seed)]
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
        (None, 0.03, True, None),
        (0.5, None, False, None),
    ],
)
def test_a_target_is_met_or_not(measured, target, at_most, met):
    row = Row("key", "form", "label", "share", measured, None, target, at_most)
    assert row.met is met


def test_markdown_numbers_its_notes():
    rows = (
        Row("a", "form", "first", "share", 0.5, 0.25, 0.6, note="One."),
        Row("b", "form", "second", "nats", -2.5, note="Two."),
        Row("c", "time", "third", "ms", 12.6, None, 60, True, note="One."),
    )
    conditions = {"couplets": 3, "quatrains": 2, "seed": 1, "judge": None}
    text = markdown(Card({"name": "toy", "version": "1.0.0"}, conditions, rows))
    assert "| first (1) | 50.0 % | 25.0 % | ≥ 60.0 % | ✗ |" in text
    assert "| second (2) | −2.5 |  |  |  |" in text
    assert "| third (1) | 13 ms |  | ≤ 60 ms | ✓ |" in text
    assert text.endswith("1. One.\n2. Two.\n")


def test_tuning_chooses_what_the_product_chooses(bundle, corpus):
    opened, _ = open_graded(bundle)
    drawer = Drawer(opened, seed=4)
    composer = open_composer(bundle, threads=1)
    changed = 0
    for couplet in read_couplets(corpus, VOCABULARY, 12, 0, "validation"):
        request = Request(couplet.first, choosing=Rerank(4))
        answer = composer.compose_now(request)
        pool = drawer.pool(couplet.first, request.pool, POOL_TEMPERATURE)
        line, log_prob, _ = pool.choose(PRIOR_WEIGHT)
        best = answer.candidates[0]
        assert (line, log_prob) == (best.text, pytest.approx(best.log_prob, abs=1e-5))
        plain = composer.compose_now(Request(couplet.first, plain=True)).candidates[0]
        assert pool.lines[-1] == plain.text
        # Without a weight the likeliest line is chosen, which hardly beats the plain beam's.
        line, log_prob, beats = pool.choose(0)
        assert log_prob == pool.after[:-1].max()
        assert not beats
        changed += line != best.text
    composer.close()
    assert changed


def test_a_table_of_settings(bundle, corpus):
    grid = Grid(weights=(0.0, 1.0), pools=(20, 40), temperatures=(1.0,))
    tried = tune(bundle, corpus, grid, prompts=10, judge=bundle)
    assert [each.name for each in tried] == [
        "poets",
        "temperature 1, pool 20, weight 0",
        "temperature 1, pool 20, weight 1",
        "temperature 1, pool 40, weight 0",
        "temperature 1, pool 40, weight 1",
    ]
    real = [each.second for each in read_couplets(corpus, VOCABULARY, 10, 0, "validation")]
    assert tried[0].distinct_2 == distinct(real, 2)
    for likely, wanted in (tried[1:3], tried[3:5]):
        assert likely.log_prob > wanted.log_prob
        assert likely.judge <= wanted.judge
