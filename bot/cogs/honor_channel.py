"""The channel of a page of honor: which can be chosen, and what the bot needs there."""

from typing import Any

import discord
from discord import app_commands

from ..errors import NotAllowedError, NotFoundError
from ..honor import Fault
from ..i18n import Localizer, Markdown
from ..ui.replies import Interaction

__all__ = ["ChannelError", "PageChannel", "check_channel", "find_fault", "recent_messages"]

KINDS = [discord.ChannelType.text, discord.ChannelType.news]
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    attach_files=True,
    read_message_history=True,  # to find what was posted just before a crash
)
EARLIER_S = 60  # by which our clock may be ahead of Discord's
SEARCHED = 200  # messages of a channel, from when posting was begun


class ChannelError(NotAllowedError):
    """Nothing can be posted on a page of honor, until an admin sets it again.

    Args:
        fault: What is wrong with its channel.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__("settings-fault", fault=fault)


class PageChannel(app_commands.Transformer):
    """An option for a channel, of which Discord offers those that `check_channel` accepts."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Its kind."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The kinds of channels."""
        return KINDS

    async def transform(self, interaction: Interaction, value: Any, /) -> Any:
        """Returns the channel as Discord sent it."""
        return value


async def check_channel(
    interaction: Interaction,
    chosen: app_commands.AppCommandChannel | app_commands.AppCommandThread,
    localizer: Localizer,
) -> None:
    """Checks that verse can be posted in a channel.

    Raises:
        NotAllowedError: It is a thread, a forum or the like, or the bot lacks a permission.
        NotFoundError: The server has no such channel.
    """
    here, kinds = {"channel": Markdown(f"<#{chosen.id}>")}, KINDS
    if chosen.type not in kinds:
        raise NotAllowedError("anthology-kind", **here)
    guild = interaction.client.get_guild(interaction.guild_id or 0)
    if guild is None or guild.unavailable:  # such as of a bot that is not told of its servers
        await _check_visible(interaction, chosen.id, here)
        return
    channel = guild.get_channel(chosen.id)
    if channel is None:
        raise NotFoundError("anthology-unknown")
    if missing := _missing(guild, channel):
        names = [localizer.format("anthology-permission", permission=each) for each in missing]
        permissions = Markdown("、".join(names) if localizer.language != "en" else ", ".join(names))
        raise NotAllowedError("anthology-permissions", permissions=permissions, **here)


def find_fault(client: discord.Client, guild_id: int, channel_id: int) -> Fault | None:
    """Returns why nothing can be posted in a channel, as far as it is known without asking."""
    guild = client.get_guild(guild_id)
    if guild is None or guild.unavailable or not guild.channels:
        return None
    channel = guild.get_channel(channel_id)
    if channel is None:
        return "gone"
    return "forbidden" if _missing(guild, channel) else None


async def recent_messages(
    client: discord.Client, channel_id: int, since: int
) -> list[discord.Message]:
    """Returns the bot's own messages of a channel from a Unix time on.

    Raises:
        discord.HTTPException: It cannot be read.
    """
    after = discord.Object((int((since - EARLIER_S) * 1000) - discord.utils.DISCORD_EPOCH) << 22)
    channel = client.get_partial_messageable(channel_id)
    own = None if client.user is None else client.user.id
    history = channel.history(limit=SEARCHED, after=after, oldest_first=True)
    return [message async for message in history if message.author.id == own]


def _missing(guild: discord.Guild, channel: discord.abc.GuildChannel) -> list[str]:
    if guild.get_member(guild._state.self_id or 0) is None:
        return []  # whose permissions are not known
    allowed = channel.permissions_for(guild.me)
    return [name for name, needed in NEEDED if needed and not getattr(allowed, name)]


async def _check_visible(interaction: Interaction, channel_id: int, here: dict[str, Any]) -> None:
    try:
        channel = await interaction.client.fetch_channel(channel_id)
    except discord.NotFound:
        raise NotFoundError("anthology-unknown") from None
    except discord.Forbidden:
        raise NotAllowedError("anthology-hidden", **here) from None
    if getattr(getattr(channel, "guild", None), "id", None) != interaction.guild_id:
        raise NotFoundError("anthology-unknown")
