"""`lianju couplet` as its user types it."""

import io
import json
import sys

import pytest
from lianju.bot import cli
from lianju.bot.errors import LianjuError
from lianju.bot.verse import Couplet, Request, Rerank, default_couplets, default_directory

from .verse.couplets import couplet_bundle, couplet_composer
from .verse.test_couplets import Lines

LINE = "春花夜月"


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The folders of bundles that were opened; whatever they are, a table answers."""
    folders = []

    def open_it(directory, *_, poems):
        assert poems.directory == default_directory()
        folders.append(directory)
        return couplet_composer()

    monkeypatch.setattr("lianju.bot.verse.composer.open_composer", open_it)
    monkeypatch.setenv("LIANJU_COUPLET_BUNDLE", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    return folders


@pytest.fixture
def couplet(capsys, opened):
    def run(*arguments):
        return cli.main(["couplet", *map(str, arguments)]), *capsys.readouterr()

    return run


@pytest.fixture
def answer():
    """Answers a request as the engine does."""

    def compose(line=LINE, *, upper=False, search=None, bundle=None, **options):
        composer = couplet_composer(bundle)
        request = Request(line, Couplet(upper), search or Rerank(), **options)
        found = composer.compose_now(request)
        composer.close()
        return found

    return compose


def test_the_line_may_come_from_standard_input(couplet, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{LINE}\n".encode())))
    out, expected = (couplet(each)[1].splitlines() for each in ("-", LINE))
    assert out[:-1] == expected[:-1]  # the last has the time that it took


def test_answers_are_printed_best_first(couplet, answer):
    status, out, error = couplet(LINE)
    assert (status, error) == (0, "")
    heading, *rows, foot = out.splitlines()
    assert heading == LINE
    expected = answer().candidates
    assert [row.split() for row in rows] == [
        [str(rank), f"{each.score:.3f}", each.text] for rank, each in enumerate(expected, 1)
    ]
    assert foot.startswith("table 1.0.0 · re-ranked with seed 0, length 4 · scores · ")


def test_json_has_the_request_for_the_same(couplet, answer):
    status, out, error = couplet("天天，夜夜", "--upper", "--count", 3, "--seed", 7, "--json")
    assert (status, error) == (0, "")
    found, expected = json.loads(out), answer("天天，夜夜", upper=True, search=Rerank(7), count=3)
    assert found["line"] == "天天，夜夜"
    assert found["form"]["name"] == "couplet"
    assert found["form"]["upper"] is True
    assert found["search"]["length"] == 4
    assert [(each["text"], each["objective"]) for each in found["candidates"]] == [
        (each.text, each.score) for each in expected.candidates
    ]
    assert found["request"]["form"] == "couplet"
    assert found["request"]["upper"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("春花夜天",), "your line ends in a level tone, as a lower line does: these end in an"),
        (("春花夜月", "--upper"), "your line ends in an oblique tone, as an upper line does"),
    ],
)
def test_a_line_that_ends_otherwise_is_answered_and_named(options, said, couplet):
    status, out, error = couplet(*options)
    assert (status, error) == (0, "")
    assert out.count(said) == 1
    assert "without" not in out


def test_known_lines_are_marked(couplet, answer, monkeypatch):
    best = answer(known="allow").candidates[1].text
    bundle = couplet_bundle(known=Lines(best))
    monkeypatch.setattr(
        "lianju.bot.verse.composer.open_composer", lambda *_, **__: couplet_composer(bundle)
    )
    _, out, _ = couplet(LINE, "--known", "allow")
    assert f"{best} (in the corpus)" in out
    assert out.count("(in the corpus)") == 1
    _, out, _ = couplet(LINE)
    assert best not in out


def test_the_bundle_is_an_option_a_setting_or_the_one_that_ships(
    couplet, opened, monkeypatch, tmp_path, capsys
):
    couplet(LINE, "--bundle", tmp_path / "other")
    couplet(LINE)
    assert opened == [tmp_path / "other", tmp_path / "own"]
    monkeypatch.delenv("LIANJU_COUPLET_BUNDLE")
    status, _, _ = couplet(LINE)
    assert (status, opened[-1]) == (0, default_couplets())


@pytest.mark.parametrize(
    ("line", "key", "facts"),
    [
        ("", "prompt-empty", {}),
        ("spring wind", "prompt-not-chinese", {}),
        ("春", "prompt-couplet-size", {"size": 1, "low": 4, "high": 12}),
        ("春花月", "prompt-couplet-size", {"size": 3, "low": 4, "high": 12}),
        ("春" * 13, "prompt-couplet-size", {"size": 13, "low": 4, "high": 12}),
        ("春花三，月水", "prompt-couplet-uneven", {"first": 3, "second": 2}),
        ("饕餮魑魅", "prompt-unknown", {"named": "饕 餮 魑 魅", "more": 0}),
    ],
)
def test_bad_input_is_one_sentence(line, key, facts, couplet):
    status, out, error = couplet(line)
    assert (status, out) == (2, "")
    assert error == f"lianju: {LianjuError(key, **facts)}\n"


@pytest.mark.parametrize(
    ("options", "key", "facts"),
    [
        (("--count", 21), "request-range", {"name": "count", "value": 21, "low": 1, "high": 20}),
        (("--beam", 3, "--seed", 1), "poem-seed", {}),
        (("--top-k", 5), "request-sample-option", {"option": "top-k"}),
    ],
)
def test_options_out_of_range_are_refused(options, key, facts, couplet, opened):
    status, out, error = couplet(LINE, *options)
    assert (status, out) == (2, "")
    assert error == f"lianju: {LianjuError(key, **facts)}\n"
    assert opened == []


def test_options_of_poems_are_unknown(couplet):
    for option in (["--rhyme", "东"], ["--length", "5"], ["--plain"], ["--form", "jueju"]):
        status, out, error = couplet(LINE, *option)
        assert (status, out) == (2, "")
        assert "No such option" in error


def test_a_bundle_of_poems_is_refused(couplet, monkeypatch, capsys):
    monkeypatch.undo()
    assert cli.main(["couplet", LINE, "--bundle", str(default_directory())]) == 2
    assert capsys.readouterr().err == f"lianju: {LianjuError('request-no-couplets')}\n"
