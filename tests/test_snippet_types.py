"""The programs in docs/python.md pass `mypy --strict`: the public API's types are good enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, environment
from tests.test_snippets import fences

PAGE = ROOT / "docs" / "python.md"


@pytest.mark.slow
def test_the_programs_pass_mypy_in_its_strict_mode(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    snippets = [f for f in fences(PAGE.read_text(encoding="utf-8")) if f.language == "python"]
    assert len(snippets) >= 6
    program = tmp_path / "program.py"
    program.write_text("\n\n".join(f.text for f in snippets) + "\nreveal_type(trainer.fit)\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml"]
    done = subprocess.run(
        [*command, f"--cache-dir={tmp_path / 'cache'}", str(program)],
        cwd=ROOT,
        env=environment(MYPYPATH=str(ROOT)),
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The types are known, and not Any because the package was not found.
    assert "def (epochs: int) -> list[dict[str, Any]]" in done.stdout, done.stdout
