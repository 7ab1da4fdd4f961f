"""The language of a response."""

from starlette.requests import Request

from ..i18n import ENGLISH, Localizer, language_of_tag

__all__ = ["localizer_of", "preferred_language"]

HEADER = "accept-language"
MAX_HEADER = 1000  # characters that are read


def localizer_of(request: Request) -> Localizer:
    """Returns the language that the request's Accept-Language prefers; English if it has none."""
    return Localizer(preferred_language(request.headers.get(HEADER, "")))


def preferred_language(header: str) -> str:
    """Returns one of `LANGUAGES` for the content of an Accept-Language header.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    ranges = []
    for number, part in enumerate(header[:MAX_HEADER].split(",")):
        tag, _, weight = part.strip().lower().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            ranges.append((-quality, number, tag.strip()))
    return next(filter(None, (language_of_tag(tag) for *_, tag in sorted(ranges))), ENGLISH)
