"""Lianju as a cog package of Red-DiscordBot 3.5."""

import io

from lianju import bot as lianju
from lianju.bot.cogs.housekeeping import Housekeeping
from lianju.bot.errors import LianjuError
from lianju.bot.settings import Settings
from redbot.core import commands, data_manager
from redbot.core.bot import Red
from redbot.core.errors import CogLoadError
from redbot.core.utils import get_end_user_data_statement

__red_end_user_data_statement__ = get_end_user_data_statement(__file__)


class Cog(commands.Cog):
    """What each of Lianju's cogs derives from; the one that owns the database has the data."""

    async def red_delete_data_for_user(self, *, requester: str, user_id: int) -> None:
        """Deletes everything, whoever asks for it."""
        if isinstance(self, Housekeeping):
            await self.delete_user(user_id)

    async def red_get_data_for_user(self, *, user_id: int) -> dict[str, io.BytesIO]:
        """Returns all that is stored about a user as files."""
        if not isinstance(self, Housekeeping):
            return {}
        files = await self.export_user(user_id)
        return {name: io.BytesIO(content) for name, content in files.items()}


async def setup(bot: Red) -> None:
    """Adds /lianju, with its database among Red's own data."""
    folder = data_manager.cog_data_path(raw_name="Lianju")
    folder.chmod(0o700)  # the database is its owner's alone
    settings = Settings(database=f"sqlite+aiosqlite:///{folder.as_posix()}/lianju.sqlite3")
    try:
        await lianju.setup(bot, settings=settings, group="lianju", cog_base=Cog)
    except LianjuError as error:
        raise CogLoadError(str(error)) from error


async def teardown(bot: Red) -> None:
    """Removes it; Red calls this when it unloads the package."""
    await lianju.teardown(bot)
