"""What members type into forms: read from what was sent, and kept where it was refused."""

from typing import Any

from ..i18n import SURROGATES

__all__ = ["FENCE", "field_value", "read_typed", "typed_block"]

FENCE = "```"
TYPED = f"{FENCE}text\n"  # begins what was refused; other blocks of ours have no such word


def field_value(data: Any, field: str) -> str | None:
    """Returns what stands in a field of a form that was sent; None if it has no such field.

    Args:
        data: The data of the interaction.
        field: The custom id of the field.
    """
    for row in data.get("components", ()):
        for part in (row.get("component"), *row.get("components", ())):
            if part and part.get("custom_id") == field:
                return str(part.get("value", ""))
    return None


def typed_block(text: str, most: int) -> str:
    """Returns what was typed as a block of a message, so that it is not lost.

    Args:
        text: The text.
        most: How many of its characters the form takes.
    """
    kept = SURROGATES.sub("\ufffd", text[:most]).replace("`", "'")
    return f"{TYPED}{kept}\n{FENCE}"


def read_typed(content: str) -> str | None:
    """Returns what a block of `typed_block` holds; None for any other text."""
    if not content.startswith(TYPED):
        return None
    return content.removeprefix(TYPED).removesuffix(f"\n{FENCE}")
