"""Pictures are drawn whatever backend of pyplot the environment names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import environment
from tinyalex import cli
from tinyalex.errors import RunError
from tinyalex.report import figure

DRAW = """
import os, sys
import numpy as np
from tinyalex.report import filters
filters(np.zeros((4, 1, 3, 3)), sys.argv[1])
import matplotlib
print(os.environ["MPLBACKEND"], matplotlib.rcParams["backend"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend, kept", [("module://nowhere.to_be", True), ("nobody", False)])
def test_pictures_are_drawn_with_a_notebooks_backend_in_the_environment(tmp_path, backend, kept):
    path = tmp_path / "filters.png"
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(path)],
        env=environment(MPLBACKEND=backend),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    variable, chosen = done.stdout.split()
    assert variable == backend  # for what else the caller starts
    assert (chosen == backend) == kept  # a name that Matplotlib takes is the caller's choice
    assert path.stat().st_size > 1000


def test_commands_draw_into_files_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://nowhere.to_be")
    seen = {}
    monkeypatch.setattr(cli, "app", lambda **_: seen.update(cli.os.environ))
    cli.main()
    assert seen["MPLBACKEND"] == "agg"


def test_a_matplotlib_that_does_not_load_is_an_error_with_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(RunError, match="Matplotlib cannot be loaded"):
        figure.new_figure(1, 1, 50)
