"""Codes of errors by which Discord's API says what is wrong, under its own names.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

__all__ = [
    "ALREADY_ACKNOWLEDGED",
    "UNKNOWN_CHANNEL",
    "UNKNOWN_INTERACTION",
    "UNKNOWN_MESSAGE",
    "UNKNOWN_WEBHOOK",
]

UNKNOWN_CHANNEL = 10003  # it was deleted, as may be the others
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015  # by which interactions are answered
UNKNOWN_INTERACTION = 10062  # its time is over
ALREADY_ACKNOWLEDGED = 40060  # the answer to a retry after a response whose receipt was lost
