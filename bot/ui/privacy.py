"""How a member is told what is stored, and has it deleted."""

import discord

from ..i18n import Localizer
from ..store import DeletedData
from .layout import Layout

__all__ = ["FORGET", "deleted_layout", "privacy_layout", "question_layout"]

FORGET = r"lianju:forget:1:(?P<owner>\d{1,20}):(?P<step>ask|keep|delete)"


def privacy_layout(localizer: Localizer, owner: int, retention_days: int) -> Layout:
    """What is stored and what is not, with a button that leads to the deletion."""
    kept = [
        localizer.format("privacy-favorites"),
        localizer.format("privacy-prompts", days=retention_days),
        localizer.format("privacy-asked"),
    ]
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('privacy-heading')}"),
        discord.ui.TextDisplay(
            "\n".join([localizer.format("privacy-stored"), *(f"- {sentence}" for sentence in kept)])
        ),
        discord.ui.TextDisplay(localizer.format("privacy-not-stored")),
        discord.ui.TextDisplay(localizer.format("privacy-server")),
        discord.ui.TextDisplay(f"-# {localizer.format('privacy-messages')}"),
        discord.ui.ActionRow(
            _button(localizer.format("privacy-delete"), owner, "ask", discord.ButtonStyle.danger)
        ),
    )


def question_layout(localizer: Localizer, owner: int) -> Layout:
    """Asks once more, and says what will be gone."""
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('privacy-sure')}"),
        discord.ui.TextDisplay(localizer.format("privacy-sure-what")),
        discord.ui.ActionRow(
            _button(localizer.format("privacy-yes"), owner, "delete", discord.ButtonStyle.danger),
            _button(localizer.format("privacy-no"), owner, "keep", discord.ButtonStyle.secondary),
        ),
    )


def deleted_layout(localizer: Localizer, forgotten: DeletedData) -> Layout:
    """What was deleted."""
    deleted = [
        localizer.format(key, count=count)
        for key, count in (
            ("privacy-deleted-favorites", forgotten.favorites),
            ("privacy-deleted-prompts", forgotten.recent_lines),
            ("privacy-deleted-asked", forgotten.unlinked),
        )
        if count
    ]
    if not deleted:
        return Layout(discord.ui.TextDisplay(localizer.format("privacy-deleted-nothing")))
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('privacy-deleted')}"),
        discord.ui.TextDisplay("\n".join(f"- {what}" for what in deleted)),
    )


def _button(
    label: str, owner: int, step: str, style: discord.ButtonStyle
) -> discord.ui.Button[Layout]:
    return discord.ui.Button(label=label, style=style, custom_id=f"lianju:forget:1:{owner}:{step}")
