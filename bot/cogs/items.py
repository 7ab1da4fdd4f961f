"""Buttons and selects that a cog handles, in messages of any age."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from ..errors import NotAllowedError
from ..i18n import Markdown
from ..ui.replies import Interaction

__all__ = ["CogItem", "check_owner", "cog_item"]


class CogItem(discord.ui.DynamicItem[Any], template=r"(?!)"):  # only subclasses match anything
    """A button or select whose custom id holds all that its cog needs.

    Attributes:
        match: The custom id, parsed by the template.
    """

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Creates the item for one use, from the message alone."""
        return cls(item, match)


def cog_item(
    cog_name: str, template: str, handler: Callable[[Any, Interaction, CogItem], Awaitable[None]]
) -> type[CogItem]:
    """Returns a class of buttons or selects that a method of a cog handles.

    Args:
        cog_name: The name of the cog.
        template: The regular expression of their custom ids.
        handler: The method.
    """

    class Item(CogItem, template=template):
        async def callback(self, interaction: Interaction) -> None:
            cog = interaction.client.get_cog(cog_name)
            if cog is not None:
                await handler(cog, interaction, self)

    return Item


def check_owner(interaction: Interaction, owner: str, command: str) -> None:
    """Refuses every user but the owner.

    Args:
        interaction: The use of a button or select.
        owner: The owner's id.
        command: The command that shows the user's own, without the slash.

    Raises:
        NotAllowedError: The user is not the owner.
    """
    if str(interaction.user.id) != owner:
        raise NotAllowedError("page-not-yours", command=Markdown(command))
