"""Tones and rhymes as the rules of verse ask for them, of tokens or of characters."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeVar

__all__ = [
    "LEVEL",
    "PINGSHUI_NEIGHBORS",
    "CharacterReadings",
    "Readings",
    "RhymeBook",
    "Row",
    "Token",
    "Tone",
    "group_tone",
]

Tone = Literal["level", "oblique"]
RhymeBook = Literal["pingshui", "xinyun"]
"""The rhymes of Tang verse (平水韵), as a bundle has them, or those of today (中华新韵)."""

LEVEL = "平"

# Groups from which the first and the last line may borrow a rhyme (邻韵); after Wang Li (王力,
# 汉语诗律学). Those of the oblique tones correspond to the level ones.
PINGSHUI_NEIGHBORS = (
    *("东冬", "江阳", "支微齐", "鱼虞", "佳灰", "真文元", "元寒删先", "萧肴豪", "佳麻"),
    *("庚青蒸", "覃盐咸", "董肿", "讲养", "纸尾荠", "语麌", "蟹贿", "轸吻阮", "阮旱潸铣"),
    *("筱巧皓", "蟹马", "梗迥", "感俭豏", "送宋", "绛漾", "寘未霁", "御遇", "泰卦队"),
    *("震问愿", "愿翰谏霰", "啸效号", "卦祃", "敬径", "勘艳陷", "屋沃", "觉药", "质物月"),
    *("月曷黠屑", "陌锡职", "合叶洽"),
)

Row = tuple[str, str, str] | tuple[str, str, str, str]
"""The name, tone and characters of a rhyme group; those of them that have it only at line ends."""

Token = TypeVar("Token", contravariant=True)


class Readings(Protocol[Token]):
    """The tones and rhyme groups of all readings of a token: its id, or a character."""

    def may_be(self, token: Token, tone: Tone, *, at_end: bool = False) -> bool:
        """Returns whether a token can have a tone; one without readings can have both.

        Args:
            token: The token.
            tone: The tone.
            at_end: Whether it ends a line; some readings stand only there.
        """
        ...

    def groups_of(self, token: Token, tone: Tone) -> frozenset[int]:
        """Returns the groups of that tone in which a token has a reading."""
        ...


class CharacterReadings:
    """The readings of characters, from the characters of each rhyme group.

    Unlike `Prosody` it needs no vocabulary: this is what users of an engine know of tones.

    Args:
        groups: The name, tone (平上去入) and characters of each group, the level ones first, and
            if there are any those of the characters that have this reading only at the end of a
            line.
        neighbors: The names of groups that are neighbors (邻韵), together.

    Attributes:
        groups: The names of the groups.
        neighbors: As given.
        members: The characters of each group, in the order given.
    """

    def __init__(
        self, groups: Iterable[Row], neighbors: Sequence[str] = PINGSHUI_NEIGHBORS
    ) -> None:
        rows = tuple(groups)
        self.neighbors = tuple(neighbors)
        self.groups = tuple(row[0] for row in rows)
        self.members = tuple(row[2] for row in rows)
        self._tones: tuple[Tone, ...] = tuple(group_tone(row[1]) for row in rows)
        found: defaultdict[str, set[int]] = defaultdict(set)
        inside: defaultdict[str, set[Tone]] = defaultdict(set)
        for number, (_, _, characters, *only_ends) in enumerate(rows):
            for character in characters:
                found[character].add(number)
                if character not in "".join(only_ends):
                    inside[character].add(self._tones[number])
        self._groups_of = {character: frozenset(own) for character, own in found.items()}
        self._tones_at_ends = {
            character: frozenset(self._tones[group] for group in own)
            for character, own in found.items()
        }
        self._tones_inside = {character: frozenset(own) for character, own in inside.items()}

    def __contains__(self, character: str) -> bool:
        """Returns whether a character has a reading."""
        return character in self._groups_of

    def tone_of(self, group: int) -> Tone:
        """Returns the tone of a group."""
        return self._tones[group]

    def tones_of(self, character: str, *, at_end: bool = False) -> frozenset[Tone]:
        """Returns the tones of all readings; none if the character has no reading.

        Args:
            character: The character.
            at_end: Whether it ends a line; some readings stand only there.
        """
        tones = self._tones_at_ends if at_end else self._tones_inside
        return tones.get(character, frozenset())

    def tones_in(self, line: str) -> list[frozenset[Tone]]:
        """Returns the tones that each character of a line can have at its place."""
        last = len(line) - 1
        return [self.tones_of(each, at_end=place == last) for place, each in enumerate(line)]

    def may_be(self, token: str, tone: Tone, *, at_end: bool = False) -> bool:
        """Returns whether a character can have a tone; one without readings can have both."""
        tones = self.tones_of(token, at_end=at_end)
        return not tones or tone in tones

    def groups_of(self, token: str, tone: Tone) -> frozenset[int]:
        """Returns the groups of that tone in which a character has a reading."""
        own = self._groups_of.get(token, frozenset())
        return frozenset(group for group in own if self._tones[group] == tone)


def group_tone(tone: str) -> Tone:
    """Returns whether a group of one of the four tones is level or oblique."""
    return "level" if tone == LEVEL else "oblique"
