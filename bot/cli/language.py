"""Messages of the command line, in the language of the locale."""

import os
from collections.abc import Sequence

import click

from ..characters import describe, printable
from ..errors import LianjuError
from ..i18n import ENGLISH, LANGUAGES, OTHER_LOCALES, Localizer

__all__ = ["format_error", "locale_localizer", "path_error", "tell_missing"]


def locale_localizer() -> Localizer:
    """Returns the language of LC_ALL, LC_MESSAGES or LANG, such as `zh_TW.UTF-8`."""
    values = map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, values), "").partition(".")[0].replace("_", "-")
    language = OTHER_LOCALES.get(locale, locale)
    if language not in LANGUAGES:
        language = "zh-CN" if language.startswith("zh") else ENGLISH
    return Localizer(language)


def path_error(error: OSError) -> LianjuError:
    """Returns the error for one that names a file or folder."""
    reason = error.strerror or str(error)
    return LianjuError("cli-path-failed", path=str(error.filename), reason=reason)


def format_error(error: LianjuError) -> str:
    """Returns the error's sentence as plain text, without control characters."""
    return printable(locale_localizer().format(error.key, **error.facts))


def tell_missing(characters: Sequence[str]) -> None:
    """Tells on standard error which characters the typeface lacks, if any."""
    if characters:
        error = LianjuError("picture-missing", missing=" ".join(map(describe, characters)))
        click.echo(f"lianju: {format_error(error)}", err=True)
