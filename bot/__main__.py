"""The entry point of `lianju` and of `python -m lianju.bot`."""

import sys

from .cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
