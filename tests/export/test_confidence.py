"""How sound a bundle's lines are, as marks tell."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.verse.composer import open_composer
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.manifest import ConfidencePart
from lianju.export import confidence
from lianju.export.confidence import BINS, compare, fit, held_out, rate
from lianju.training.marks import read_marks

from .test_sheets import PLAIN

CONTEXTS, LINES, LENGTH = 60, 8, 5


@pytest.fixture(scope="module")
def marks(tmp_path_factory, bundle_with_index):
    """Marks from 0 to 9 of random lines; the likelier ones are more often sound."""
    rng = np.random.default_rng(1)
    composer = open_composer(bundle_with_index, "cpu", 1)
    rows = []
    for _ in range(CONTEXTS):
        context, *lines = ("".join(rng.choice(PLAIN, LENGTH)) for _ in range(1 + LINES))
        log_probs = [each.log_prob for each in composer.score_now(context, lines)]
        places = np.argsort(np.argsort(log_probs)) / LINES
        given = np.where(rng.random(LINES) < places, 4 + rng.integers(6), rng.integers(4)).tolist()
        rows.append({"context": [context], "marks": dict(zip(lines, given, strict=True))})
    composer.close()
    path = tmp_path_factory.mktemp("marks") / "marks.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_the_command_puts_a_rising_table_into_the_bundle(run, bundle, marks):
    before = load_bundle(bundle).manifest
    status, stdout, _ = run("confidence", bundle, "--marks", marks, "--threads", 1)
    after = load_bundle(bundle).manifest
    rows = [json.loads(row)["marks"].values() for row in marks.read_text("utf-8").splitlines()]
    sound = np.mean([mark >= 4 for row in rows for mark in row])
    assert status == 0
    assert stdout.startswith(f"{CONTEXTS * LINES} marks, {sound:.1%} of them 4 or more.")
    assert (after.files, after.version) == (before.files, before.version)
    assert after.confidence.shares[0] < sound < after.confidence.shares[-1]
    found = after.metrics["confidence"]
    assert (found["marks"], found["sound_from"]) == (CONTEXTS * LINES, 4)
    for rows in found["held_out"].values():
        assert sum(row["lines"] * row["sound"] for row in rows) > 0
    assert sum(row["lines"] for row in found["held_out"]["all"]) == CONTEXTS * LINES
    assert sum(row["lines"] for row in found["held_out"]["more_probable_half"]) == CONTEXTS * 4
    composer = open_composer(bundle, "cpu", 1)
    (score,) = composer.score_now("黄河远上白", ["云间黄河远"])
    composer.close()
    assert score.confidence == after.confidence.share(score.log_prob, LENGTH)


def test_the_lowest_mark_of_a_sound_line_is_an_option(run, bundle, marks):
    run("confidence", bundle, "--marks", marks, "--sound", 9.5, "--threads", 1)
    assert set(load_bundle(bundle).manifest.confidence.shares) == {0}


def test_marks_are_rated_by_the_bundle_itself(bundle, marks):
    composer = open_composer(bundle, "cpu", 1)
    contexts = read_marks(marks, composer.bundle.vocabulary)[:3]
    found = rate(composer, contexts, 4)
    log_probs = [
        each.log_prob
        for own in contexts
        for each in composer.score_now("".join(own.context[0]), list(map("".join, own.lines)))
    ]
    composer.close()
    assert found.log_prob == pytest.approx(np.array(log_probs) / LENGTH)
    assert found.is_sound.tolist() == [mark >= 4 for own in contexts for mark in own.marks]
    assert found.fold.tolist() == np.repeat(range(3), LINES).tolist()
    for row, likely in zip(np.split(found.log_prob, 3), np.split(found.is_likely, 3), strict=True):
        assert set(row[likely]) == set(sorted(row)[-4:])


@pytest.mark.parametrize("kept", [(3, LINES), (CONTEXTS, 2)], ids=["contexts", "marks"])
def test_too_few_marks_are_refused(run, bundle, marks, tmp_path, kept):
    contexts, lines = kept
    rows = [json.loads(row) for row in marks.read_text("utf-8").splitlines()[:contexts]]
    few = tmp_path / "few.jsonl"
    text = (json.dumps(row | {"marks": dict([*row["marks"].items()][:lines])}) for row in rows)
    few.write_text("\n".join(text), "utf-8")
    before = (bundle / "manifest.json").read_bytes()
    status, stdout, stderr = run("confidence", bundle, "--marks", few, "--threads", 1)
    assert (status, stdout) == (2, "")
    assert f"{contexts * lines} marks of lines after {contexts} contexts are too few" in stderr
    assert (bundle / "manifest.json").read_bytes() == before


def isotonic(means, shares, counts):
    """The least-squares rising values, by the formula of minima and maxima of averages."""
    size = range(len(shares))

    def average(low, high):
        return np.average(shares[low : high + 1], weights=counts[low : high + 1])

    return [
        max(min(average(low, high) for high in size if high >= place) for low in size[: place + 1])
        for place in size
    ]


@given(
    st.lists(st.tuples(st.floats(-6, 0), st.booleans()), min_size=1, max_size=200),
)
def test_the_table_is_the_nearest_rising_one(lines):
    log_prob, is_sound = (np.array(each) for each in zip(*lines, strict=True))
    table = fit(log_prob, is_sound)
    parts = np.array_split(np.argsort(log_prob, kind="stable"), min(BINS, len(lines)))
    means = [log_prob[part].mean() for part in parts]
    expected = isotonic(
        means, [is_sound[part].mean() for part in parts], [len(part) for part in parts]
    )
    if len(set(np.round(means, 4))) == len(means):  # else bins of one place are pooled
        assert {*table.shares} == {*np.round(expected, 4)}


def test_lines_are_rated_by_the_marks_of_other_contexts_alone():
    fold = np.arange(500) % 5
    log_prob, is_sound = np.linspace(-5, 0, 500), fold == 0
    marked = confidence.Marked(log_prob, is_sound, np.ones(500, np.bool_), fold)
    # Sound lines are all in one fold: the others have none, and it is no witness for itself.
    found = held_out(marked)
    assert set(found[fold == 0]) == {0}
    assert found[fold != 0].mean() == pytest.approx(0.25, abs=0.01)


def test_lines_are_compared_in_rows_of_rising_confidence():
    order = np.random.default_rng(0).permutation(10)
    rows = compare(order / 10, order > 4)
    assert [(row.lines, row.confidence, row.sound) for row in rows] == [
        (2, 0.05, 0.0), (2, 0.25, 0.0), (2, 0.45, 0.5), (2, 0.65, 1.0), (2, 0.85, 1.0)
    ]  # fmt: skip


def test_a_table_of_one_share_is_still_one():
    table = fit(np.array([-1.0, -2.0]), np.array([False, True]))
    assert isinstance(table, ConfidencePart)
    assert table.share(-1e9, 1) == table.share(0, 1) == 0.5
