"""What a user gets from the wheel."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "export", "training")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # Of a copy: a build leaves files behind that would find their way into the next wheel.
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, cwd=out)
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(out / "site")
    return out / "site"


def test_the_wheel_holds_every_file_of_the_packages_and_installs_under_one_name(wheel):
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
