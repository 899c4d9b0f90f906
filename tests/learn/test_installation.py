"""A changed installation makes all verdicts void."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace

import pytest

from tinyalex.errors import ConfigError
from tinyalex.learn.grader import installation
from tinyalex.learn.places import PACKAGE, solutions_folder


def test_nothing_changes_by_itself():
    installation.check_unchanged(installation.checked())


@pytest.mark.parametrize("change", ["changed", "new", "removed"])
def test_a_file_that_changes_comes_or_goes_is_found(change):
    before = installation.checked()
    path = str(PACKAGE / "learn" / "grader" / "examine.py")
    library = next(name for name in before if "numpy" in name)
    if change == "removed":
        before |= {str(PACKAGE / "gone.py"): "0"}
    for name in (path, library) if change == "changed" else (path,):
        then = dict(before)
        if change == "changed":
            then[name] = "0"
        elif change == "new":
            del then[name]
        with pytest.raises(ConfigError, match="changed while answers were judged"):
            installation.check_unchanged(then)


@pytest.mark.parametrize("value", ["aB3", None])
def test_a_file_that_is_not_as_installed_is_refused(monkeypatch, value):
    """A wheel's RECORD has a hash for each file; one without a hash is not compared."""
    path = solutions_folder() / "06_relu.py"
    record = SimpleNamespace(mode="sha256", value=value) if value else None
    file = SimpleNamespace(hash=record, locate=lambda: path)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: SimpleNamespace(files=[file]))
    if value:
        with pytest.raises(ConfigError, match="not the file that was installed"):
            installation.checked()
    else:
        assert str(path) in installation.checked()
