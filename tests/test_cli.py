"""`lianju` as a whole, as its user types it: language, processes, and paths that fail."""

import subprocess
import sys

import pytest
from lianju.bot.i18n import Localizer

from .command_line import LINE, sentence
from .command_line import bundle as bundle
from .command_line import clean_environment as clean_environment
from .command_line import lianju as lianju
from .command_line import refused as refused
from .sqlite import empty_database as empty_database


def test_alone_it_shows_its_help(lianju):
    status, out, err = lianju()
    assert (status, err) == (0, "")
    assert "generate" in out


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh_TW.UTF-8", "zh-TW"),
        ("zh_HK", "zh-TW"),
        ("zh_MO.UTF-8", "zh-TW"),
        ("zh_Hant", "zh-TW"),
        ("zh_TW@radical", "zh-TW"),
        ("zh_SG.UTF-8", "zh-CN"),
        ("zh_Hans_MO", "zh-CN"),
        ("zh_CN.UTF-8", "zh-CN"),
        ("zh", "zh-CN"),
        ("en_GB.UTF-8", "en"),
        ("de_DE.UTF-8", "en"),
        ("C", "en"),
    ],
)
@pytest.mark.parametrize("variable", ["LC_ALL", "LC_MESSAGES", "LANG"])
def test_errors_are_in_the_language_of_the_locale(refused, monkeypatch, variable, locale, language):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "fr_FR")
    monkeypatch.setenv(variable, locale)
    assert refused("poem") == Localizer(language).format("cli-no-line")


def test_version(lianju):
    status, out, _ = lianju("--version")
    assert status == 0
    assert out.startswith("lianju ")


def test_as_a_process(bundle):
    command = [sys.executable, "-m", "lianju.bot", "poem", LINE, "--bundle", str(bundle)]
    good = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith(f"{LINE}\n")
    bad = subprocess.run([*command, "--beam", "0"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "lianju: Beam width 0 is out of range: choose from 1 to 64.\n"


def test_a_closed_pipe_is_not_an_error(bundle, tmp_path):
    source = tmp_path / "prompts.txt"
    source.write_text("白日依山尽\n" * 300, encoding="utf-8")
    options = f"--bundle '{bundle}' --beam 1 --length 1"
    lianju = f"'{sys.executable}' -m lianju.bot generate '{source}' --out - {options}"
    done = subprocess.run(
        ["bash", "-c", f"{lianju} | head -n 1"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0\t白日依山尽\n", "")


LONG = "a" * 300  # more than a name may have


@pytest.mark.parametrize(
    "command",
    [
        ("poem", LINE, "--bundle", LONG),
        ("backup", LONG),
        ("restore", LONG),
        ("generate", "prompts.txt", "--out", LONG),
    ],
)
def test_path_that_cannot_be_looked_up_is_one_sentence(
    refused, monkeypatch, tmp_path, empty_database, command
):
    (tmp_path / "prompts.txt").write_text("白日", encoding="utf-8")
    empty_database(tmp_path / "lianju.sqlite3")
    monkeypatch.setenv("LIANJU_DATABASE", f"sqlite+aiosqlite:///{tmp_path / 'lianju.sqlite3'}")
    told = refused(*command)
    assert LONG in told
    assert "answer" not in told


def test_database_that_cannot_be_looked_up_fails_its_check_alone(lianju, monkeypatch, tmp_path):
    monkeypatch.setenv("LIANJU_DATABASE", f"sqlite+aiosqlite:///{tmp_path / LONG}")
    status, out, err = lianju("serve", "--check")
    assert (status, err) == (2, "")
    verdicts = {row.split()[1]: row.split()[0] for row in out.splitlines()}
    assert verdicts == {"settings": "ok", "bundle": "ok"} | dict.fromkeys(
        ("database", "token"), "FAILED"
    )


@pytest.mark.parametrize("command", [("backup", "x"), ("generate", "{}", "--out", "x")])
def test_working_folder_that_is_gone_is_one_sentence(refused, tmp_path, monkeypatch, command):
    source = tmp_path / "prompts.txt"
    source.write_text("白日", encoding="utf-8")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    told = refused(*(each.format(source) for each in command))
    monkeypatch.chdir(tmp_path)
    assert told == sentence("cli-folder-gone")
