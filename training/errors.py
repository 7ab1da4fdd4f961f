"""Errors that the command line prints as one sentence."""

from __future__ import annotations


class TrainingError(Exception):
    """An error that the user can correct; the message says how."""


class CorpusError(TrainingError):
    """The source of the poems or a prepared corpus cannot be read."""


class RecipeError(TrainingError):
    """A recipe has an unknown key, a wrong type or a value out of range."""


class CheckpointError(TrainingError):
    """A checkpoint is missing or damaged, or does not fit the run."""
