"""The judges of the report card: ranks among other lines, readers, the two-sample test."""

from __future__ import annotations

import json

import numpy as np
import pytest
from lianju.bot.verse import open_composer
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.errors import ExportError
from lianju.export.grade.dataset import Couplet
from lianju.export.grade.readings import MarkedLine, rank_correlation, read_readings
from lianju.export.grade.truth import true_among_draws
from lianju.export.grade.two_sample import Pair, told_apart
from lianju.training.checkpoint import Trained

from .conftest import CONFIGS, SPECIAL, random_model
from .grading import HAN, write_corpus, write_graded

VOCABULARY = Vocabulary((*SPECIAL, *HAN), (-1,) * 4 + (7,) * len(HAN))


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges")
    corpus = write_corpus(folder / "corpus", HAN)
    trained = Trained(random_model(CONFIGS["lstm"]), VOCABULARY, {"preset": "toy", "seed": 3})
    composer = open_composer(write_graded(trained, corpus, folder / "bundle"), "cpu", 1)
    yield composer
    composer.close()


class Judge:
    """A composer that scores the lines of a list high."""

    def __init__(self, composer, good):
        self.bundle, self._composer, self._good = composer.bundle, composer, good
        self.asked = []

    def score_now(self, line, candidates):
        self.asked.append(candidates)
        scores = self._composer.score_now(line, candidates)
        for each, text in zip(scores, candidates, strict=True):
            object.__setattr__(each, "score", float(text in self._good))
        return scores


def test_the_poets_line_is_ranked_among_draws_under_the_rules(composer):
    rng = np.random.default_rng(0)
    couplets = [
        Couplet(*("".join(rng.choice(HAN, 7, replace=False)) for _ in range(2))) for _ in range(200)
    ]
    poets = [each.second for each in couplets]
    model = composer._model
    best, worst = Judge(composer, poets), Judge(composer, [])
    assert true_among_draws(best, model, couplets, 0) == 1
    assert true_among_draws(worst, model, couplets, 0) == 0  # a tie is no rank above
    assert 0 < len(best.asked) < len(couplets)  # most random lines break the rules
    for second, *drawn in best.asked:
        first = next(each.first for each in couplets if each.second == second)
        assert 20 < len(set(drawn)) == len(drawn) <= 40
        for line in drawn:
            assert len(line) == 7 == len(set(line))
            assert not set(line) & set(first)


def test_rank_correlation():
    assert rank_correlation([1, 2, 3], [10, 200, 201]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, -9]) == pytest.approx(-1)
    # The ranks are 1.5, 1.5, 3, 4 and 4, 2, 2, 2.
    assert rank_correlation([5, 5, 6, 7], [9, 1, 1, 1]) == pytest.approx(-2 / np.sqrt(4.5 * 3))


def test_readings_are_the_machine_made_lines(tmp_path):
    path = tmp_path / "readings.json"
    candidates = [
        {"text": "黄河入海流", "from": "poet", "rank": 1, "sense": 3},
        {"text": "春风吹又生", "from": "plain beam", "rank": 2, "sense": 1},
    ]
    path.write_text(json.dumps({"lines": [{"first": "白日依山尽", "candidates": candidates}]}))
    assert read_readings(path) == [MarkedLine("白日依山尽", "春风吹又生", 1.0)]


@pytest.mark.parametrize("content", [None, "", "[]", '{"lines": [{"first": "x"}]}', "{}"])
def test_other_files_are_no_readings(tmp_path, content):
    path = tmp_path / "readings.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ExportError, match=r"readings\.json"):
        read_readings(path)


def pairs(count, seed, machine):
    rng = np.random.default_rng(seed)

    def line(step):
        start = int(rng.integers(len(HAN)))
        return "".join(HAN[(start + step * i) % len(HAN)] for i in range(7))

    return [Pair(line(1), line(2), line(machine)) for _ in range(count)]


def test_lines_of_another_kind_are_told_apart_and_of_the_same_kind_are_not():
    train, test = pairs(300, 1, machine=3), pairs(60, 2, machine=3)
    assert told_apart(train, test, VOCABULARY, seed=1) > 0.95
    train, test = pairs(300, 1, machine=2), pairs(200, 2, machine=2)
    assert told_apart(train, test, VOCABULARY, seed=1) == pytest.approx(0.5, abs=0.12)
