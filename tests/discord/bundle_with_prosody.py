"""A toy bundle with a prosody table, a corpus index and an anthology."""

import random

import numpy as np
from lianju.bot.verse.text.anthology import Anthology, AnthologyPoem
from lianju.bot.verse.text.corpus_index import CorpusIndex, continuation_keys, line_keys
from lianju.export.binary_fuse import build_map, build_set

from ..verse.toy import CHINESE, SPECIALS, Toy

LETTERS = [token for token in CHINESE if token not in SPECIALS]
GROUPS = {"东": "平", "阳": "平", "董": "上", "屋": "入"}
READINGS = {letter: list(GROUPS)[place % len(GROUPS)] for place, letter in enumerate(LETTERS)}

LEVEL = [letter for letter in LETTERS if GROUPS[READINGS[letter]] == "平"]
OBLIQUE = [letter for letter in LETTERS if GROUPS[READINGS[letter]] != "平"]


def made_up_poems(count, seed=3):
    """Quatrains whose first two lines keep the tones, the second rhyming."""
    rng = random.Random(seed)  # noqa: S311
    poems = []
    for number in range(count):
        first, second = (
            [rng.choice(LEVEL if level else OBLIQUE) for level in tones]
            for tones in ((1, 1, 0, 0, 1, 1, 0), (0, 0, 1, 1, 0, 0, 1))
        )
        second[-1] = rng.choice([each for each in LEVEL if READINGS[each] == "东"])
        lines = tuple(map("".join, (first, second, first[::-1], second)))
        poems.append(AnthologyPoem(f"p{number}", f"题 {number}", "某", "七绝", 1, lines))
    return poems


def write_bundle_with_prosody(directory, couplets=(), lines=(), poems=()):
    """Writes the bundle, whose corpus has these couplets and these lines, all equally long.

    The poems are its anthology.
    """
    directory.mkdir(parents=True)
    rows = (
        "\t".join((group, tone, "".join(c for c in LETTERS if READINGS[c] == group)))
        for group, tone in GROUPS.items()
    )
    (directory / "prosody.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    if couplets or lines:
        (directory / "known.bin").write_bytes(_known(couplets, lines))
    if poems:
        (directory / "anthology.tsv").write_text(Anthology(poems).dump(), encoding="utf-8")
    return Toy().write(directory)


def _known(couplets, lines):
    place = {token: number for number, token in enumerate(CHINESE)}

    def keys(line):
        return line_keys(np.array([[place[letter] for letter in line]]))

    written = dict.fromkeys([line for couplet in couplets for line in couplet] + list(lines))
    answers = [
        (continuation_keys(keys(first), len(first))[0], second) for first, second in couplets
    ]
    nothing = np.zeros(0, np.uint64)
    return CorpusIndex(
        len(CHINESE),
        build_set(np.concatenate([nothing, *map(keys, written)]), 14),
        build_map(
            np.concatenate([nothing, *(found for found, _ in answers)]),
            np.array([place[letter] for _, second in answers for letter in second]),
            (len(CHINESE) - 1).bit_length(),
        ),
    ).dump()
