"""`lianju score` as its user types it."""

import io
import json
import sys

import pytest
from lianju.bot import cli
from lianju.bot.verse import open_composer

from .verse.toy import Toy

LINE = "白日依山尽"
TEXTS = ("举头望明月", "床前明月光，白日依山尽", "黄河远上白云间")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("score") / "toy")


@pytest.fixture
def score(capsys, monkeypatch, tmp_path, bundle):
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))
    monkeypatch.setenv("LIANJU_THREADS", "1")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return cli.main(["score", *arguments]), *capsys.readouterr()

    return run


def test_json_has_the_scores_in_the_order_given(score, bundle):
    status, out, error = score(LINE, *TEXTS, "--json")
    assert (status, error) == (0, "")
    content = json.loads(out)
    assert content["line"] == LINE
    composer = open_composer(bundle, "cpu", 1)
    expected = composer.score_now(LINE, TEXTS)
    composer.close()
    assert [row["text"] for row in content["candidates"]] == list(TEXTS)
    for row, found in zip(content["candidates"], expected, strict=True):
        assert row["lines"] == list(found.lines)
        assert row["log_prob"] == pytest.approx(found.log_prob, abs=1e-4)
        assert row["relevance"] == pytest.approx(found.relevance, abs=1e-4)
        assert row["score"] == pytest.approx(found.score, abs=1e-4) != row["log_prob"]
        assert "poet" not in row  # the bundle has no re-ranker


def test_the_line_may_come_from_standard_input(score, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{LINE}\n".encode())))
    assert score("-", *TEXTS, "--json") == score(LINE, *TEXTS, "--json")


def test_a_reader_sees_the_best_first(score):
    _, out, _ = score(LINE, *TEXTS)
    rows = out.splitlines()
    values = [float(row.split()[0]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert sorted(row.split()[1] for row in rows) == sorted(TEXTS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((LINE,), "CANDIDATE"),
        ((LINE, ""), "line"),
        (("", LINE), "line"),
        ((LINE, "hello"), "Chinese"),
        ((LINE, LINE, "--bundle", "none"), "none"),
    ],
)
def test_bad_input_is_one_sentence(score, arguments, told):
    status, out, error = score(*arguments)
    assert (status, out) == (2, "")
    assert told in error
    assert error.count("\n") == 1
