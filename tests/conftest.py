import gc
import os

from hypothesis import settings

os.environ["LC_ALL"] = "C.UTF-8"  # the command line speaks the language of the locale

# How long an example takes says more about what else runs on the machine.
settings.register_profile("lianju", deadline=None)
settings.load_profile("lianju")


def pytest_collection_finish():
    """Leaves what is imported and collected, near a million objects, out of garbage collections."""
    gc.collect()
    gc.freeze()
