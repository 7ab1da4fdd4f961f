"""Rhyme groups to choose from while one is typed."""

from itertools import chain

import numpy as np

from ..errors import LianjuError
from ..verse.prosody.table import Prosody
from ..verse.text.prompt import simplify, write_line
from ..verse.text.vocabulary import Vocabulary

__all__ = ["rhymes"]

EXAMPLES = 8  # characters that rhyme, the commonest ones
LEVEL, OBLIQUE = "平", "仄"


def rhymes(
    prosody: Prosody, vocabulary: Vocabulary, typed: str, traditional: bool
) -> dict[str, str]:
    """The groups that suit what is typed, best first, each with a text that tells what is in it.

    First the group of that name, then those in which the characters rhyme, then those whose text
    has it; if nothing is typed, all, the level ones first.

    Args:
        prosody: The bundle's.
        vocabulary: The bundle's.
        typed: What there is so far.
        traditional: Whether its reader reads traditional characters.
    """
    texts = {
        group: _text(prosody, vocabulary, group, traditional)
        for group in range(len(prosody.groups))
    }
    wanted = typed.strip()
    fitting = dict.fromkeys(texts)
    if wanted:
        read = simplify(wanted)
        named = chain(_named(prosody, read), _rhyming(prosody, vocabulary, read))
        holding = (group for group, text in texts.items() if wanted in text)
        fitting = dict.fromkeys(chain(named, holding))
    return {prosody.groups[group]: texts[group] for group in fitting}


def _text(prosody: Prosody, vocabulary: Vocabulary, group: int, traditional: bool) -> str:
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
