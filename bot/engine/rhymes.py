"""Rhyme groups as an engine describes them, and those that match what is typed."""

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from ..verse import CharacterReadings, RequestError, find_rhyme_group, simplify, to_traditional

if TYPE_CHECKING:
    from ..verse import Prosody, Vocabulary

__all__ = ["RhymeGroup", "matching_rhymes", "readings_of", "rhyme_groups", "rhyme_labels"]

EXAMPLES = 8  # most frequent characters of a group
LEVEL, OBLIQUE = "平", "仄"


class RhymeGroup(BaseModel):
    """A rhyme group of 平水韵."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    """Its name in simplified characters."""
    tone: Literal["平", "上", "去", "入"]
    """The tone of its characters."""
    characters: str
    """Those that the model knows, the most frequent first."""
    at_ends: str = ""
    """Those of them that have this reading only at the end of a line."""


def rhyme_groups(prosody: "Prosody", vocabulary: "Vocabulary") -> tuple[RhymeGroup, ...]:
    """Returns the groups of a bundle in the classical order, so the level ones come first."""
    return tuple(
        RhymeGroup.model_validate(
            {
                "name": name,
                "tone": prosody.tones[name],
                "characters": "".join(
                    vocabulary.tokens[token]
                    for token in sorted(
                        prosody.readings[number].nonzero()[0].tolist(),
                        key=lambda token: -vocabulary.counts[token],
                    )
                ),
                "at_ends": "".join(vocabulary.tokens[token] for token in prosody.at_ends[number]),
            }
        )
        for number, name in enumerate(prosody.groups)
    )


@lru_cache(maxsize=2)  # of one bundle, and of its successor
def readings_of(groups: tuple[RhymeGroup, ...]) -> CharacterReadings:
    """Returns the tones and rhymes of the characters of a bundle's groups.

    Raises:
        RequestError: The bundle has no table of rhymes.
    """
    if not groups:
        raise RequestError("request-no-tones")
    return CharacterReadings(
        (group.name, group.tone, group.characters, group.at_ends) for group in groups
    )


@lru_cache(
    maxsize=4
)  # both scripts of one bundle, and of its successor: every keystroke needs them
def rhyme_labels(groups: tuple[RhymeGroup, ...], traditional: bool) -> dict[str, str]:
    """Returns the label of each group by its name: name, tone and commonest characters.

    Args:
        groups: The groups.
        traditional: Whether labels have traditional characters.
    """
    return {group.name: _label(group, traditional) for group in groups}


def matching_rhymes(
    groups: tuple[RhymeGroup, ...], typed: str, traditional: bool
) -> dict[str, str]:
    """Returns the names of the groups that match a text, best first, each with its label.

    First the group of that name, then groups that contain its characters, then groups whose label
    contains it. An empty text matches all groups, level ones first.

    Args:
        groups: The groups of the bundle.
        typed: The text typed so far.
        traditional: Whether labels have traditional characters.

    Raises:
        PromptError: The text has lone surrogates.
    """
    labels = rhyme_labels(groups, traditional)
    wanted = typed.strip()
    if not wanted:
        return labels
    read = simplify(wanted)
    named = find_rhyme_group(read, {group.name: group.tone for group in groups})
    fitting = chain(
        [] if named is None else [named],
        (group.name for group in groups if not set(read).isdisjoint(group.characters)),
        (name for name, label in labels.items() if wanted in label),
    )
    return {name: labels[name] for name in fitting}


def _label(group: RhymeGroup, traditional: bool) -> str:
    tone = LEVEL if group.tone == LEVEL else OBLIQUE
    texts = (group.name, tone, group.characters[:EXAMPLES])
    return " · ".join(map(to_traditional, texts) if traditional else texts)
