"""Messages of linked verse that name a member whose data was deleted: they lose the name."""

import asyncio
from collections.abc import Sequence

import aiohttp
import discord

from ..errors import NotFoundError
from ..resources import Resources
from ..store import ShownTable
from .linked_base import LinkedCog, MessageGoneError

__all__ = ["redraw_forgotten"]


def redraw_forgotten(
    resources: Resources, client: discord.Client, tables: Sequence[ShownTable]
) -> None:
    """Draws the messages of tables again, in the background, and deletes those of deleted tables.

    Args:
        resources: What the cogs share.
        client: The bot.
        tables: Those that the member had to do with.
    """
    if tables:
        drawing = asyncio.ensure_future(_redraw(LinkedCog(resources), client, tables))
        resources.background.add(drawing)
        drawing.add_done_callback(resources.background.discard)


async def _redraw(cog: LinkedCog, client: discord.Client, tables: Sequence[ShownTable]) -> None:
    for table in tables:
        if cog.resources.closing.is_set():
            return
        try:
            await cog.redraw(client, table.id)
        except MessageGoneError:
            pass
        except NotFoundError:
            await cog.delete_message(client, table)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            cog.resources.count_failure("message of a table", error)
        except Exception as error:
            cog.resources.count_failure("messages of a forgotten member", error)
