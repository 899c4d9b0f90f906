"""Edited index.json of a packed data set, with a right fingerprint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.data.pictures import class_folders
from tests.typed.edits import edits, sample
from tinyalex.cli import app
from tinyalex.data.packed import index as index_module
from tinyalex.data.packed import read_index
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import DataError


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A data set whose fingerprint is always right."""
    src = class_folders(tmp_path / "src", {"cats": 4, "dogs": 4})
    prepare(src, tmp_path / "packed", Form(request.param, size=8), workers=1)
    monkeypatch.setattr(index_module, "fingerprint", lambda index: index.fingerprint)
    return tmp_path / "packed"


@pytest.mark.parametrize("packed", ["raw"], indirect=True)
def test_every_edit_of_the_index_is_read_or_refused(packed: Path) -> None:
    path = packed / "index.json"
    tried = refused = 0
    for what, text in edits(json.loads(path.read_text())):
        path.write_text(text)
        tried += 1
        try:
            index = read_index(packed)
        except DataError as error:
            refused += 1
            assert str(path) in error.message and len(error.message) < 1000, what
        else:
            assert len(index.layout.classes) == 2 and index.splits["train"].records == 6, what
    assert tried > 500 and refused > 0.7 * tried, (tried, refused)


@pytest.mark.slow
@pytest.mark.parametrize("packed", ["raw", "jpeg"], indirect=True)
@pytest.mark.parametrize("command", ["info", "verify"])
def test_commands_end_well_or_with_our_error(packed: Path, command: str) -> None:
    path = packed / "index.json"
    for what, text in sample(json.loads(path.read_text()), 30):
        path.write_text(text)
        result = CliRunner().invoke(app, ["data", command, str(packed)], prog_name="tinyalex")
        assert result.exit_code in (0, 2), (what, result.output, result.exception)
