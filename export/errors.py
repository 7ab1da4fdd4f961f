"""Errors whose message is one sentence for the person at the keyboard."""

from __future__ import annotations


class ExportError(Exception):
    """A bundle cannot be written or read; the message says why and what to do."""


class ProofError(ExportError):
    """A bundle does not compute what its checkpoint computes."""
