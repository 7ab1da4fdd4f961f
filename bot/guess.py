"""Makes questions for `/guess`: a poet's line among three of Lianju's that sound like it."""

import random
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

from .engine import Engine, RhymeGroup
from .errors import NotFoundError
from .rounds import OPTIONS, Difficulty
from .verse import SEED, Anthology, AnthologyPoem, DeadlineError, NextLine, Request, Rerank

__all__ = ["EASY_SHARE", "Question", "Sounds", "ask_question", "poems_of"]

EASY_SHARE = 0.4  # of the poems, the best known ones
CANDIDATES = 10  # of which the three best that fit are taken
TRIES = 6  # poems; a poet who breaks the rules has no lines beside him that sound alike
LEVEL = "平"


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        options: Lines that may follow the poem's first, shuffled.
        answer: Which of them does, from 0.
        bundle: Name and version of what wrote the others.
    """

    poem: AnthologyPoem
    options: tuple[str, ...]
    answer: int
    bundle: str


class Sounds:
    """Tones and rhymes of characters; without a table of them, all lines sound alike.

    A character of several readings has the tone and the rhyme of each.

    Args:
        rhymes: The rhyme groups of a bundle.
    """

    def __init__(self, rhymes: Iterable[RhymeGroup]) -> None:
        self._groups: dict[str, list[str]] = {}
        self._tones: dict[str, set[bool]] = {}  # whether it can be level
        for group in rhymes:
            for character in group.characters:
                self._groups.setdefault(character, []).append(group.name)
                if character not in group.at_ends:
                    self._tones.setdefault(character, set()).add(group.tone == LEVEL)

    def rhyme(self, line: str, other: str) -> str | None:
        """Returns the group of a line, that of another one if it can be; None if unknown."""
        groups, others = (self._groups.get(each[-1], []) for each in (line, other))
        return next((group for group in groups if group in others), next(iter(groups), None))

    def are_opposed(self, line: str, answer: str) -> bool:
        """Whether the tones of two lines can be opposed at each second place, by turns in each."""
        if not self._tones:
            return True
        places = _places(answer)
        patterns = [[place % 4 == begin for place in places] for begin in (1, 3)]  # of the line
        return any(
            all(
                is_level in self._tones_of(line[place])
                and (not is_level) in self._tones_of(answer[place])
                for place, is_level in zip(places, pattern, strict=True)
            )
            for pattern in patterns
        )

    def are_alike(self, one: str, other: str, rhyme: str | None) -> bool:
        """Whether two lines have one length, the same tones where they count, and the rhyme."""
        if not self._tones or len(one) != len(other):
            return len(one) == len(other)
        return all(
            self._tones_of(one[place]) & self._tones_of(other[place])
            for place in (*_places(one), len(one) - 1)
        ) and all(rhyme in self._groups.get(line[-1], []) for line in (one, other))

    def _tones_of(self, character: str) -> set[bool]:
        return self._tones.get(character, set())


@lru_cache(maxsize=2)  # of a bundle, and of its successor
def _sounds_of(rhymes: tuple[RhymeGroup, ...]) -> Sounds:
    return Sounds(rhymes)


def _places(line: str) -> range:
    """Returns the places before the last whose tone counts: 2, 4 and 6, from 0."""
    return range(1, len(line) - 1, 2)


def poems_of(anthology: Anthology, difficulty: Difficulty) -> Sequence[AnthologyPoem]:
    """Returns the best known poems, or the others; none whose first two lines differ in length."""
    famous = round(len(anthology) * EASY_SHARE)
    poems = anthology.poems[:famous] if difficulty == "easy" else anthology.poems[famous:]
    return [poem for poem in poems if len(poem.lines[0]) == len(poem.lines[1])]


async def ask_question(
    engine: Engine,
    difficulty: Difficulty,
    used: Collection[str],
    deadline_s: float,
    group: Hashable,
    rng: random.Random,
) -> Question:
    """Chooses a poem and has three lines written beside the poet's.

    Args:
        engine: Writes them.
        difficulty: How well the poem is known.
        used: Ids of poems that are not to be chosen.
        deadline_s: Seconds that it may take.
        group: Whose share of the engine's queue it takes.
        rng: Chooses and shuffles.

    Raises:
        NotFoundError: There is no anthology, or no poem of it that may be chosen.
        LianjuError: The lines cannot be written, or not now.
    """
    ends_at = monotonic() + deadline_s
    anthology, bundle = await engine.anthology(), await engine.bundle()
    if not anthology:
        raise NotFoundError("guess-no-anthology")
    sounds = _sounds_of(bundle.rhymes)
    poems = [
        poem
        for poem in poems_of(anthology, difficulty)
        if poem.id not in used and sounds.are_opposed(*poem.lines[:2])
    ]
    for poem in rng.sample(poems, min(TRIES, len(poems))):
        first, line = poem.lines[:2]
        rhyme = sounds.rhyme(line, poem.lines[-1])
        seed = rng.randrange(SEED.low, SEED.high + 1)  # or else /poem would give the same lines
        request = Request(
            first,
            NextLine(),
            Rerank(seed, CANDIDATES),
            CANDIDATES,
            "simplified",
            rhyme,
        )
        if (left_s := ends_at - monotonic()) <= 0:
            raise DeadlineError
        answer = await engine.compose(request, left_s, group)
        others = [
            candidate.text
            for candidate in answer.candidates
            if not candidate.relaxed
            and not any(candidate.known)
            and not anthology.has_line(candidate.text)
            and sounds.are_alike(line, candidate.text, rhyme)
        ][: OPTIONS - 1]
        if len(others) == OPTIONS - 1:
            options = rng.sample([line, *others], OPTIONS)
            name = f"{answer.bundle_name} {answer.bundle_version}"
            return Question(poem, tuple(options), options.index(line), name)
    raise NotFoundError("guess-no-poem")
