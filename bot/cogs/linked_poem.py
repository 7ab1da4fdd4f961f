"""What becomes of a poem that members have written together: hearts and a picture."""

import datetime

from ..errors import NotAllowedError, NotFoundError
from ..events import FavoriteEvent
from ..linked import Line, Table
from ..picture import LIANJU
from ..ui.linked import POEM_BUTTON
from ..ui.picture import Sheet
from ..ui.replies import Interaction, defer_private_reply, defer_update
from ..verses import Verse
from .items import CogItem, cog_item
from .linked_base import LinkedCog
from .members import member_names
from .pictures import Pictures, check_place

__all__ = ["LinkedPoems"]

NAME = "Lianju poems of linked verse"
TITLE = "《"  # after a poet's name


class LinkedPoems(LinkedCog, name=NAME):
    """Handles the buttons below a poem that is finished."""

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Keeps the poem, or shows its picture."""
        table_id = int(button.match["table"])
        if button.match["action"] == "heart":
            await self._toggle_favorite(interaction, table_id)
        else:
            await self._draw(interaction, table_id)

    async def _toggle_favorite(self, interaction: Interaction, table_id: int) -> None:
        """Keeps a poem, or no longer; all who wrote it have the heart."""
        async with self.handle(interaction, defer_update) as context:
            context.check()
            table, verse = await self._finished(table_id)
            user_id, guild_id = interaction.user.id, table.guild_id
            kept = await self.resources.store.favorites.toggle(
                user_id,
                guild_id,
                verse,
                None,
                self.resources.clock(),
                interaction.created_at.timestamp(),
                writers=table.writers,
            )
            event = FavoriteEvent(user_id, guild_id, verse, added=kept)
            interaction.client.dispatch(event.NAME, event)
            await self.redraw(interaction.client, table_id, interaction)

    async def _draw(self, interaction: Interaction, table_id: int) -> None:
        """Shows the picture of a poem to who asks for it, who may post it."""
        async with self.handle(interaction, defer_private_reply) as context:
            check_place(interaction, context.guild_settings, public=False)
            table, verse = await self._finished(table_id)
            pictures = interaction.client.get_cog(Pictures.__cog_name__)
            if not isinstance(pictures, Pictures):
                raise NotAllowedError("busy-closing")
            await defer_private_reply(interaction)  # names are asked for one by one
            day = datetime.datetime.fromtimestamp(table.touched_at, datetime.UTC).date()
            with pictures.limit(interaction):
                sheet = Sheet(verse.lines, "", await _names(interaction, table), day)
                picture = await pictures.draw(interaction, context, sheet)
            await pictures.show(interaction, context, sheet, picture, None)

    async def _finished(self, table_id: int) -> tuple[Table, Verse]:
        try:
            table = await self.resources.store.linked.get(table_id)
        except NotFoundError:
            raise NotFoundError("linked-poem-gone") from None
        if table.verse is None or table.state == "open":
            raise NotAllowedError("linked-unfinished")
        return table, table.verse

    items = (cog_item(NAME, POEM_BUTTON, press),)


async def _names(interaction: Interaction, table: Table) -> tuple[str, ...]:
    """Returns the names of the writers, in the order of their first lines.

    Who left the server has none.
    """
    members = await member_names(interaction, table.writers)

    def writer(line: Line) -> str | None:
        if line.by == "lianju":
            return LIANJU
        if line.by == "poet":
            return (line.source or "").partition(TITLE)[0]
        return None if line.user_id is None else members.get(line.user_id)

    return tuple(dict.fromkeys(filter(None, map(writer, table.lines))))
