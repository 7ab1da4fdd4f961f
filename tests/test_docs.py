"""README and docs agree with the code: links, images, commands, settings, names."""

import ast
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import click
import pytest
from lianju.bot.cli import cli as bot
from lianju.bot.settings import Settings, variable
from lianju.export.__main__ import cli as export
from lianju.training.__main__ import cli as training

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")), key=lambda path: path.as_posix()
)
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PROGRAMS = {
    "lianju": bot,
    "lianju-train": training,
    "lianju-export": export,
    "lianju.training": training,  # python -m
}
DISCORD = "/lianju"  # a command there, and no path
MAX_README, MAX_GLOSSARY = 200, 40  # lines
CODE_BLOCK = re.compile(r"^ *```(?P<language>\w*)\n(?P<code>.*?)^ *```", re.DOTALL | re.MULTILINE)
CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)|<(?:img|a)[^>]*(?:src|href)=\"([^\"]+)\"")
SOURCE_PATH = re.compile(r"(?:bot|docs|export|tests|training|\.ci|\.github)/[\w./-]*")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page):
    """The page without its blocks of code."""
    return CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page):
    """The commands of this project in a page's blocks and spans, as lists of words."""
    text = page.read_text(encoding="utf-8")
    blocks = (
        block["code"] for block in CODE_BLOCK.finditer(text) if block["language"] in ("sh", "ini")
    )
    lines = [
        *(line for block in blocks for line in block.replace("\\\n", " ").splitlines()),
        *CODE_SPAN.findall(prose(page)),
    ]
    for line in lines:
        for part in re.split(r"&&|\||;|=(?=/)", line):
            words = [word for word in shlex.split(part, comments=True) if word != "…"]
            for place, word in enumerate(words):
                if word == DISCORD:
                    break
                if Path(word).name in PROGRAMS and (not place or words[place - 1] == "-m"):
                    yield [Path(word).name, *words[place + 1 :]]
                    break


def parse(words):
    """Parses a command line with the real click commands, without running it.

    Raises:
        click.ClickException: There is no such command, option or choice.
    """
    program, *words = words
    command, context = PROGRAMS[program], click.Context(PROGRAMS[program])
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            raise click.UsageError(f"no command {words[0]}")
        command, context, words = found, click.Context(found, parent=context), words[1:]
    values, _, _ = command.make_parser(context).parse_args(list(words))
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice) and isinstance(values.get(parameter.name), str):
            parameter.type.convert(values[parameter.name], parameter, context)


@cache
def all_options():
    def of(command):
        found = {name for option in command.params for name in option.opts}
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                found |= of(command.get_command(context, name))
        return found

    return set().union(*map(of, PROGRAMS.values()))


@every_page
def test_links_and_images_exist(page):
    for groups in LINK.findall(prose(page)):
        target, _, anchor = next(filter(None, groups)).partition("#")
        if re.match(r"\w+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), f"{target}#{anchor}"


@every_page
def test_commands_exist_with_their_options(page):
    for words in commands(page):
        try:
            parse(words)
        except click.ClickException as error:
            pytest.fail(f"{shlex.join(words)}: {error.format_message()}")


@every_page
def test_options_exist(page):
    for span in CODE_SPAN.findall(prose(page)):
        if span.startswith("--"):
            assert span.split()[0] in all_options(), span


def test_a_wrong_command_is_found():
    for line in ("lianju poems", "lianju poem 日 --forms", "lianju poem 日 --form sonnet"):
        with pytest.raises(click.ClickException):
            parse(line.split())
    parse(["lianju", "poem", "日", "--form", "jueju"])


@every_page
def test_code_spans_end_on_their_line(page):
    for line in prose(page).splitlines():
        assert line.count("`") % 2 == 0, line


@every_page
def test_files_exist(page):
    if page.name == "CHANGELOG.md":
        return  # it tells of files that are gone
    for span in CODE_SPAN.findall(prose(page)):
        if SOURCE_PATH.fullmatch(span):
            assert (ROOT / span).exists(), span
    for module in re.findall(r"python -m (tests[\w.]+)", page.read_text(encoding="utf-8")):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_names_exist():
    words = {
        word
        for package in ("bot", "export", "training")
        for pattern in ("*.py", "*.ftl")
        for path in (ROOT / package).rglob(pattern)
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    } | {variable(field) for field in Settings.model_fields}
    for span in CODE_SPAN.findall(ARCHITECTURE.read_text(encoding="utf-8")):
        if name := re.fullmatch(r"([A-Za-z_][\w.]*)(\(.*\))?", span):
            assert words.issuperset(name[1].split(".")), span


def test_contributing_explains_everything_at_the_top():
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    listed = ["git", "-C", str(ROOT), "ls-files"]
    files = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    top = {name.split("/")[0] + "/" * ("/" in name) for name in files}
    named = set(CODE_SPAN.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert top - named == {"README.md", "CONTRIBUTING.md"}


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README


def test_glossary_is_short():
    _, glossary = ARCHITECTURE.read_text(encoding="utf-8").split("\n## Glossary\n")
    assert len(glossary.split("\n## ")[0].strip().splitlines()) <= MAX_GLOSSARY


def test_table_has_every_setting_with_its_default():
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(DISCORD_TOKEN|SENTRY_DSN|LIANJU_\w+)` \| (.*?) \|", text, re.MULTILINE
    )
    fields = Settings.model_fields
    assert {name for name, _ in rows} == {variable(field) for field in fields}
    plain = {
        variable(name): f"`{field.default:g}`"
        if isinstance(field.default, float)
        else f"`{field.default}`".lower()
        for name, field in fields.items()
        if isinstance(field.default, str | int | float)
    }
    assert {name: default for name, default in rows if name in plain} == plain


@every_page
def test_python_blocks_compile(page):
    for block in CODE_BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["language"] == "python":
            compile(block["code"], page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
