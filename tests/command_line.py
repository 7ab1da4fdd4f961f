"""`lianju` as its user types it, on the bundle of a toy."""

import os

import pytest
from lianju.bot import cli
from lianju.bot.errors import LianjuError
from lianju.bot.verse import Request, open_composer

from .verse.toy import Toy

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("cli") / "toy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("LIANJU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIANJU_THREADS", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # not where the user's verse is
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lianju(capsys, monkeypatch, bundle):
    """Runs a command on the toy bundle; returns status, standard output and standard error."""
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))

    def run(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def refused(lianju):
    """Runs a command that must fail as bad input does; returns the one sentence."""

    def run(*arguments):
        status, out, err = lianju(*arguments)
        assert (status, out) == (2, "")
        assert err.startswith("lianju: ")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err.removeprefix("lianju: ").removesuffix("\n")

    return run


def sentence(key, **facts):
    return str(LianjuError(key, **facts))


def answers(bundle, text, **options):
    composer = open_composer(bundle, "cpu", 1)
    return composer.compose_now(Request(text, **options))
