"""The log of a run that is cut off."""

from pathlib import Path

import pytest
from lianju.training.run_log import RunLog, read_log


@pytest.fixture
def folder(tmp_path):
    """The folder of a run with a log of four updates."""
    log = RunLog(tmp_path, 0)
    for update in range(1, 5):
        log.write(update, loss=5.0 - update)
    log.close()
    return tmp_path


def updates(folder):
    return [row["update"] for row in read_log(folder / "log.csv")]


def test_a_run_that_is_killed_as_it_resumes_keeps_its_log(folder):
    resumed = RunLog(folder, 3)
    assert updates(folder) == ["1", "2", "3"]  # what would be left if it were killed now
    resumed.write(4, loss=0.5)
    assert updates(folder) == ["1", "2", "3", "4"]
    resumed.close()


def test_a_run_that_is_stopped_as_it_resumes_keeps_its_log(folder, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        RunLog(folder, 3)
    assert updates(folder) == ["1", "2", "3", "4"]
