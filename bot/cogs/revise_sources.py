"""The poems that members can revise: those of answers, favorites and finished linked verse."""

from dataclasses import replace

import discord

from ..errors import NotAllowedError, NotFoundError
from ..guild_settings import GuildSettings
from ..resources import Resources
from ..revising import Revising, is_revisable
from ..ui.answer import parse_answer_message
from ..ui.buttons import Writer
from ..ui.replies import Interaction
from ..ui.revise_state import Origin, RevisionView
from .answers import author_of

__all__ = ["of_answer", "of_favorite", "of_table"]

MAX_RHYME = 8  # characters of the name of a rhyme group, which stands in custom ids


def of_answer(interaction: Interaction, message: discord.Message) -> list[RevisionView]:
    """Returns the poems of an answer, which may be another member's.

    Raises:
        LianjuError: The message cannot be read, or none of its poems can be revised.
    """
    answer = parse_answer_message(message)
    options, seed = answer.options, answer.details.seed or 0
    author_id, asked_at = author_of(message, options)
    rhyme = options.rhyme if len(options.rhyme or "") <= MAX_RHYME else None
    origin = Origin(
        interaction.user.id,
        Writer(author_id, int(asked_at)),
        options.script,
        rhyme,
        options.rules,
        options.known,
    )
    poems = []
    for lines in filter(is_revisable, answer.poems):
        given, has_heads = max(answer.given, 1), options.is_acrostic
        poem = Revising.begin(lines, given, seed, has_heads=has_heads).after_try()
        if options.is_revision:  # keep what it keeps already
            poem = replace(poem, kept=poem.read(answer.prompt).kept)
        poems.append(RevisionView(origin, poem))
    return _checked(poems)


async def of_favorite(
    resources: Resources, interaction: Interaction, favorite_id: int, guild_settings: GuildSettings
) -> list[RevisionView]:
    """Returns a favorite of the member; whoever gave its line is credited in its own server.

    Raises:
        LianjuError: It is gone, or cannot be revised.
    """
    favorite = await resources.store.favorites.one(interaction.user.id, favorite_id)
    if favorite is None:
        raise NotFoundError("picture-gone")
    user_id, author = interaction.user.id, favorite.author_id
    if favorite.guild_id != interaction.guild_id and author != user_id:
        author = None  # who may be unknown here
    origin = Origin(user_id, Writer(author, favorite.kept_at), guild_settings.script)
    lines = favorite.verse.lines
    return _checked([RevisionView(origin, Revising.begin(lines))] if is_revisable(lines) else [])


async def of_table(
    resources: Resources, interaction: Interaction, table_id: int, guild_settings: GuildSettings
) -> list[RevisionView]:
    """Returns a poem that members have written together; its first line decides on the credit.

    Raises:
        LianjuError: It is not finished, not of this channel, or cannot be revised.
    """
    try:
        table = await resources.store.linked.get(table_id)
    except NotFoundError:
        raise NotFoundError("linked-poem-gone") from None
    if table.channel_id != interaction.channel_id:  # somebody made up the number
        raise NotFoundError("linked-poem-gone")
    if table.verse is None or table.state == "open":
        raise NotAllowedError("linked-unfinished")
    first = table.lines[0]
    author = first.user_id if first.by == "member" else None
    origin = Origin(
        interaction.user.id,
        Writer(author, int(first.written_at)),
        guild_settings.script,
        rules=table.rules,
    )
    return _checked(
        [RevisionView(origin, Revising.begin(table.texts))] if is_revisable(table.texts) else []
    )


def _checked(poems: list[RevisionView]) -> list[RevisionView]:
    if not poems:
        raise NotAllowedError("revise-not-this")
    return poems
