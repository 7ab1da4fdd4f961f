"""Finds the packages; pyproject.toml has everything else.

The folders `bot`, `export` and `training` install as `lianju.bot`, `lianju.export` and
`lianju.training`: pyproject's `packages.find` cannot add that prefix.
"""

from setuptools import find_namespace_packages, setup

ROOTS = ("bot", "export", "training")

setup(
    packages=[
        f"lianju.{name}"
        # Folders of data, which have no __init__.py, are packages as well: so nothing is forgotten.
        for name in find_namespace_packages(
            include=[pattern for root in ROOTS for pattern in (root, f"{root}.*")],
            exclude=["*__pycache__*"],
        )
    ]
)
