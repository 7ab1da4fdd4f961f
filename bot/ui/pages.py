"""Lists of several pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import discord

from ..i18n import Localizer
from ..verses import Page

__all__ = ["PAGE_NUMBER", "PAGE_SIZE", "PageInfo", "page_buttons", "read_page"]

PAGE_SIZE = 10  # entries
PAGE_NUMBER = r"(?P<page>\d{1,9})"  # the end of a page button's custom id

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class PageInfo:
    """The position of a page in its list.

    Attributes:
        number: Number of the page, from 0.
        total: Number of entries in the list.
    """

    number: int
    total: int

    @property
    def pages(self) -> int:
        """Number of pages; an empty list has one."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first_rank(self) -> int:
        """Rank of the page's first entry, from 1."""
        return self.number * PAGE_SIZE + 1


async def read_page(
    read: Callable[[int, int], Awaitable[Page[Entry]]], number: int
) -> tuple[PageInfo, list[Entry]]:
    """Reads a page, or the last one if the list is too short.

    Args:
        read: Reads entries, given an offset and a limit.
        number: Number of the page, from 0.
    """
    page = await read(number * PAGE_SIZE, PAGE_SIZE)
    last = PageInfo(number, page.total).pages - 1
    if number > last:
        return await read_page(read, last)
    return PageInfo(number, page.total), list(page.items)


def page_buttons(
    localizer: Localizer, page: PageInfo, list_id: str
) -> list[discord.ui.ActionRow[Any]]:
    """Returns the buttons to the previous and next page, if there are several pages.

    Args:
        localizer: The language of the labels.
        page: The page that is shown.
        list_id: The custom ids without the page number.
    """
    if page.pages == 1:
        return []
    row = discord.ui.ActionRow[Any]()
    for key, number in (("page-before", page.number - 1), ("page-after", page.number + 1)):
        row.add_item(
            discord.ui.Button(
                label=localizer.format(key),
                custom_id=f"{list_id}:{number}",
                disabled=not 0 <= number < page.pages,
            )
        )
    return [row]
