"""Long lists, shown a page at a time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import discord

from ..i18n import Localizer
from ..store import Page

__all__ = ["PAGE_NUMBER", "PAGE_SIZE", "Place", "read_page", "turns"]

PAGE_SIZE = 10  # entries
PAGE_NUMBER = r"(?P<page>\d{1,9})"  # the end of a turning button's custom id

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Place:
    """Which page of a list is shown.

    Attributes:
        page: Its number, from 0.
        total: Entries of the whole list.
    """

    page: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; even an empty list has one."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first(self) -> int:
        """The rank of the page's first entry, from 1."""
        return self.page * PAGE_SIZE + 1


async def read_page(
    read: Callable[[int, int], Awaitable[Page[Entry]]], number: int
) -> tuple[Place, list[Entry]]:
    """A page of a list, or the last one where the list has become too short for it.

    Args:
        read: Returns the entries from an offset on, at most so many of them.
        number: The page's number, from 0.
    """
    page = await read(number * PAGE_SIZE, PAGE_SIZE)
    last = Place(number, page.total).pages - 1
    if number > last:
        return await read_page(read, last)
    return Place(number, page.total), list(page.items)


def turns(localizer: Localizer, place: Place, list_id: str) -> list[discord.ui.ActionRow[Any]]:
    """The buttons to the page before and the page after, if there is more than one page.

    Args:
        localizer: The language of their labels.
        place: The page that is shown; at the ends of the list one button is dead.
        list_id: The beginning of their custom ids, which says what list they turn.
    """
    if place.pages == 1:
        return []
    row = discord.ui.ActionRow[Any]()
    for key, page in (("page-before", place.page - 1), ("page-after", place.page + 1)):
        row.add_item(
            discord.ui.Button(
                label=localizer.format(key),
                custom_id=f"{list_id}:{page}",
                disabled=not 0 <= page < place.pages,
            )
        )
    return [row]
