"""Layouts of `/privacy`."""

import discord

from ..i18n import Localizer
from ..linked import KEPT_S
from ..markdown import small
from ..store import DeletedData
from .layout import Layout

__all__ = ["DELETE_BUTTON", "confirmation_layout", "deleted_layout", "privacy_layout"]

DAY = 24 * 60 * 60
DELETE_BUTTON = r"lianju:forget:1:(?P<owner>\d{1,20}):(?P<step>ask|keep|delete)"


def privacy_layout(localizer: Localizer, owner: int, retention_days: int) -> Layout:
    """Returns which data is stored and which is not, with a button to delete it."""
    kept = [
        localizer.format("privacy-favorites"),
        localizer.format("privacy-prompts", days=retention_days),
        localizer.format("privacy-linked", days=int(KEPT_S // DAY)),
        localizer.format("privacy-guesses"),
        localizer.format("privacy-asked"),
    ]
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('privacy-heading')}"),
        discord.ui.TextDisplay(
            "\n".join([localizer.format("privacy-stored"), *(f"- {sentence}" for sentence in kept)])
        ),
        discord.ui.TextDisplay(localizer.format("privacy-not-stored")),
        discord.ui.TextDisplay(localizer.format("privacy-server")),
        discord.ui.TextDisplay(small(localizer.format("privacy-messages"))),
        discord.ui.ActionRow(
            _button(localizer.format("privacy-delete"), owner, "ask", discord.ButtonStyle.danger)
        ),
    )


def confirmation_layout(localizer: Localizer, owner: int) -> Layout:
    """Returns the question whether to delete everything."""
    sentences = [localizer.format("privacy-sure-what")]
    if "favorites" in localizer.commands.names:
        sentences.append(localizer.format("privacy-sure-export"))
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('privacy-sure')}"),
        discord.ui.TextDisplay("\n".join(sentences)),
        discord.ui.ActionRow(
            _button(localizer.format("privacy-yes"), owner, "delete", discord.ButtonStyle.danger),
            _button(localizer.format("privacy-no"), owner, "keep", discord.ButtonStyle.secondary),
        ),
    )


def deleted_layout(localizer: Localizer, data: DeletedData) -> Layout:
    """Returns what was deleted."""
    deleted = [
        localizer.format(key, count=count)
        for key, count in (
            ("privacy-deleted-favorites", data.favorites),
            ("privacy-deleted-prompts", data.recent_lines),
            ("privacy-deleted-asked", data.unlinked),
            ("privacy-deleted-linked", data.linked_lines),
            ("privacy-deleted-guesses", data.guess_scores),
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
