"""Files are put into a bundle that is there already, all of them or none."""

from pathlib import Path

import pytest
from lianju.bot.verse.model.bundle import load_bundle
from lianju.export.errors import ExportError
from lianju.export.update import update_bundle

from ..verse.toy import Toy, read_manifest

CONTENTS = {"vocab.txt": "tokens", "new.txt": "something"}


@pytest.fixture
def bundle(tmp_path):
    return Toy().write(tmp_path / "toy")


@pytest.fixture
def update(bundle):
    """Replaces a file, adds another, and changes the manifest."""

    def change(manifest):
        manifest["license"] = "another"

    def update_one():
        files = {"vocab.txt": (bundle / "vocab.txt").read_bytes(), "new.txt": b"new"}
        update_bundle(bundle, files, CONTENTS, "2.0.0", change)

    return update_one


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_bundle_has_what_was_put_into_it(bundle, update):
    names = set(content(bundle))
    update()
    assert set(content(bundle)) == {*names, "new.txt"}
    manifest = load_bundle(bundle).manifest  # which checks all checksums
    assert (manifest.version, manifest.license) == ("2.0.0", "another")
    told = read_manifest(bundle)["files"]
    assert {name: told[name]["content"] for name in CONTENTS} == CONTENTS


@pytest.mark.parametrize(
    ("error", "told"),
    [(OSError(28, "No space left"), ExportError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
@pytest.mark.parametrize("failing", range(1, 5))
def test_after_an_error_the_bundle_is_as_it_was(error, told, failing, bundle, update, monkeypatch):
    before, replace, calls = content(bundle), Path.replace, []

    def fail(path, target):
        calls.append(path)
        if len(calls) == failing:
            raise error
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(told):
        update()
    assert content(bundle) == before
    load_bundle(bundle)
    monkeypatch.undo()
    update()


def test_what_cannot_be_written_is_refused(bundle, update, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    before = content(bundle)
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(ExportError, match="No space left on device"):
        update()
    monkeypatch.undo()
    assert content(bundle) == before
