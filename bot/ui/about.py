"""What this bot says of itself."""

from importlib.metadata import version
from typing import Any

import discord

from ..i18n import Localizer
from ..verse.model.manifest import Manifest
from .layout import Layout
from .markdown import literal

__all__ = ["about_layout", "help_layout"]

MAX_FACT = 100  # characters of what a bundle says of itself
FEATURES = ("poem", "acrostic", "answer", "hearts", "favorites", "leaderboard", "settings", "about")


def about_layout(speech: Localizer, manifest: Manifest, provider: str) -> Layout:
    """Model, numbers, where it runs, versions and licences.

    Args:
        speech: The language.
        manifest: The bundle's.
        provider: `cpu` or `cuda`, whichever runs the model.
    """
    model = manifest.model
    rows = [
        speech.say(
            "about-size",
            cell=model.cell.upper(),
            layers=model.layers,
            hidden=str(model.hidden_size),
            parameters=model.parameters,
            tokens=model.vocabulary_size,
        ),
        *_perplexity(speech, manifest),
        speech.say("about-provider", provider=provider.upper()),
        speech.say(
            "about-versions",
            model=literal(f"{manifest.name} {manifest.version}", MAX_FACT),
            licence=literal(manifest.license or "?", MAX_FACT),
            lianju=version("lianju"),
        ),
    ]
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('about-heading')}"),
        discord.ui.TextDisplay(speech.say("about-what")),
        discord.ui.TextDisplay("\n".join(f"- {row}" for row in rows)),
    )


def help_layout(speech: Localizer) -> Layout:
    """What every command does."""
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('help-heading')}"),
        discord.ui.TextDisplay("\n".join(speech.say(f"help-{each}") for each in FEATURES)),
        discord.ui.TextDisplay(f"-# {speech.say('help-more')}"),
    )


def _perplexity(speech: Localizer, manifest: Manifest) -> list[str]:
    """What was measured on held-out poems, if the bundle tells; it may be of another trainer."""
    measured: Any = manifest.metrics
    for key in ("perplexity", "test"):
        measured = measured.get(key) if isinstance(measured, dict) else None
    if not isinstance(measured, dict):
        return []
    for key, message in (("han", "about-perplexity-han"), ("all", "about-perplexity")):
        if isinstance(measured.get(key), int | float):
            return [speech.say(message, perplexity=f"{measured[key]:.0f}")]
    return []
