import gc
import os
from collections import Counter

from hypothesis import settings

os.environ["LC_ALL"] = "C.UTF-8"  # the command line speaks the language of the locale

# How long an example takes says more about what else runs on the machine.
settings.register_profile("lianju", deadline=None)
settings.load_profile("lianju")

# Files whose few tests take long. xdist hands out files in the order of the tests, and one that is
# begun last keeps a single process busy in the end.
LONG = ("test_couplet_batches", "test_packaging", "test_trainer", "test_batch_invariance")


def pytest_collection_modifyitems(items):
    """Puts long files first, then those with most tests."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.stem not in LONG, -tests[item.path], item.path))


def pytest_collection_finish():
    """Leaves what is imported and collected, near a million objects, out of garbage collections."""
    gc.collect()
    gc.freeze()
