"""Pairs as corpora: the couplets in regulated poems, and anybody's own file."""

import json
from collections import Counter

import pytest
from lianju.training.corpus import simplifier
from lianju.training.couplets import couplets_of, piece_of
from lianju.training.errors import CorpusError
from lianju.training.prepare import prepare_pairs, prepare_poems, split_of

from .test_cli import _run

CHARACTERS = [c for c in map(chr, range(0x4E00, 0x5200)) if simplifier()(c) == c]
SPLITS = ("train", "validation", "test")


def _poem(number, length=7, lines=8):
    # The first three characters of a line are its poem's and its own, so no two poems share one.
    found = [
        CHARACTERS[number // 300] + CHARACTERS[300 + number % 300] + CHARACTERS[place] + "山水云月"
        for place in range(lines)
    ]
    return [line[:length] for line in found]


def _text(lines):
    return "。".join(lines) + "。"


def _write(folder, corpus, poems):
    folder.mkdir(parents=True, exist_ok=True)
    published = [{"paragraphs": [_text(lines)]} for lines in poems]
    (folder / f"poet.{corpus}.0.json").write_text(json.dumps(published), encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The folder, the report, and the poems by split."""
    folder = tmp_path_factory.mktemp("package")
    tang = [_poem(i, 5 if i % 3 == 0 else 7) for i in range(900)]
    held = next(
        lines for lines in tang if len(lines[0]) == 5 and split_of("".join(lines)) == "test"
    )
    other = [
        _poem(900, lines=4),
        _poem(901, lines=12),
        # Lines of a held-out poem of five, and two more characters before them.
        *([f"{first}秋{line}" for line in held] for first in "春夏冬年月日"),
    ]
    song = [_poem(i) for i in range(1000, 1300)]
    _write(folder / "quantangshi", "tang", [*tang, *other])
    _write(folder / "quantangshi", "song", song)
    out = tmp_path_factory.mktemp("data") / "couplets"
    report = prepare_poems(out, ("tang", "song"), folder, couplets=True)
    split = {name: [] for name in SPLITS}
    for corpus, poems in (("tang", [*tang, *other[2:]]), ("song", song)):
        for lines in poems:
            name = split_of("".join(lines))
            if name == "train" or corpus == "tang":
                split[name].append(lines)
    return out, report, split, held


def _pairs(folder, name):
    lines = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(side.split(" ") for side in line.split("\t")) for line in lines]


def test_validation_and_test_have_the_real_couplets_in_both_directions(prepared):
    out, report, split, _ = prepared
    for name in ("validation", "test"):
        expected = Counter()
        for lines in split[name]:
            for upper, lower in (lines[2:4], lines[4:6]):
                expected["<lower>", upper, lower] += 1
                expected["<upper>", lower, upper] += 1
        found = Counter((s[0], "".join(s[1:]), "".join(t)) for s, t in _pairs(out, name))
        assert found == expected
        assert report["couplets"][name] * 2 == len(_pairs(out, name))


def test_training_pairs_are_the_real_ones_and_a_piece_of_each_poem(prepared):
    out, report, split, _ = prepared
    pairs = _pairs(out, "train")
    real = {lower for lines in split["train"] for lower in (lines[3], lines[5])}
    real |= {upper for lines in split["train"] for upper in (lines[2], lines[4])}
    assert real <= {"".join(target) for _, target in pairs}
    assert report["pieces"] * 2 + report["couplets"]["train"] * 2 == len(pairs)
    assert 0.25 < report["pieces"] / (report["pieces"] + report["couplets"]["train"]) < 0.35
    sizes = Counter()
    for (direction, *source), target in pairs:
        assert direction in ("<lower>", "<upper>")
        assert len(source) == len(target)
        places = [place for place, each in enumerate(source) if each == "，"]
        assert places == [place for place, each in enumerate(target) if each == "，"]
        characters = len(source) - len(places)
        assert len(places) <= 1
        sizes[characters, len(places)] += 1
    assert {size for size, _ in sizes} == set(range(4, 13))
    assert {size for size, commas in sizes if commas} == {6, 8, 9, 10, 11, 12}


def test_no_training_pair_has_a_held_out_line(prepared):
    out, _, split, held = prepared
    lines = {line for name in ("validation", "test") for poem in split[name] for line in poem}
    sides = ["".join(side) for pair in _pairs(out, "train") for side in pair]
    parts = {
        part for side in sides for part in side.partition(">")[2].split("，") if side[0] == "<"
    }
    assert parts
    assert not lines & parts
    # The poems that have these lines within their own are in the training part.
    assert sum(held[2] in side for side in sides) >= 6


def test_no_part_of_a_piece_is_a_held_out_line():
    for number in range(60):
        couplets = couplets_of(tuple(map(tuple, _poem(number))))
        found = piece_of(couplets, frozenset())
        tail = couplets[1][1][2:]
        ends_in_it = found[1][-5:] == tail and found[1][-7:] != couplets[1][1]
        assert piece_of(couplets, {tail}) == (None if ends_in_it else found)


def test_only_regulated_poems_of_eight_lines_have_couplets():
    def lines_of(*lengths):
        return tuple(tuple("山" * length) for length in lengths)

    assert couplets_of(lines_of(*[5] * 8)) == [(lines_of(5)[0],) * 2] * 2
    for lengths in ([5] * 4, [7] * 12, [6] * 8, [5] * 7 + [7]):
        assert couplets_of(lines_of(*lengths)) == []


def test_a_piece_is_cut_out_of_both_lines_at_the_same_places():
    found = set()
    for number in range(600):
        poem = tuple(map(tuple, _poem(number)))
        couplets = couplets_of(poem)
        upper, lower = piece_of(couplets, frozenset())
        assert piece_of(couplets, frozenset()) == (upper, lower)
        parts = list(zip(upper, lower, strict=True))
        whole = [(a, b) for one, other in couplets for a, b in zip(one, other, strict=True)]
        assert all(pair in whole for pair in parts if pair[0] != "，")
        found.add((len(upper), "，" in upper))
    assert (4, False) in found
    assert {size for size, comma in found if comma} == {7, 9, 10, 11, 12, 13}


def _file(tmp_path, lines):
    path = tmp_path / "words.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_file_of_pairs_is_split_by_its_sources(tmp_path):
    lines = [f"word {i % 500}\tanswer {i}" for i in range(600)]
    report = prepare_pairs(tmp_path / "out", _file(tmp_path, [*lines, lines[0], ""]))
    assert report["dropped"] == {"duplicates": 1}
    found = {name: _pairs(tmp_path / "out", name) for name in SPLITS}
    for name, pairs in found.items():
        assert pairs
        assert {split_of(source) for source, _ in pairs} == {name}
        assert all(int(source[1]) == int(target[1]) % 500 for source, target in pairs)
    assert sum(map(len, found.values())) == 600
    assert report["kept"]["train"] == {
        "pairs": len(found["train"]),
        "tokens": 2 * len(found["train"]),
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["man women", "up\tdown"], "line 1, has 0 tabs: write source, one tab, target"),
        (["up\tdown", " \tlow"], "line 2, has an empty side"),
        (["up\tdown\tlow"], "line 1, has 2 tabs"),
        (["up\tdown"], "Too few texts"),
    ],
)
def test_an_unusable_file_of_pairs_is_one_sentence(tmp_path, capsys, lines, message):
    out = tmp_path / "out"
    file = _file(tmp_path, lines)
    status, printed, err = _run(capsys, "prepare", "--pairs", file, "--out", out)
    assert (status, printed) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not out.exists()


def test_missing_and_contradictory_sources_are_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments, message in (
        (["--pairs", "nowhere.tsv"], "nowhere.tsv cannot be read"),
        (["--pairs", "couplets", "--other-forms", "0"], "--other-forms is for poems"),
        (["--pairs", "couplets", "--later", "clone"], "--later is for poems"),
        (["--pairs", "a.tsv", "--text", __file__], "Give one of"),
        (["--pairs", "couplets", "--text", __file__], "Couplets are of poems"),
        (["--pairs", "couplets", "--source", "nowhere"], "has no poet"),
    ):
        status, printed, err = _run(capsys, "prepare", *arguments)
        assert (status, printed) == (2, "")
        assert message in err
    assert list(tmp_path.iterdir()) == []


def test_couplets_are_of_both_corpora_unless_one_is_named(prepared, tmp_path, capsys):
    folder = tmp_path / "package" / "quantangshi"
    poems = [_poem(i) for i in range(400)]
    _write(folder, "tang", poems)
    _write(folder, "song", [_poem(i) for i in range(400, 420)])
    for options, corpora in ((), ["tang", "song"]), (("--corpus", "tang"), ["tang"]):
        out = tmp_path / "-".join(corpora)
        source = ["--source", folder.parent, "--out", out, *options]
        status, _, err = _run(capsys, "prepare", "--pairs", "couplets", *source)
        assert status == 0, err
        assert "--preset couplet" in err
        assert json.loads((out / "report.json").read_text())["corpora"] == corpora
    (folder / "poet.song.0.json").unlink()
    with pytest.raises(CorpusError, match="no song"):
        prepare_poems(tmp_path / "out", ("tang", "song"), folder.parent, couplets=True)
