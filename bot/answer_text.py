"""The remarks on an answer that Discord and the page both make, as plain text."""

from collections.abc import Iterable, Sequence

from .i18n import Localizer

__all__ = ["candidate_remarks", "relaxed_by_all", "relaxed_text"]


def relaxed_by_all(relaxed: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Returns the rules that were dropped, if these are the same for all candidates.

    Args:
        relaxed: The rules that were dropped for each of them.
    """
    different = set(relaxed)
    return different.pop() if len(different) == 1 else ()


def candidate_remarks(
    localizer: Localizer, known: Sequence[int], relaxed: tuple[str, ...], *, is_poem: bool
) -> list[str]:
    """Returns the remarks on one candidate: lines of the corpus, and dropped rules.

    Args:
        localizer: The language.
        known: The numbers, from 1, of its new lines that the corpus has.
        relaxed: The rules that were dropped for it; empty if they were for all candidates, as the
            answer says so then.
        is_poem: Whether it has several lines, so that the known ones are told by their numbers.
    """
    texts = []
    if known and is_poem:
        numbers = localizer.join(map(str, known))
        texts.append(localizer.format("answer-known", lines=numbers, count=len(known)))
    elif known:
        texts.append(localizer.format("answer-known-line"))
    if relaxed:
        texts.append(relaxed_text(localizer, relaxed))
    return texts


def relaxed_text(localizer: Localizer, relaxed: tuple[str, ...]) -> str:
    """Returns the sentence about rules that were dropped."""
    names = (localizer.format("answer-rule", rule=rule) for rule in relaxed)
    return localizer.format("answer-relaxed", rules=localizer.join(names))
