"""Errors whose message is one sentence for the user of the command line."""

from __future__ import annotations


class ExportError(Exception):
    """A bundle cannot be written or measured; the message says why and what to do."""


class VerificationError(ExportError):
    """A bundle does not compute what its checkpoint computes."""
