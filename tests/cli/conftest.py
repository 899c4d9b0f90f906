"""One short run that the tests of commands share, and a way to call commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.data.pictures import encode, noise, write
from tests.processes import environment
from tinyalex.cli import app


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Run a command in this process, in an empty folder, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    # `watch` lowers its priority, which is this process's for good.
    monkeypatch.setattr(os, "nice", lambda step: 0, raising=False)

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="tinyalex")

    return run


@pytest.fixture
def refused(call):
    """Run a command that must end with a clear error; returns what it said."""

    def run(*words):
        result = call(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert "Traceback" not in result.stderr
        return result.stderr

    return run


@pytest.fixture
def shell(tmp_path):
    """Run a command as a program of its own, its output piped."""

    def run(*words, **variables):
        return subprocess.run(
            [sys.executable, "-m", "tinyalex", *(str(word) for word in words)],
            cwd=tmp_path,
            env=environment(**{"COLUMNS": "80"} | variables),
            capture_output=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a run of one epoch; not to be changed."""
    folder = tmp_path_factory.mktemp("shared") / "run"
    words = ["train", "--epochs", "1", "--out", str(folder), "--quiet"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def copy_of_run(trained, tmp_path):
    """A copy of the run, to be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


@pytest.fixture
def few(pictures: Path) -> tuple[object, ...]:
    """Options of a training that takes a moment."""
    return ("--data", pictures, "--model", "tiny")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few and small images: four steps per epoch, and half of the time of digits to start."""
    folder = tmp_path_factory.mktemp("few") / "pictures"
    for i in range(140):
        write(folder / "ab"[i % 2] / f"{i}.png", encode(noise((16, 16, 3), seed=i)))
    return folder
