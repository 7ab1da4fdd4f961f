"""Reading sheets: a bundle's lines after poets' lines, to be marked."""

import json

import pytest
from lianju.bot.verse import simplify
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.export import sheets
from lianju.export.errors import ExportError
from lianju.export.groups import Kinds
from lianju.training.errors import CorpusError
from lianju.training.marks import read_marks

from .conftest import HAN

PLAIN = [character for character in HAN if simplify(character) == character]


@pytest.fixture(autouse=True)
def _quatrains(corpus):
    # The bundle's own corpus has poems of one line, which nothing follows.
    poems = [
        " </l> ".join(" ".join(PLAIN[i : i + 5]) for i in range(start, start + 20, 5)) + " </l>"
        for start in (0, 2, 4, 6)
    ]
    (corpus / "train.txt").write_text("\n".join(poems) + "\n", "utf-8")


def draw(run, bundle, corpus, out, seed=1):
    options = ("--count", 6, "--lines", 5, "--seed", seed, "--threads", 1)
    assert run("sheets", bundle, "--corpus", corpus, "--out", out, *options)[0] == 0
    return [json.loads(row) for row in out.read_text("utf-8").splitlines()]


def test_contexts_are_of_the_corpus_and_lines_of_their_length(run, bundle, corpus, tmp_path):
    rows = draw(run, bundle, corpus, tmp_path / "new" / "sheet.jsonl")
    poems = [
        [line.replace(" ", "") for line in poem.split("</l>")]
        for poem in (corpus / "train.txt").read_text("utf-8").splitlines()
    ]
    assert len(rows) == 6
    for row in rows:
        length = len(row["context"])
        assert any(
            poem[begin : begin + length] == row["context"]
            for poem in poems
            for begin in range(len(poem))
        )
        assert 2 <= len(row["marks"]) <= 5
        assert set(map(len, row["marks"])) == {len(row["context"][-1])}
        assert set(row["marks"].values()) == {None}


def test_a_seed_repeats_and_another_one_does_not(run, bundle, corpus, tmp_path):
    one, two, three = (
        draw(run, bundle, corpus, tmp_path / f"{number}.jsonl", seed)
        for number, seed in enumerate((1, 1, 2))
    )
    assert one == two != three


def test_a_sheet_is_a_file_of_marks_once_it_is_marked(run, bundle, corpus, tmp_path):
    path = tmp_path / "sheet.jsonl"
    rows = draw(run, bundle, corpus, path)
    vocabulary = load_bundle(bundle).vocabulary
    with pytest.raises(CorpusError, match="Line 1"):
        read_marks(path, vocabulary)
    for row in rows:
        row["marks"] = dict(zip(row["marks"], range(9), strict=False))
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    for own, row in zip(read_marks(path, vocabulary), rows, strict=True):
        assert ["".join(line) for line in own.lines] == list(row["marks"])
        assert list(own.marks) == list(row["marks"].values())


def test_a_sheet_that_is_there_is_kept(run, bundle, corpus, tmp_path, monkeypatch):
    path = tmp_path / "sheet.jsonl"
    path.write_text("marked", "utf-8")
    monkeypatch.setattr(sheets, "load_bundle", None)  # nothing is drawn
    status, _, stderr = run("sheets", bundle, "--corpus", corpus, "--out", path)
    assert status == 2
    assert "exists already" in stderr
    assert path.read_text("utf-8") == "marked"


def test_a_sheet_is_written_completely_or_not_at_all(tmp_path):
    def rows():
        yield "1"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sheets.write_sheet(tmp_path / "new" / "sheet.jsonl", rows())
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written"):
        sheets.write_sheet(tmp_path / "file" / "sheet.jsonl", ["1"])


def test_a_corpus_without_lines_to_draw_is_refused(run, bundle, corpus, tmp_path):
    lines = "".join(f"{' '.join(HAN[i : i + 5])} </l>\n" for i in range(5))
    (corpus / "train.txt").write_text(lines, "utf-8")
    out = tmp_path / "sheet.jsonl"
    status, _, stderr = run("sheets", bundle, "--corpus", corpus, "--out", out)
    assert status == 2
    assert "under the rules" in stderr
    assert not out.exists()


def test_lines_of_one_token_have_a_kind():
    bundle = load_bundle(default_directory())
    kinds = Kinds(bundle)
    line = bundle.vocabulary.encode("天地人")
    assert [kinds.number(line[:length]) for length in (1, 2, 3, 1)] == [0, 1, 2, 0]
