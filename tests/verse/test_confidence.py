"""How many lines as likely as a candidate readers found sound, as the bundle's table tells."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.verse import (
    Acrostic,
    Beam,
    NextLine,
    Poem,
    Request,
    Rerank,
    Revision,
    Sample,
    open_composer,
)
from lianju.bot.verse.form import Couplet
from lianju.bot.verse.model.manifest import ConfidencePart

from .couplets import couplet_bundle, couplet_composer
from .toy import Toy, read_manifest, write_manifest

LINE = "黄河远上白云间"
TABLE = {"log_probs": [-4, -3, -1.5], "shares": [0.125, 0.25, 0.75]}
PART = ConfidencePart(**TABLE)


def in_table(mean):
    """The share at a mean log-probability, told without NumPy."""
    points = list(zip(TABLE["log_probs"], TABLE["shares"], strict=True))
    if mean <= points[0][0]:
        return points[0][1]
    for (low, below), (high, above) in pairwise(points):
        if mean <= high:
            return below + (above - below) * (mean - low) / (high - low)
    return points[-1][1]


@given(st.floats(-1e6, 0), st.integers(1, 100))
def test_a_table_is_interpolated_at_the_mean_log_probability(log_prob, tokens):
    assert PART.share(log_prob, tokens) == pytest.approx(in_table(log_prob / tokens))


def test_a_line_that_cannot_be_is_as_sound_as_the_least_likely_ones():
    assert PART.share(float("-inf"), 7) == 0.125


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    directory = Toy().write(tmp_path_factory.mktemp("confidence") / "toy")
    write_manifest(directory, read_manifest(directory) | {"confidence": TABLE})
    composer = open_composer(directory, "cpu", 1)
    yield composer
    composer.close()


@pytest.mark.parametrize(
    ("text", "form", "tokens"),
    [
        (LINE, NextLine(), 7),
        (LINE, NextLine(5), 5),
        (LINE, Poem("jueju"), 3 * 7),
        ("黄河远上", Acrostic(5), 4 * 4),  # of each line the first character is given
    ],
)
@pytest.mark.parametrize("search", [Rerank(0), Beam(5), Sample(seed=1)])
def test_a_candidate_has_the_share_of_its_mean_log_probability(
    composer, text, form, tokens, search
):
    for candidate in composer.compose_now(Request(text, form, search)).candidates:
        expected = in_table(candidate.log_prob / tokens)
        assert candidate.confidence == pytest.approx(expected)


def test_a_score_has_it_too(composer):
    texts = ["一片孤城万仞山", "羌笛何须怨杨柳\n春风不度玉门关"]
    for text, found in zip(texts, composer.score_now(LINE, texts), strict=True):
        tokens = len(text.replace("\n", ""))
        assert found.confidence == pytest.approx(in_table(found.log_prob / tokens))


def test_kept_lines_have_a_part_in_a_revision_which_has_none(composer):
    request = Request(f"{LINE}，?", Revision(), Rerank(0))
    assert {each.confidence for each in composer.compose_now(request).candidates} == {None}


def test_without_a_table_there_is_none(tmp_path):
    directory = Toy().write(tmp_path / "toy")
    write_manifest(directory, read_manifest(directory) | {"confidence": None})
    composer = open_composer(directory, "cpu", 1)
    (first, *_) = composer.compose_now(Request(LINE)).candidates
    (score,) = composer.score_now(LINE, [LINE])
    composer.close()
    assert first.confidence is score.confidence is None


@pytest.mark.parametrize("line", ["天山月水", "天山，月水"])
@pytest.mark.parametrize("upper", [False, True])
def test_an_answer_to_a_line_of_a_couplet_has_it(upper, line):
    bundle = couplet_bundle()
    manifest = bundle.manifest.model_copy(update={"confidence": PART})
    composer = couplet_composer(replace(bundle, manifest=manifest))
    candidates = composer.compose_now(Request(line, Couplet(upper))).candidates
    (score,) = composer.score_now(line, [candidates[0].text])
    composer.close()
    for each in candidates:
        assert each.confidence == pytest.approx(in_table(each.log_prob / 4))
    assert score.confidence == pytest.approx(in_table(score.log_prob / 4))
