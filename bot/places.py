"""Where something happens: in a server, which its id names, or outside of all."""

__all__ = ["OUTSIDE"]

OUTSIDE = 0
"""The guild id of direct messages, which share what one server has: a queue, hearts, scores."""
