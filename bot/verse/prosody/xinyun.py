"""The tones and rhymes of today's Mandarin (中华新韵), of any bundle."""

from functools import cache
from importlib.resources import files

from ..text.vocabulary import Vocabulary
from .readings import LEVEL, CharacterReadings
from .table import Prosody

__all__ = ["xinyun_prosody", "xinyun_readings"]

_ANY_OBLIQUE = "去"  # the table knows level and oblique tones alone


@cache
def xinyun_readings() -> CharacterReadings:
    """Returns the readings of characters; no group has neighbors."""
    return CharacterReadings(_rows(), neighbors=())


def xinyun_prosody(vocabulary: Vocabulary) -> Prosody:
    """Returns the readings of the tokens of a vocabulary."""
    return Prosody(
        (
            (
                name,
                tone if tone == LEVEL else _ANY_OBLIQUE,
                "".join(filter(vocabulary.is_ordinary, own)),
            )
            for name, tone, own in _rows()
        ),
        vocabulary,
    )


@cache
def _rows() -> tuple[tuple[str, str, str], ...]:
    """Returns the name, tone and characters of each group; `lianju-export xinyun` writes them."""
    text = (files("lianju.bot.verse.prosody") / "xinyun.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return tuple((name, tone, characters) for name, tone, characters in rows)
