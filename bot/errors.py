"""The base of every error that a user may read."""

__all__ = ["LianjuError", "NotAllowedError", "NotFoundError", "SetupError", "missing_extra"]


class LianjuError(Exception):
    """An error with a message in the Fluent files of `bot/locales`.

    `str()` returns the message in English.

    Args:
        key: Key of the message.
        facts: Its variables.

    Attributes:
        key: Key of the message.
        facts: Its variables.
    """

    def __init__(self, key: str, **facts: str | int | float) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts

    def __str__(self) -> str:
        from .i18n import ENGLISH, Localizer  # which imports this module

        return Localizer(ENGLISH).format(self.key, **self.facts)


class NotAllowedError(LianjuError):
    """The user may not do this, or not in this place."""


class NotFoundError(LianjuError):
    """What the user refers to does not exist, or no longer."""


class SetupError(LianjuError):
    """The extension cannot be added to this bot, or not in the way that was asked for."""


def missing_extra(error: ModuleNotFoundError, extra: str) -> LianjuError:
    """Returns the error for a module that an extra brings.

    Args:
        error: What importing it has raised.
        extra: The extra.

    Raises:
        ModuleNotFoundError: The module is one of ours.
    """
    module = str(error.name).partition(".")[0]
    if module == "lianju":
        raise error
    return LianjuError("cli-extra", module=module, extra=extra)
