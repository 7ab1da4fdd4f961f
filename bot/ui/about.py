"""Layouts of `/about` and `/help`."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import discord

from ..engine import BundleInfo
from ..i18n import Localizer
from ..markdown import literal, small
from ..rounds import GuessFigure
from .layout import Layout

__all__ = ["about_layout", "help_layout"]

MAX_FIGURES = 4  # bundles
MAX_FACT = 100  # characters of a name in a manifest
FEATURES = (
    "poem",
    "acrostic",
    "couplet",
    "check",
    "lianju",
    "answer",
    "hearts",
    "pictures",
    "revise",
    "favorites",
    "leaderboard",
    "guess",
    "remove-verse",
    "settings",
    "about",
    "privacy",
    "help",
)


def about_layout(
    localizer: Localizer, bundle: BundleInfo, figures: Sequence[GuessFigure] = ()
) -> Layout:
    """Returns the model's size, quality, device, versions and licenses.

    Args:
        localizer: The language.
        bundle: The bundle that answers.
        figures: What readers' guesses say of it, and of others.
    """
    model = bundle.model
    rows = [
        localizer.format(
            "about-size",
            cell=model.cell.upper(),
            layers=model.layers,
            hidden=str(model.hidden_size),
            parameters=model.parameters,
            tokens=model.vocabulary_size,
        ),
        *_perplexity(localizer, bundle),
        *_guesses(localizer, bundle, figures),
        localizer.format("about-provider", provider=bundle.provider.upper()),
        localizer.format(
            "about-versions",
            model=literal(f"{bundle.name} {bundle.version}", MAX_FACT),
            license=literal(bundle.license or "?", MAX_FACT),
            lianju=version("lianju"),
        ),
    ]
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('about-heading')}"),
        discord.ui.TextDisplay(localizer.format("about-what")),
        discord.ui.TextDisplay("\n".join(f"- {row}" for row in rows)),
    )


def help_layout(localizer: Localizer) -> Layout:
    """Returns a description of every command that the bot has."""
    names = localizer.commands.names
    has = (
        names
        | {"hearts", "pictures"}
        | ({"answer"} if localizer.commands.menu is not None else set())
    )
    texts = [localizer.format(f"help-{each}") for each in FEATURES if each in has]
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('help-heading')}"),
        discord.ui.TextDisplay("\n".join(texts)),
        *(
            [discord.ui.TextDisplay(small(localizer.format("help-more")))]
            if names.issuperset(("poem", "acrostic"))
            else []
        ),
    )


def _guesses(localizer: Localizer, bundle: BundleInfo, figures: Sequence[GuessFigure]) -> list[str]:
    """Returns how often readers took lines of a bundle for a poet's, for this one first."""
    current = f"{bundle.name} {bundle.version}"
    ordered = sorted(figures, key=lambda figure: figure.bundle != current)
    return [
        localizer.format(
            "about-guesses",
            model=literal(figure.bundle, MAX_FACT),
            share=round(100 * figure.fooled / figure.guesses),
            guesses=figure.guesses,
        )
        for figure in ordered[:MAX_FIGURES]
    ]


def _perplexity(localizer: Localizer, bundle: BundleInfo) -> list[str]:
    """Returns the perplexity on held-out poems, which bundles of other trainers may lack."""
    measured: Any = bundle.metrics
    for key in ("perplexity", "test"):
        measured = measured.get(key) if isinstance(measured, dict) else None
    if not isinstance(measured, dict):
        return []
    for key, message in (("han", "about-perplexity-han"), ("all", "about-perplexity")):
        if isinstance(measured.get(key), int | float):
            return [localizer.format(message, perplexity=f"{measured[key]:.0f}")]
    return []
