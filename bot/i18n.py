"""What Lianju says, in its reader's language: Project Fluent messages from `bot/locales`."""

import logging
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

from .errors import LianjuError
from .ui.markdown import escape

__all__ = ["ENGLISH", "Localizer", "Markdown", "messages"]

ENGLISH = "en"

_log = logging.getLogger(__name__)


class Markdown(str):
    """A fact that is Discord's markdown already, such as the mention of a channel."""

    __slots__ = ()


@cache
def messages(language: str) -> FluentBundle:
    """All messages in a language."""
    # Without isolating: the marks it would put around each fact are of use to right-to-left
    # languages alone, and would be copied along with a couplet.
    bundle = FluentBundle([language], use_isolating=False)
    for path in sorted((Path(str(files("lianju.bot"))) / "locales" / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle


@dataclass(frozen=True)
class Localizer:
    """One language.

    Attributes:
        language: `en`, `zh-CN` or `zh-TW`.
    """

    language: str

    def format(self, key: str, **facts: str | int | float) -> str:
        """The message of that key, in English where the language lacks it.

        Args:
            key: The message's name in the `.ftl` files.
            facts: Its variables. Numbers are written as the language does, with separators, so
                ids and years come as text.

        Raises:
            KeyError: There is no such message.
        """
        bundle = messages(self.language)
        if not bundle.has_message(key):
            bundle = messages(ENGLISH)
        pattern = bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        text, faults = bundle.format_pattern(pattern, facts)
        if faults:  # the text is there, with the missing fact's name in its place
            _log.error("message=%s language=%s faults=%d", key, self.language, len(faults))
        return str(text)

    def format_error(self, error: LianjuError) -> str:
        """The error's sentence as markdown, in English if it has no translation.

        Facts that are text may quote the user and are shown as they were written, unless they
        are `Markdown`.
        """
        if error.key is None or not messages(ENGLISH).has_message(error.key):
            return escape(str(error))
        facts = {
            name: escape(fact) if isinstance(fact, str) and not isinstance(fact, Markdown) else fact
            for name, fact in error.facts.items()
        }
        return self.format(error.key, **facts)
