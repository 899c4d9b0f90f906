"""`tinyalex train --workers`: processes that train together by MPI, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.many import TINYALEX, TRAIN, checkpoint, tinyalex, train
from tests.processes import environment
from tinyalex import training
from tinyalex.group import launch, world
from tinyalex.group.launch import find_mpiexec
from tinyalex.runs.checkpoint import load_checkpoint

pytest.importorskip("mpi4py")

Refused = Callable[..., str]

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.usefixtures("no_process_left"),
]


def test_two_processes_leave_the_bytes_of_one(tmp_path: Path, few: tuple[object, ...]) -> None:
    options = (*few, "--epochs", 1, "--shards", 4)
    settings = {"data": str(few[1]), "model": "tiny", "backend": "numpy", "threads": 1}
    alone = training.RunConfig(**settings, epochs=1, shards=4, out=tmp_path / "1")  # type: ignore[arg-type]
    training.train(alone)
    assert train(tmp_path, "2", *options, "--workers", 2) == checkpoint(tmp_path / "1")


@pytest.mark.slow
def test_one_two_and_four_workers_leave_the_same_bytes(tmp_path: Path) -> None:
    options = ("--epochs", 1, "--shards", 4)
    alone = train(tmp_path, "1", *options)
    for workers in (2, 4):
        assert train(tmp_path, str(workers), *options, "--workers", workers) == alone


@pytest.mark.slow
def test_the_same_on_photographs(tmp_path: Path, real_data: Path) -> None:
    unpack = [sys.executable, str(real_data / "unpack.py")]
    assert tinyalex(tmp_path, tmp_path / "data", program=unpack).returncode == 0
    options = ("--data", "cifar10@2000", "--data-root", tmp_path / "data", "--epochs", 1)
    options += ("--model", "cifar-80sec", "--shards", 4)
    alone = train(tmp_path, "1", *options)
    for workers in (2, 4):
        assert train(tmp_path, str(workers), *options, "--workers", workers) == alone


@pytest.mark.slow
def test_what_cannot_be_shared_out_is_refused_before_anything_is_written(
    tmp_path: Path, few: tuple[object, ...]
) -> None:
    words = few + ("--out", "run", "--workers", 2, "--shards", 3)
    done = tinyalex(tmp_path, *TRAIN, *words)
    assert done.returncode == 2
    assert done.stderr == (
        "error: 3 shards cannot be shared out evenly to 2 workers\n"
        "Try: a number of workers that divides 3; or, for a new run, --shards 4\n"
    )
    assert not (tmp_path / "run").exists()


def test_shards_larger_than_a_batch_are_refused(refused: Refused, tmp_path: Path) -> None:
    said = refused(*TRAIN, "--out", "run", "--shards", 64, "--batch-size", 32)
    assert said.startswith("error: --shards must be at most 32, the images of a batch (got 64)\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_another_number_than_mpi_started_is_refused(tmp_path: Path) -> None:
    mpiexec = [find_mpiexec(), "-n", "2", *TINYALEX]
    done = tinyalex(tmp_path, *TRAIN, "--workers", 3, program=mpiexec)
    assert done.returncode == 2
    assert "error: --workers 3, but MPI started 2\nTry: --workers 2\n" in done.stderr


@pytest.mark.parametrize(
    "launcher", ["PMI", pytest.param("OMPI_COMM_WORLD", marks=pytest.mark.slow)]
)
def test_processes_that_do_not_see_each_other_are_refused(tmp_path: Path, launcher: str) -> None:
    """As if started by another MPI's mpiexec: else each would train by itself into one folder."""
    variables = environment(**{f"{launcher}_RANK": "0", f"{launcher}_SIZE": "2"})
    command = [*TINYALEX, *TRAIN, "--out", "run"]
    done = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: the launcher started 2 processes, but MPI sees 1: they")
    assert done.stderr.count("\n") == 2
    assert not (tmp_path / "run").exists()


def test_srun_without_mpi_is_refused(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "2")
    assert refused(*TRAIN, "--workers", 2) == (
        "error: srun started 2 processes that do not see each other\nTry: srun --mpi=pmi2\n"
    )


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        (launch.shutil, "which", "several workers need mpiexec, which is not there"),
        (world, "find_spec", "several workers need mpi4py, which is not installed"),
    ],
)
@pytest.mark.parametrize(
    "command", [TRAIN, ("evaluate", "run"), ("bench",)], ids=lambda words: words[0]
)
def test_what_is_missing_is_said_in_one_sentence(
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    module: Any,
    name: str,
    said: str,
) -> None:
    monkeypatch.setattr(module, name, lambda *a, **k: None)
    error = refused(*command, "--workers", 2)
    assert error.startswith(f"error: {said}\nTry: ")
    assert error.count("\n") == 2


@pytest.mark.slow
def test_only_rank_0_needs_the_runs_folder(tmp_path: Path, few: tuple[object, ...]) -> None:
    """Each host has a disk of its own, here a folder."""
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir(), b.mkdir()

    def trained(*words: object) -> None:
        one = [*TINYALEX, *TRAIN, *map(str, words)]
        both = ["-n", "1", "-wdir", str(a), *one, ":", "-n", "1", "-wdir", str(b), *one]
        done = tinyalex(tmp_path, program=[find_mpiexec(), *both])
        assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")

    trained(*few, "--epochs", 1, "--out", "run")
    trained("--resume", "run", "--epochs", 2)
    assert load_checkpoint(a / "run").state["epoch"] == 2
    assert not list(b.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["towers", "hybrid"])
def test_two_processes_train_one_network_in_two_parts(tmp_path: Path, kind: str) -> None:
    done = tinyalex(
        tmp_path, *TRAIN, "--out", "run", "--epochs", 1, "--workers", 2, "--parallel", kind
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shards = () if kind == "towers" else ("--shards", 2)
    train(tmp_path, "alone", "--epochs", 1, *shards)
    errors = [json.loads((tmp_path / run / "summary.json").read_text()) for run in ("run", "alone")]
    assert errors[0]["top1_error"] == pytest.approx(errors[1]["top1_error"], abs=2 / 360)
    assert tinyalex(tmp_path, "evaluate", "run").returncode == 0
