"""The card of a bundle for couplets, and the files that are added to it."""

import json

import numpy as np
import pytest
from lianju.bot.verse.model.bundle import KINDS, load_bundle
from lianju.bot.verse.text.couplet import read_couplet_line
from lianju.export import couplets as couplet_files
from lianju.export.__main__ import cli
from lianju.export.couplets import add_word_kinds, read_couplets
from lianju.export.errors import ExportError
from lianju.export.grade import couplets
from lianju.export.grade.couplets import PROMPTS, Ranked, grade_couplets

from ..verse.couplets import COMMA, LETTERS, SPECIALS, vocabulary_of
from ..verse.toy import Toy
from .couplet_bundle import PARTS, write_couplet_bundle, write_pairs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds a bundle and its corpus of pairs."""
    folder = tmp_path_factory.mktemp("graded")
    write_couplet_bundle(folder)
    return folder


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    return Toy(tokens=("<unk>", "<e>", "<s>", "</l>", *LETTERS)).write(
        tmp_path_factory.mktemp("language") / "toy"
    )


def test_couplets_are_read_without_those_that_have_a_comma(tmp_path):
    pairs = write_pairs(tmp_path / "pairs")
    for split, count in PARTS.items():
        found = list(read_couplets(pairs, split))
        assert len(found) == count
        assert all(len(upper) == len(lower) in (5, 7) for upper, lower in found)
        assert not any(COMMA in line for couplet in found for line in couplet)


@pytest.fixture(scope="module")
def completed(tmp_path_factory):
    """A copy of the bundle with word kinds."""
    copy = tmp_path_factory.mktemp("completed")
    bundle = write_couplet_bundle(copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(couplet_files, "find_word_kinds", lambda couplets: ["三一", "天龘山"])
        kinds = add_word_kinds(bundle, copy / "pairs", "2.0.0")
    assert kinds == ["三一", "天山"]
    return bundle


def test_word_kinds_are_listed_and_read(completed):
    bundle = load_bundle(completed)
    assert bundle.manifest.version == "2.0.0"
    assert KINDS in bundle.manifest.files
    assert (completed / KINDS).read_text(encoding="utf-8") == "三一\t三一\n天山\t天山\n"
    one, three = bundle.vocabulary.encode("一三")
    assert np.flatnonzero(bundle.kinds.answers(one)).tolist() == sorted((one, three))


def test_nothing_is_added_without_couplets(tmp_path):
    bundle = write_couplet_bundle(tmp_path)
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    pairs = tmp_path / "others"
    pairs.mkdir()
    (pairs / "train.txt").write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(ExportError, match="no couplets"):
        add_word_kinds(bundle, pairs, "2.0.0")
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before


def test_a_language_model_gets_no_word_kinds(folder, language_model):
    with pytest.raises(ExportError, match="no encoder"):
        add_word_kinds(language_model, folder / "pairs", "2.0.0")
    with pytest.raises(ExportError, match="no bundle for couplets"):
        grade_couplets(language_model, folder / "pairs", beside=None, prompts=5, seed=0, threads=1)


EXAMPLES = ("春花夜月", "天天，夜夜")


@pytest.fixture(scope="module")
def card(folder, language_model, completed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(couplets, "PROMPTS", (*EXAMPLES, "魑魅魍魉"))  # which a toy cannot read
        return grade_couplets(
            completed, folder / "pairs", beside=language_model, prompts=10, seed=1, threads=1
        )


def test_card_measures_the_rules(card):
    rows = {row["key"]: row for row in card.as_dict()["rows"]}
    for key in ("length", "ends"):
        assert rows[key]["measured"] == 1.0
        assert rows[key]["met"]
    assert rows["evens"]["measured"] > rows["evens"]["human_reference"]
    assert rows["shared"]["measured"] == 0 < rows["shared"]["human_reference"]
    assert 0 <= rows["first"]["measured"] <= 1
    assert rows["first-forward"]["measured"] <= 1
    assert rows["size"]["measured"] > 0
    assert [key for key in rows if key.startswith("fit-")][:2] == ["fit-0.0", "fit-0.5"]
    assert card.conditions["prompts"] == 10


def test_card_shows_lines_as_they_were_answered(card):
    text = card.markdown()
    for prompt, answer in zip(EXAMPLES, card.prompts, strict=True):
        shown = (prompt, *(each.text for each in answer.candidates))
        assert f"| {' | '.join(shown)} |" in text


def test_first_counts_how_often_the_true_line_leads():
    forward = [np.array([-3.0, -2.0, -4.0]), np.array([-1.0, -2.0])]
    reverse = [np.array([-1.0, -4.0, -5.0]), np.array([-9.0, -1.0])]
    first, second = (Ranked([there], [back]) for there, back in zip(forward, reverse, strict=True))
    assert [first.first(weight) for weight in (0.0, 1.0)] == [0, 1]
    assert [second.first(weight) for weight in (0.0, 1.0)] == [1, 0]
    assert Ranked(forward, reverse).first(0.0) == 0.5


def test_command_writes_the_card(folder, language_model, completed, tmp_path, monkeypatch, capsys):
    out = tmp_path / "card"
    arguments = ["grade-couplets", completed, "--pairs", folder / "pairs", "--out", out]
    arguments += ["--beside", language_model, "--prompts", 4, "--threads", 1]
    cli.main([str(each) for each in arguments], standalone_mode=False)
    assert capsys.readouterr().out == (out / "card.md").read_text(encoding="utf-8")
    rows = json.loads((out / "card.json").read_text(encoding="utf-8"))["rows"]
    assert {"first", "distinct", "time"} <= {row["key"] for row in rows}
    answers = (out / "answers.md").read_text(encoding="utf-8").splitlines()
    assert len(answers) == 2 + 4


def test_twenty_lines_are_shown():
    assert len(set(PROMPTS)) == 20
    for line in PROMPTS:
        read_couplet_line(line, vocabulary_of((*SPECIALS, *dict.fromkeys("".join(PROMPTS)))))
