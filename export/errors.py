"""Errors whose message is one sentence for the person at the keyboard."""

from __future__ import annotations

from lianju.bot.errors import LianjuError


class ExportError(LianjuError):
    """A bundle cannot be written or measured; the message says why and what to do."""


class ProofError(ExportError):
    """A bundle does not compute what its checkpoint computes."""


def missing(command: str, error: ModuleNotFoundError) -> ExportError:
    """Says what to install for a command that needs more than the runtime."""
    return ExportError(f"`{command}` needs {error.name}: run pip install 'lianju[training]'.")
