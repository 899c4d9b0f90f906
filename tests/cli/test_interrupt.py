"""Ctrl-C while a command starts, runs and ends: exit code 130, and never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib

import pytest

from tests.processes import ROOT, environment
from tinyalex import training
from tinyalex.lock import locked

# In place of the real one, among the first that are loaded.
TYPER = """
import signal
try:
    signal.raise_signal(signal.SIGINT)
except BaseException:  # as where code is called from C
    pass
raise SystemExit("loading went on")
"""

PROGRAM = """
import atexit, signal, sys
from tinyalex import cli, models
{where} = lambda *_, **__: signal.raise_signal(signal.SIGINT)
{afterwards}
sys.argv = ["tinyalex", "model", "tiny", "--quiet"]
"""


def script() -> str:
    """What the script that pip installs as `tinyalex` does."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, function = scripts["scripts"]["tinyalex"].split(":")
    return f"import {module}\n{module}.{function}()\n"


def start(*words, **options):
    """Run Python, with Ctrl-C as it is on a terminal: a background job's may be ignored."""
    before = signal.signal(signal.SIGINT, options.pop("ctrl_c", signal.SIG_DFL))
    try:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"env": environment()} | options,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def interrupting(tmp_path):
    """An environment in which Ctrl-C comes while the commands are loaded."""
    (tmp_path / "typer.py").write_text(TYPER, encoding="utf-8")
    path = [str(tmp_path), environment()["PYTHONPATH"]]
    return environment(PYTHONPATH=os.pathsep.join(path))


@pytest.mark.parametrize("words", [["-m", "tinyalex"], ["-c", script()]], ids=["module", "script"])
def test_while_the_commands_are_loaded_it_ends_silently(words, interrupting):
    assert start(*words, "--version", env=interrupting) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_where_it_is_ignored_it_stays_so(interrupting):
    done = start("-m", "tinyalex", env=interrupting, ctrl_c=signal.SIG_IGN)
    assert done == (1, "", "loading went on\n")


@pytest.mark.parametrize(
    ("where", "afterwards", "said"),
    [
        ("cli._Commands.make_context", "", ""),
        ("models.build", "", "error: interrupted\n"),
        ("at_exit", "atexit.register(at_exit)", ""),
    ],
    ids=["before the command", "in the command", "after it"],
)
def test_from_there_to_the_end_there_is_no_traceback(where, afterwards, said):
    program = PROGRAM.format(where=where, afterwards=afterwards) + script()
    code, _, err = start("-c", program)
    assert (code, err) == (130, said)


@pytest.mark.parametrize(("number", "code"), [(None, 130), (2, 130), (15, 143), (1, 129)])
def test_a_stopped_training_ends_as_shells_expect(call, monkeypatch, number, code):
    summary = {"interrupted": True} | ({} if number is None else {"signal": number})
    monkeypatch.setattr(training, "train", lambda *_, **__: summary)
    result = call("train", "--out", "run")
    assert result.exit_code == code and "train --resume run" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_second_reproduce_in_a_folder_is_refused(refused, tmp_path):
    with locked(tmp_path / "reproduced" / "laptop" / "lrsweep", "reproduce"):
        assert "(reproduce, since" in refused("reproduce", "lrsweep")
