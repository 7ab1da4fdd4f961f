"""Which of the commands a bot has, and what its members call them."""

from dataclasses import dataclass

__all__ = ["COMMANDS", "GROUP", "MENU", "Commands"]

COMMANDS = (
    "poem",
    "acrostic",
    "couplet",
    "check",
    "favorites",
    "leaderboard",
    "guess",
    "lianju",
    "remove-verse",
    "settings",
    "privacy",
    "about",
    "help",
)
MENU = "Answer this line"
GROUP = "lianju group"
"""Marks the group among the `extras` of a command."""


@dataclass(frozen=True)
class Commands:
    """The commands of one bot.

    Attributes:
        names: Those of `COMMANDS` that it has.
        group: The command whose subcommands they are; None if each is a command of its own.
        menu: The name of the message menu; None if it is left out.
    """

    names: frozenset[str] = frozenset(COMMANDS)
    group: str | None = None
    menu: str | None = MENU

    @property
    def slash(self) -> str:
        """What members type before the name of a command."""
        return "/" if self.group is None else f"/{self.group} "

    def usual_name(self, qualified_name: str) -> str:
        """Returns what a command is called where nothing is renamed, without the slash."""
        if qualified_name == self.menu:
            return MENU
        return qualified_name.removeprefix(f"{self.group} ")
