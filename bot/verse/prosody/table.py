"""Tones and rhymes of the tokens of a vocabulary, as read in Tang times.

A reading belongs to one of the 106 rhyme groups of 平水韵, and through it to one of four tones: 平
is level, 上, 去 and 入 are oblique. Many characters have several readings; all of them count. Some
stand only at the end of a line, where they rhyme: 不 is level only in such a question.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from ..errors import RequestError
from ..text.vocabulary import Vocabulary
from .readings import LEVEL, Row, Tone

__all__ = ["BoolArray", "Prosody", "Tone", "find_rhyme_group"]

BoolArray = npt.NDArray[np.bool_]

TONES = (LEVEL, "上", "去", "入")

# 上平聲一東, 平声东, 一东, 七陽韻, 平水韵东: everything but the name itself is optional.
_SPELLING = re.compile(
    "(?:平水[韵韻])?(?P<tone>[上下]平|[平上去入])?[声聲]?部?"
    "(?P<number>[一二三四五六七八九十]{1,3})?(?P<name>.)[韵韻]?部?"
)
_OTHER_NAMES = dict(
    zip(
        "東魚虞齊眞刪蕭陽靑鹽講紙語薺賄軫銑篠篠馬養寢儉琰絳寘遇霽隊問願諫嘯號箇禡敬徑豔艷"
        "沃覺質藥錫職緝葉",
        "东鱼虞齐真删萧阳青盐讲纸语荠贿轸铣筱筿马养寝俭俭绛寘遇霁队问愿谏啸号个祃敬径艳艳"
        "沃觉质药锡职缉叶",
        strict=True,
    )
)


class Prosody:
    """The rhyme groups of 平水韵 and the tokens that belong to each.

    A token without a reading is one that the table lacks, or not a character.

    Attributes:
        groups: The names of the groups in simplified characters, in the classical order, so the
            level ones come first.
        tones: The tone of each group by its name: 平, 上, 去 or 入.
        level_groups: The number of level groups.
        readings: [G, V], whether a token has a reading in a group; read-only.
        level: [V], whether a token has a level reading within a line; read-only.
        oblique: [V], whether a token has an oblique reading within a line; read-only.
        at_ends: The tokens of each group that have this reading only at the end of a line.
    """

    def __init__(self, rows: Iterable[Row], vocabulary: Vocabulary) -> None:
        """Takes the name, tone and characters of each group, and those only at ends.

        Raises:
            ValueError: There are no groups, their order is wrong, one has no valid name or tone
                or occurs twice, a character is no token of the vocabulary, or one that stands
                only at ends is not of the group.
        """
        self.tones: dict[str, str] = {}
        self._vocabulary = vocabulary
        members = []
        at_ends = []
        for number, (name, tone, characters, *ends) in enumerate(rows, 1):
            self._check(number, name, tone)
            for character in characters:
                if not vocabulary.is_ordinary(character):
                    raise ValueError(
                        f"has the character {character} in line {number}, which the vocabulary "
                        "lacks"
                    )
            for character in "".join(ends):
                if character not in characters:
                    raise ValueError(
                        f"has the character {character} only at the ends of lines in line "
                        f"{number}, and not among the characters before"
                    )
            self.tones[name] = tone
            members.append(vocabulary.encode(characters))
            at_ends.append(tuple(vocabulary.encode("".join(ends))))
        if not members:
            raise ValueError("has no rhyme groups")
        self.groups = tuple(self.tones)
        self.level_groups = sum(tone == LEVEL for tone in self.tones.values())
        self.readings: BoolArray = np.zeros((len(members), len(vocabulary)), np.bool_)
        for row, ids in zip(self.readings, members, strict=True):
            row[ids] = True
        self.at_ends = tuple(at_ends)
        inside = self.readings.copy()
        for row, own in zip(inside, at_ends, strict=True):
            row[list(own)] = False
        self.level, self.oblique = self._level_and_oblique(inside)
        self._at_ends = self._level_and_oblique(self.readings)
        for array in (self.readings, self.level, self.oblique):
            array.flags.writeable = False

    @classmethod
    def parse(cls, text: str, vocabulary: Vocabulary) -> Self:
        """Reads a table: a line for each group, `name<TAB>tone<TAB>characters`.

        The tone is 平, 上, 去 or 入; the level groups come first. A fourth column has those of the
        characters that have this reading only at the end of a line.

        Raises:
            ValueError: The text is no such table; the message is a predicate.
        """
        rows: list[Row] = []
        for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
            fields = line.removesuffix("\r").split("\t")
            if len(fields) not in (3, 4):
                raise ValueError(
                    f"has no name, tone and characters, separated by tabs, in line {number}"
                )
            rows.append((fields[0], fields[1], fields[2], "".join(fields[3:])))
        return cls(rows, vocabulary)

    def group(self, name: str) -> int:
        """Returns the index of a group by its name, in either script: 东, 一東 or 上平声一东.

        A character that rhymes in only one group names that group too; if it has level readings,
        only they count.

        Raises:
            RequestError: There is no such group, or the character rhymes in several.
        """
        name = name.strip()
        if found := find_rhyme_group(name, self.tones):
            return self.groups.index(found)
        own: frozenset[int] = frozenset()
        if self._vocabulary.is_ordinary(name):
            (token,) = self._vocabulary.encode([name])
            own = self.groups_of(token, "level") or self.groups_of(token, "oblique")
        if len(own) == 1:
            return min(own)
        names = ", ".join([self.groups[group] for group in sorted(own)] or self.groups[:3])
        raise RequestError("request-rhyme", rhyme=name, names=names)

    def may_be(self, token: int, tone: Tone, *, at_end: bool = False) -> bool:
        """Returns whether a token can have a tone; one that the table lacks can have both."""
        same, other = self._at_ends if at_end else (self.level, self.oblique)
        if tone == "oblique":
            same, other = other, same
        return bool(same[token] or not other[token])

    def groups_of(self, token: int, tone: Tone) -> frozenset[int]:
        """Returns the groups of that tone in which a token has a reading."""
        found: list[int] = np.flatnonzero(self.readings[:, token]).tolist()
        return frozenset(group for group in found if self.tone_of(group) == tone)

    def _level_and_oblique(self, readings: BoolArray) -> tuple[BoolArray, BoolArray]:
        level: BoolArray = np.any(readings[: self.level_groups], axis=0)
        oblique: BoolArray = np.any(readings[self.level_groups :], axis=0)
        return level, oblique

    def tone_of(self, group: int) -> Tone:
        """Returns the tone of a group."""
        return "level" if group < self.level_groups else "oblique"

    def groups_in(self, tone: Tone) -> frozenset[int]:
        """Returns all groups of a tone."""
        return frozenset(group for group in range(len(self.groups)) if self.tone_of(group) == tone)

    def _check(self, number: int, name: str, tone: str) -> None:
        if not name or name in self.tones:
            raise ValueError(
                f"repeats the group {name} in line {number}"
                if name
                else f"has a group without a name in line {number}"
            )
        if tone not in TONES:
            raise ValueError(f"has the tone {tone!r} in line {number}, which is none of 平上去入")
        before = next(reversed(self.tones.values()), LEVEL)
        if tone == LEVEL != before:
            raise ValueError(f"has the level group {name} after an oblique one, in line {number}")


def find_rhyme_group(name: str, tones: Mapping[str, str]) -> str | None:
    """Returns the name of the rhyme group that is called so in either script, or None.

    Args:
        name: Such as 东, 一東 or 上平声一东.
        tones: The tone of each group by its name in simplified characters.
    """
    match = _SPELLING.fullmatch(name.strip())
    if match is None:
        return None
    found = _OTHER_NAMES.get(match["name"], match["name"])
    tone = tones.get(found)
    agrees = tone is not None and (not match["tone"] or match["tone"][-1] == tone)
    return found if agrees else None
