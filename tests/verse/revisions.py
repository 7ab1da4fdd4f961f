"""Poems of which parts are kept: a toy that revises them."""

import pytest
from lianju.bot.verse import Request, Rerank, Revision, open_composer

from .test_poems import write_bundle

LETTERS = "黄河远上白云间日入"  # of a toy that is small enough for an exhaustive search


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("revision") / "toy")


@pytest.fixture(scope="module")
def composer(bundle):
    composer = open_composer(bundle, "cpu", 1)
    yield composer
    composer.close()


def revise(composer, text, search=None, form=None, **options):
    return composer.compose_now(Request(text, form or Revision(), search or Rerank(1), **options))
