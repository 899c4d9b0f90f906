"""A script that calls `prepare` without ``if __name__ == "__main__":``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.pictures import class_folders
from tests.processes import environment
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import ConfigError

SCRIPT = """
from tinyalex.data.prepare import Form, prepare
prepare("pets", "dst", Form(size=400), workers=2, shard_mb=1)
"""


@pytest.mark.slow
def test_a_missing_guard_is_reported_once(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", {"a": 5, "b": 5})
    (tmp_path / "script.py").write_text(SCRIPT)
    said = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment(), capture_output=True
    ).stderr.decode()
    assert said.count("Traceback") == 1
    assert 'Try: put the call under `if __name__ == "__main__":`' in said
    assert "lack of memory" not in said


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    pets = class_folders(tmp_path / "pets", {"a": 2, "b": 2})
    with pytest.raises(ConfigError, match=r"seed must be from 0 (.|\n)*got -5"):
        prepare(pets, tmp_path / "dst", Form(size=8), seed=-5, workers=1)
