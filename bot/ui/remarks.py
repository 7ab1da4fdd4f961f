"""What is said of an answer's candidates: which lines the corpus has, which rules had to go."""

from collections.abc import Iterable

from ..i18n import Localizer
from .answer_message import AnswerMessage

__all__ = ["remark", "remark_of_all"]


def remark(sheet: AnswerMessage, rank: int, localizer: Localizer) -> list[str]:
    """What sets a candidate apart from others; new lines under all rules are what is expected.

    Args:
        sheet: The answer.
        rank: The candidate's number, from 1.
        localizer: The language.
    """
    said = []
    if places := sheet.known_places[rank - 1]:
        said.append(
            localizer.format(
                "answer-known", lines=_listed(map(str, places), localizer), count=len(places)
            )
            if sheet.wish.is_poem
            else localizer.format("answer-known-line")
        )
    relaxed = sheet.offers[rank - 1].relaxed
    if relaxed and not sheet.relaxed_by_all:
        said.append(_without(relaxed, localizer))
    return said


def remark_of_all(sheet: AnswerMessage, localizer: Localizer) -> list[str]:
    """What holds for all candidates: too little time, new lines if the bundle can tell, lost rules.

    Args:
        sheet: The answer.
        localizer: The language.
    """
    said = [] if sheet.method.complete else [localizer.format("answer-cut-short")]
    if all(offer.known for offer in sheet.offers):
        said.append(localizer.format("answer-new", known=sum(map(len, sheet.known_places))))
    if sheet.relaxed_by_all:
        said.append(_without(sheet.relaxed_by_all, localizer))
    return said


def _without(relaxed: Iterable[str], localizer: Localizer) -> str:
    names = (localizer.format("answer-rule", rule=rule) for rule in relaxed)
    return localizer.format("answer-relaxed", rules=_listed(names, localizer))


def _listed(items: Iterable[str], localizer: Localizer) -> str:
    return localizer.format("answer-and").join(items)
