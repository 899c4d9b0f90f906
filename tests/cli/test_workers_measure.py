"""`--workers` of the commands that measure: evaluate, doctor and bench."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_workers import TINYALEX, tinyalex

pytest.importorskip("mpi4py")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has not been tried")


def started_by_mpi(size: int) -> list[str]:
    from tinyalex.group.launch import find_mpiexec

    return [find_mpiexec(), "-n", str(size), *TINYALEX]


# ---------------------------------------------------------------------------------- evaluate


def test_evaluate_says_and_writes_the_same_with_any_number_of_workers(
    tmp_path: Path, trained: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    said, written = set(), set()
    for workers, program in ((1, TINYALEX), (2, TINYALEX), (4, started_by_mpi(4))):
        words = ("evaluate", "run", "--crops", 10, "--backend", "numpy", "--workers", workers)
        done = tinyalex(tmp_path, *words, "--json", program=program)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("360 test images, ten crops of each\n") == 1
        said.add(done.stdout)
        written.add((tmp_path / "run" / "evaluation.json").read_text())
    assert len(said) == len(written) == 1
    assert json.loads(said.pop())["n"] == 360


@pytest.mark.parametrize("command", [("evaluate", "run"), ("train",)])
def test_another_number_of_workers_than_mpi_started_is_refused_once(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = tinyalex(tmp_path, *command, "--workers", 2, program=started_by_mpi(3))
    assert done.returncode == 2
    assert done.stderr.endswith("error: --workers 2, but MPI started 3\nTry: --workers 3\n")
    assert done.stderr.count("error: ") == 1


def test_evaluate_names_a_missing_run_once(tmp_path: Path) -> None:
    done = tinyalex(tmp_path, "evaluate", "gone", "--workers", 2)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: gone: not the folder of a run")
    assert done.stderr.count("error: ") == 1
