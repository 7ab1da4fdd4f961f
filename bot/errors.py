"""The base of every error that a user may read."""

__all__ = ["LianjuError"]


class LianjuError(Exception):
    """An error whose message is one sentence that may be shown to the user.

    The sentence stands in the Fluent files of `bot/locales`; `str()` gives it in English.

    Args:
        key: Name of the message.
        facts: Its variables.

    Attributes:
        key: Name of the message; None where the sentence was given instead.
        facts: Its variables.
    """

    def __init__(self, key: str, legacy_key: str | None = None, **facts: str | int | float) -> None:
        super().__init__(key)
        # While sentences move into the Fluent files, an error may still be given one.
        is_sentence = " " in key
        self.key = legacy_key if is_sentence else key
        self.facts = facts
        self._sentence = key if is_sentence else None

    def __str__(self) -> str:
        if self._sentence is not None or self.key is None:
            return self._sentence or ""
        from .i18n import ENGLISH, Localizer

        return Localizer(ENGLISH).format(self.key, **self.facts)
