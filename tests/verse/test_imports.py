import subprocess
import sys

from .toy import Toy

FRESH = """
import importlib, pkgutil, sys
import lianju.bot
for module in pkgutil.walk_packages(lianju.bot.__path__, "lianju.bot."):
    importlib.import_module(module.name)
unwanted = ("torch", "onnx", "lianju.training", "lianju.export")
print(*(name for name in sys.modules if name.split(".")[0] in unwanted
        or name.startswith(unwanted[2:])))
"""


def test_the_runtime_needs_no_torch_no_training_and_no_export():
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    assert done.stderr == ""


def test_nothing_is_printed_or_logged_when_a_model_runs(tmp_path):
    script = f"""
from pathlib import Path
from lianju.bot.verse import Request, open_composer
open_composer(Path({str(Toy().write(tmp_path))!r})).compose_now(Request("白日"))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
