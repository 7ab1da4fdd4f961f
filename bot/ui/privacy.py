"""How a member is told what is stored, and has it deleted."""

import discord

from ..i18n import Localizer
from ..store import Forgotten
from .layout import Layout

__all__ = ["FORGET", "deleted_layout", "privacy_layout", "question_layout"]

FORGET = r"lianju:forget:1:(?P<owner>\d{1,20}):(?P<step>ask|keep|delete)"


def privacy_layout(speech: Localizer, owner: int, retention_days: int) -> Layout:
    """What is stored and what is not, with a button that leads to the deletion."""
    kept = [
        speech.say("privacy-favorites"),
        speech.say("privacy-prompts", days=retention_days),
        speech.say("privacy-asked"),
    ]
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('privacy-heading')}"),
        discord.ui.TextDisplay(
            "\n".join([speech.say("privacy-stored"), *(f"- {sentence}" for sentence in kept)])
        ),
        discord.ui.TextDisplay(speech.say("privacy-not-stored")),
        discord.ui.TextDisplay(speech.say("privacy-server")),
        discord.ui.TextDisplay(f"-# {speech.say('privacy-messages')}"),
        discord.ui.ActionRow(
            _button(speech.say("privacy-delete"), owner, "ask", discord.ButtonStyle.danger)
        ),
    )


def question_layout(speech: Localizer, owner: int) -> Layout:
    """Asks once more, and says what will be gone."""
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('privacy-sure')}"),
        discord.ui.TextDisplay(speech.say("privacy-sure-what")),
        discord.ui.ActionRow(
            _button(speech.say("privacy-yes"), owner, "delete", discord.ButtonStyle.danger),
            _button(speech.say("privacy-no"), owner, "keep", discord.ButtonStyle.secondary),
        ),
    )


def deleted_layout(speech: Localizer, forgotten: Forgotten) -> Layout:
    """What was deleted."""
    deleted = [
        speech.say(key, count=count)
        for key, count in (
            ("privacy-deleted-favorites", forgotten.favorites),
            ("privacy-deleted-prompts", forgotten.prompts),
            ("privacy-deleted-asked", forgotten.unlinked),
        )
        if count
    ]
    if not deleted:
        return Layout(discord.ui.TextDisplay(speech.say("privacy-deleted-nothing")))
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('privacy-deleted')}"),
        discord.ui.TextDisplay("\n".join(f"- {what}" for what in deleted)),
    )


def _button(
    label: str, owner: int, step: str, style: discord.ButtonStyle
) -> discord.ui.Button[Layout]:
    return discord.ui.Button(label=label, style=style, custom_id=f"lianju:forget:1:{owner}:{step}")
