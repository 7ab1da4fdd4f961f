"""The base of messages of Components V2."""

from typing import Any

import discord

__all__ = ["ACCENT_COLOR", "MAX_TEXT", "Layout"]

ACCENT_COLOR = discord.Colour(0x2F4F4F)
MAX_TEXT = 4000  # characters of all texts of a message


class Layout(discord.ui.LayoutView):
    """A message in one frame, whose buttons and selects are stateless (see `cogs.items`).

    The view is stopped at once. discord.py would keep it in memory otherwise, and stop listening
    to a private one after 15 minutes.
    """

    def __init__(self, *parts: discord.ui.Item[Any]) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Container(*parts, accent_colour=ACCENT_COLOR))
        self.stop()
