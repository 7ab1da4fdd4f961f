"""Autocompletion of rhyme groups."""

from functools import lru_cache
from itertools import chain

import numpy as np

from ..errors import LianjuError
from ..verse import Prosody, Vocabulary, simplify, write_line

__all__ = ["matching_rhymes"]

EXAMPLES = 8  # most frequent characters of a group
LEVEL, OBLIQUE = "平", "仄"


def matching_rhymes(
    prosody: Prosody, vocabulary: Vocabulary, typed: str, traditional: bool
) -> dict[str, str]:
    """Returns the names of the groups that match a text, best first, each with its label.

    First the group of that name, then groups that contain its characters, then groups whose label
    contains it. An empty text matches all groups, level ones first.

    Args:
        prosody: The prosody table of the bundle.
        vocabulary: The vocabulary of the bundle.
        typed: The text typed so far.
        traditional: Whether labels have traditional characters.
    """
    labels = _labels(prosody, vocabulary, traditional)
    wanted = typed.strip()
    fitting = dict.fromkeys(labels)
    if wanted:
        read = simplify(wanted)
        named = chain(_named(prosody, read), _rhyming(prosody, vocabulary, read))
        holding = (group for group, label in labels.items() if wanted in label)
        fitting = dict.fromkeys(chain(named, holding))
    return {prosody.groups[group]: labels[group] for group in fitting}


@lru_cache(maxsize=2)  # both scripts of one bundle: every keystroke needs them
def _labels(prosody: Prosody, vocabulary: Vocabulary, traditional: bool) -> dict[int, str]:
    return {
        group: _label(prosody, vocabulary, group, traditional)
        for group in range(len(prosody.groups))
    }


def _label(prosody: Prosody, vocabulary: Vocabulary, group: int, traditional: bool) -> str:
    members = np.flatnonzero(prosody.readings[group]).tolist()
    commonest = sorted(members, key=lambda token: -vocabulary.counts[token])[:EXAMPLES]
    name, examples = (
        write_line(tokens, vocabulary, traditional)
        for tokens in ([prosody.groups[group]], [vocabulary.tokens[token] for token in commonest])
    )
    tone = LEVEL if group < prosody.level_groups else OBLIQUE
    return f"{name} · {tone} · {examples}"


def _named(prosody: Prosody, name: str) -> list[int]:
    try:
        return [prosody.group(name)]
    except LianjuError:
        return []


def _rhyming(prosody: Prosody, vocabulary: Vocabulary, characters: str) -> list[int]:
    tokens = vocabulary.encode(filter(vocabulary.is_ordinary, characters))
    found: list[int] = np.flatnonzero(prosody.readings[:, tokens].any(axis=1)).tolist()
    return found
