"""What is told of a fault in a line of verse, in a user's language."""

from collections.abc import Collection, Sequence

from .i18n import Localizer
from .verse import CharacterReadings, Fault, to_traditional

__all__ = ["fault_text", "groups_text"]


def fault_text(
    localizer: Localizer,
    fault: Fault,
    written: str,
    length: int,
    groups: str,
    choices: Sequence[str] = (),
) -> str:
    """Returns a sentence, without a full stop, about a fault of a line.

    Args:
        localizer: The language.
        fault: The fault.
        written: The line as it was written.
        length: The characters that it should have.
        groups: The rhyme groups that are wanted, as text.
        choices: Characters that would do.
    """
    sentence = localizer.format(
        "fault",
        kind=fault.kind,
        size=len(written),
        length=length,
        place=0 if fault.place is None else fault.place + 1,
        character="" if fault.place is None else written[fault.place],
        tone=fault.tone or "level",
        groups=groups,
    )
    if not choices:
        return sentence
    characters = localizer.join(choices)
    return localizer.format("fault-choices", fault=sentence, characters=characters)


def groups_text(
    groups: Collection[int], readings: CharacterReadings, localizer: Localizer, traditional: bool
) -> str:
    """Returns the names of rhyme groups.

    Args:
        groups: Their indices.
        readings: Tones and rhymes.
        localizer: The language.
        traditional: Whether the verse is written in traditional characters.
    """
    names = "/".join(readings.groups[each] for each in sorted(groups))
    return to_traditional(names) if traditional or localizer.language == "zh-TW" else names
