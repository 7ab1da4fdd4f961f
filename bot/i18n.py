"""Localized messages: Project Fluent files in `bot/locales`."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluent.runtime import FluentBundle, FluentResource

from .commands import MENU, Commands
from .errors import LianjuError
from .markdown import escape

if TYPE_CHECKING:  # the command line does without discord.py
    import discord

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "OTHER_LOCALES",
    "Language",
    "Localizer",
    "Markdown",
    "language_for",
    "language_of_tag",
    "load_languages",
    "localizer_for",
    "messages",
]

Language = Literal["auto", "en", "zh-CN", "zh-TW"]
"""Language of the bot; `auto` is the user's language, or else the server's."""

LANGUAGES: dict[Language, str] = {"en": "English", "zh-CN": "简体中文", "zh-TW": "繁體中文"}
"""The name of each language, in that language."""

ENGLISH = "en"
SURROGATES = re.compile("[\ud800-\udfff]")
MAX_FACT = 2000  # characters; Fluent puts {???} in the place of more than 2,500
OTHER_LOCALES = {"en-US": ENGLISH, "en-GB": ENGLISH, "zh-SG": "zh-CN", "zh-HK": "zh-TW"}
"""The languages of locales that are not named like one."""

TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
"""What language tags of traditional Chinese begin with."""

_log = logging.getLogger(__name__)


class Markdown(str):
    """A fact that is already markdown, such as a channel mention; it is not escaped."""

    __slots__ = ()


@cache
def messages(language: str) -> FluentBundle:
    """Returns all messages of a language."""
    # Isolation marks around facts help right-to-left languages only, and would be copied with text.
    bundle = FluentBundle([language], use_isolating=False)
    for path in sorted((Path(str(files("lianju.bot"))) / "locales" / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle


@dataclass(frozen=True)
class Localizer:
    """Formats messages in one language.

    Attributes:
        language: One of `LANGUAGES`.
        commands: What the commands are called that messages mention.
    """

    language: str
    commands: Commands = field(default_factory=Commands)

    def format(self, key: str, **facts: str | int | float) -> str:
        """Returns a message, in English if the language lacks it.

        Every message may use the variable `slash`, which stands before the name of a command.

        Args:
            key: The message's name in the `.ftl` files.
            facts: Its variables. Numbers get separators; pass ids and years as text.

        Raises:
            KeyError: There is no such message.
        """
        bundle = messages(self.language)
        if not bundle.has_message(key):
            bundle = messages(ENGLISH)
        pattern = bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        shortened = {
            # Halves of surrogate pairs cannot be sent.
            name: SURROGATES.sub("\ufffd", fact[:MAX_FACT]) if isinstance(fact, str) else fact
            for name, fact in facts.items()
        }
        text, faults = bundle.format_pattern(pattern, self._names() | shortened)
        if faults:  # such as a missing fact, whose name stands in the text
            _log.error("message=%s language=%s faults=%d", key, self.language, len(faults))
        return str(text)

    def join(self, items: Iterable[str]) -> str:
        """Returns a list as text."""
        return self.format("answer-and").join(items)

    def _names(self) -> dict[str, str | int]:
        """Returns what is known to every message."""
        menu = self.commands.menu or MENU
        return {"slash": self.commands.slash, "menu": escape(menu), "renamed": int(menu != MENU)}

    def format_error(self, error: LianjuError) -> str:
        """Returns the error's sentence as markdown.

        Facts that are text may quote the user and are escaped, unless they are `Markdown`.
        """
        facts = {
            name: escape(fact) if isinstance(fact, str) and not isinstance(fact, Markdown) else fact
            for name, fact in error.facts.items()
        }
        return self.format(error.key, **facts)


def load_languages() -> None:
    """Reads the messages of all languages, and how each of them writes numbers.

    The first message of a language takes some 0.3 s, for which an event loop would wait.
    """
    for language in LANGUAGES:
        Localizer(language).format("favorites-exported", count=1000)


def localizer_for(
    interaction: "discord.Interaction[Any]",
    setting: Language = "auto",
    commands: Commands = Commands(),  # noqa: B008 -- frozen
) -> Localizer:
    """Returns the server's language if it has set one, else the user's, else the server's locale.

    Args:
        interaction: The interaction to answer.
        setting: The server's setting.
        commands: What the commands are called.
    """
    locales = map(str, (interaction.locale, interaction.guild_locale))
    return Localizer(language_for(setting, *locales), commands)


def language_for(setting: Language, *locales: str | None) -> str:
    """Returns the language of a setting, or else that of the first locale that has one here.

    Args:
        setting: The server's setting.
        locales: Discord's names of locales.
    """
    if setting != "auto":
        return setting
    languages = (OTHER_LOCALES.get(locale or "", locale or "") for locale in locales)
    return next((each for each in languages if each in LANGUAGES), ENGLISH)


def language_of_tag(tag: str) -> str | None:
    """Returns the language for a language tag, such as zh-Hant-MO; None if there is none.

    https://www.rfc-editor.org/rfc/rfc5646

    Args:
        tag: The tag, in whatever case.
    """
    tag = tag.lower()
    for known in (*LANGUAGES, *OTHER_LOCALES):
        if tag == known.lower():
            return OTHER_LOCALES.get(known, known)
    if tag.startswith(TRADITIONAL):
        return "zh-TW"
    return {"zh": "zh-CN", "en": ENGLISH}.get(tag.partition("-")[0])
