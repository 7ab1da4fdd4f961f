"""What a user gets from the wheel."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import defaultdict
from pathlib import Path
from sysconfig import get_path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "export", "training")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the sources: a build leaves files that would find their way into the next one."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    return source


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, cwd=out)
    return unpack(out)


def unpack(folder):
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_contains_every_file_of_the_packages_under_one_name(wheel):
    wanted = {
        f"lianju/{path.relative_to(ROOT).as_posix()}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = {
        path.relative_to(wheel).as_posix()
        for path in (wheel / "lianju").rglob("*")
        if path.is_file()
    }
    assert found == wanted
    assert {path.name for path in wheel.iterdir() if "dist-info" not in path.name} == {"lianju"}


EDITABLE = """
import importlib, pkgutil, site, sys
site.addsitedir(sys.argv[2])  # first: an editable installation of this version has the same names
sys.path.append(sys.argv[1])  # the dependencies, without what is installed there as editable
for name in sys.argv[3:]:
    package = importlib.import_module(name)
    print(package.__file__)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if module.ispkg:
            print(importlib.import_module(module.name).__file__)
"""


def test_an_editable_installation_has_every_package(source, tmp_path):
    build = "import sys, setuptools.build_meta as backend; backend.build_editable(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, tmp_path], check=True, capture_output=True, cwd=source
    )
    names = [f"lianju.{package}" for package in PACKAGES]
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", EDITABLE, get_path("purelib"), unpack(tmp_path), *names],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    wanted = {path for package in PACKAGES for path in (source / package).rglob("__init__.py")}
    assert set(map(Path, found.stdout.split())) == wanted


def test_the_version_has_an_entry_in_the_changelog():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {project['version']} - " in changelog


def test_ci_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- test -->\n```sh\n(.*?)```", readme, re.DOTALL)
    lines = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', *block.splitlines()]


def test_the_workflow_calls_the_same_script():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "- run: .ci/run\n" in workflow
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_image_copies_all_that_the_build_needs(source):
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
        for name in line.split()[:-1]
    }
    assert copied == {path.name for path in source.iterdir()} - {"build", "lianju.egg-info"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


def test_the_wheel_answers_from_an_empty_folder(wheel, tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIANJU_")}
    # The wheel's own copy goes before the one under development.
    run = subprocess.run(
        [sys.executable, "-m", "lianju.bot", "poem", "黄河远上白云间", "--plain", "--json"],
        env=environment | {"PYTHONPATH": str(wheel)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    answer = json.loads(run.stdout)
    scores = [candidate["log_prob"] for candidate in answer["candidates"]]
    assert len({candidate["text"] for candidate in answer["candidates"]}) == 5
    assert scores == sorted(scores, reverse=True)
    where = subprocess.run(
        [sys.executable, "-c", "import lianju.bot; print(lianju.bot.__file__)"],
        env=environment | {"PYTHONPATH": str(wheel)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(wheel)


def test_an_answer_leaves_nothing_behind(wheel, tmp_path):
    # ONNX Runtime reports nothing from a CI machine anyhow, so this must not look like one.
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    subprocess.run(
        [sys.executable, "-m", "lianju.bot", "poem", "黄河远上白云间"],
        env=kept | {"PYTHONPATH": str(wheel), "HOME": str(home), "PYTHONUTF8": "1"},
        cwd=home,
        capture_output=True,
        check=True,
    )
    assert list(home.rglob("*")) == []


def test_the_pinned_versions_are_those_that_the_package_accepts():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs" / "deploy" / "requirements.txt").read_text(encoding="utf-8")
    pinned = defaultdict(list)
    for line in text.replace("\\\n", "").splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            assert all(each.startswith("sha256:") for each in hashes)
            assert hashes
            parsed = Requirement(requirement)
            pinned[canonicalize_name(parsed.name)].append(parsed)
    for required in map(Requirement, project["dependencies"]):
        found = pinned[canonicalize_name(required.name)]
        assert found, required
        for each in found:
            (version,) = each.specifier
            assert version.operator == "=="
            assert required.specifier.contains(version.version), (required, each)
