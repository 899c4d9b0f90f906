"""How workers end that a launcher has started: all of them, and one sentence says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.group.ranks import processes, shared_memory, wait_for
from tests.processes import environment
from tinyalex.group import launch

pytest.importorskip("mpi4py")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc of Linux"),
    pytest.mark.usefixtures("no_process_left"),
]

ENDING = Path(__file__).with_name("ending.py")
START = "import sys; from tinyalex.group.launch import launch; program = sys.argv[2:]\n"
START += "sys.exit(launch(int(sys.argv[1]), program[1:], program[:1], timeout=1.0))"
HOST = os.uname().nodename if hasattr(os, "uname") else ""
SAYS = {
    "crashes before MPI": "rank 1 on {} was ended by signal 11 (SIGSEGV)\n",
    "exits before MPI": "rank 1 on {} ended without a word, with exit code 3\n",
    "stopped before MPI": "rank 1 on {} has stopped for 1 seconds\n",
    "killed": "rank 2 on {} was ended by signal 9 (SIGKILL): perhaps the",
    "exits": "rank 2 on {} ended without a word, with exit code 3\n",
    "exits with 0": "rank 2 on {} ended without a word, with exit code 0\n",
    "one": "rank 2 on {}: no such folder\nTry: another folder\n",
    "two": "rank 1 on {}: no such folder\nTry: another folder\n",
    "memory": "rank 2 on {}: not enough memory ()\nTry: use a smaller batch size, or",
    "bug": "rank 2 on {}: KeyError: 'no such key'\nTry: the same command again\nTraceback (",
    "sys.exit": "rank 2 on {}: SystemExit: 0\nTry: the same command again\nTraceback (",
    "all say": "interrupted\n",
    "interrupted": "rank 2 on {}: interrupted\n",
}
BY_DEFAULT = ("one",)
AGAIN = "Try: the same command again\n"


def start(folder: Path, kind: str, workers: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(workers), str(ENDING), kind],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "kind",
    [kind if kind in BY_DEFAULT else pytest.param(kind, marks=pytest.mark.slow) for kind in SAYS],
)
def test_the_worker_is_named_that_was_the_first_to_end(tmp_path: Path, kind: str) -> None:
    said = SAYS[kind].format(HOST)
    before = shared_memory()
    process = start(tmp_path, kind, 3)
    out, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert out == "" and error.startswith(f"error: {said}"), error
    assert error.count("error: ") == 1, error
    assert error.count("\n") <= 2 or "Traceback" in said
    wait_for(lambda: not list(processes(tmp_path)))  # the system may still be ending them
    wait_for(lambda: not shared_memory() - before)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGKILL, 9, "mpiexec was ended by signal 9 (SIGKILL)"),
    ],
)
def test_a_signal_that_nobody_has_handled_is_named(
    tmp_path: Path, number: signal.Signals, code: int, said: str
) -> None:
    process = start(tmp_path, "waits", 2)
    wait_for(lambda: len([*tmp_path.glob("waits*")]) == 2)
    target = process.pid if number == signal.SIGTERM else children(process.pid)[0]
    os.kill(target, number)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (code, f"error: {said}\n{AGAIN}")
    wait_for(lambda: not list(processes(tmp_path)))


def test_a_signal_that_comes_while_the_workers_start_is_not_lost(tmp_path: Path) -> None:
    process = start(tmp_path, "waits", 2)
    wait_for(lambda: bool(children(process.pid)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    wait_for(lambda: not list(processes(tmp_path)))


def test_workers_of_which_nobody_says_that_they_ended_well_have_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """MPICH's mpiexec ends with 0, too, when a worker that has left with 0 has ended the others."""
    mpiexec = tmp_path / "mpiexec"
    mpiexec.write_text("#!/bin/sh\nexit 0\n")
    mpiexec.chmod(0o755)
    monkeypatch.setattr(launch, "find_mpiexec", lambda: str(mpiexec))
    assert launch.launch(2, ["train"]) == 1
    assert capsys.readouterr().err.startswith("error: mpiexec ended without a word, with exit code")


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in found.split()]
