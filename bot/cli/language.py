"""Messages of the command line, in the language of the locale."""

import os
import re
from collections.abc import Sequence

import click

from ..characters import describe, printable
from ..errors import LianjuError
from ..i18n import ENGLISH, Localizer, language_of_tag

__all__ = ["format_error", "locale_localizer", "path_error", "tell_missing"]


def locale_localizer() -> Localizer:
    """Returns the language of LC_ALL, LC_MESSAGES or LANG, such as `zh_TW.UTF-8`."""
    values = map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
    name, *_ = re.split("[.@]", next(filter(None, values), ""))  # without codeset and modifier
    return Localizer(language_of_tag(name.replace("_", "-")) or ENGLISH)


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
