"""Which characters are Han."""

import re

__all__ = ["is_han"]

# 〇, the unified ideographs with their extensions (Unicode blocks), and the compatibility ones.
_HAN = re.compile(
    "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af]"
)


def is_han(token: str) -> bool:
    """Whether `token` is exactly one Han character."""
    return len(token) == 1 and _HAN.match(token) is not None
