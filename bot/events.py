"""What happens, for the cogs of the host: `bot.dispatch` tells them.

A cog listens with `@commands.Cog.listener()` on a method `on_lianju_answer(self, event)`,
`on_lianju_favorite` or `on_lianju_forget`. discord.py runs each listener as a task of its own and
reports its errors, so none can delay or break an answer.
"""

from dataclasses import dataclass
from typing import ClassVar

from .verses import Verse

__all__ = ["AnswerEvent", "FavoriteEvent", "ForgetEvent"]


@dataclass(frozen=True)
class AnswerEvent:
    """An answer was posted; all that is here can be read in its channel.

    Attributes:
        command: `poem`, `acrostic`, `Answer this line`, `again` for *Another batch*, or `revise`
            for a poem that was revised.
        user_id: Who asked.
        guild_id: The server; None in direct messages.
        channel_id: The channel; None if Discord did not say.
        message_id: The message with the answer; None if Discord did not say.
        prompt: What was asked, a line a line; for an acrostic its first characters, for a revised
            poem what was kept, with ? for an open line and ？ for an open character.
        verses: The couplets or poems, best first.
    """

    NAME: ClassVar = "lianju_answer"

    command: str
    user_id: int
    guild_id: int | None
    channel_id: int | None
    message_id: int | None
    prompt: str
    verses: tuple[Verse, ...]


@dataclass(frozen=True)
class FavoriteEvent:
    """A member keeps a verse, or no longer does; it is in the database.

    Attributes:
        user_id: The member.
        guild_id: The server where it is kept; None for direct messages.
        verse: The verse.
        added: Whether the member keeps it now.
    """

    NAME: ClassVar = "lianju_favorite"

    user_id: int
    guild_id: int | None
    verse: Verse
    added: bool


@dataclass(frozen=True)
class ForgetEvent:
    """All data of a user was deleted: delete what you have stored of the other events as well.

    Attributes:
        user_id: The user.
    """

    NAME: ClassVar = "lianju_forget"

    user_id: int
