"""Types of options that several commands share."""

from __future__ import annotations

import math
from pathlib import Path

import click

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
"""Of a file that need not exist; commands that read one say themselves what is missing."""


def finite(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuses infinity and not-a-number, which ranges of click let through."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", ctx, parameter)
    return value
