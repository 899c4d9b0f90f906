"""Groups of MPI processes, here two to four on this computer."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("mpi4py")

MPIEXEC = Path(sysconfig.get_path("scripts")) / "mpiexec"
PROGRAM = Path(__file__).with_name("mpi_program.py")


def check(size: int, *words: str) -> None:
    command = [str(MPIEXEC), "-n", str(size), sys.executable, "-m", "mpi4py", str(PROGRAM)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("all right") == size


@pytest.mark.parametrize(
    "size", [2, *(pytest.param(size, marks=pytest.mark.slow) for size in (1, 3, 4))]
)
def test_each_method_does_what_it_says(size: int) -> None:
    check(size)


@pytest.mark.slow
def test_a_worker_that_rests_may_be_silent() -> None:
    check(2, "rest")
