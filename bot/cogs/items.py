"""Buttons and menus that a cog answers, in messages of any age."""

import re
from typing import Any, Self

import discord

from ..errors import LianjuError
from ..i18n import Markdown

__all__ = ["CogItem", "NotYoursError", "check_owner"]

Interaction = discord.Interaction[Any]


class CogItem(discord.ui.DynamicItem[Any], template=r"(?!)"):  # only subclasses match anything
    """A button or menu whose custom id says all that its cog needs to know.

    Attributes:
        match: The custom id, taken apart by the template.
    """

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Makes one for each use, from the message alone."""
        return cls(item, match)


class NotYoursError(LianjuError):
    """Somebody used a button or menu that is for whoever asked.

    Args:
        command: Shows one's own.
    """

    def __init__(self, command: str) -> None:
        super().__init__(
            f"Only whoever asked can use this: ask for your own with {command}.",
            "page-not-yours",
            command=Markdown(f"`{command}`"),
        )


def check_owner(interaction: Interaction, owner: str, command: str) -> None:
    """Refuses whoever is not the owner.

    Args:
        interaction: The press.
        owner: The id of whom the message is for.
        command: How to ask for one's own.

    Raises:
        NotYoursError: Somebody else pressed.
    """
    if str(interaction.user.id) != owner:
        raise NotYoursError(command)
