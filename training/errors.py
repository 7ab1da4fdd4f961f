"""Errors whose message is one sentence for the person at the keyboard."""

from __future__ import annotations


class TrainingError(Exception):
    """Something that its user can mend; the message says how."""


class CorpusError(TrainingError):
    """The source of the poems cannot be had or read."""


class RecipeError(TrainingError):
    """A recipe has an unknown key, a wrong type or a value out of range."""


class CheckpointError(TrainingError):
    """A checkpoint is missing, damaged, or of another kind of run."""
