"""`tinyalex train --backend cuda` by several MPI processes that believe that they share a GPU.

Kernels are simulated, on a double of CuPy.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends import cuda_here
from tests.cli.test_train_cuda import draw_pictures
from tests.processes import environment

pytest.importorskip("mpi4py")

MPIEXEC = Path(sys.executable).with_name("mpiexec")
WAY = "gradients are added through the host's memory: ranks 0 and 1 share a GPU"


@pytest.mark.slow
def test_a_worker_without_a_gpu_is_refused(tmp_path: Path) -> None:
    words = ["train", "--backend", "cuda", "--workers", "2", "--out", "run"]
    done = subprocess.run(
        [sys.executable, "-m", "tinyalex", *words],
        cwd=tmp_path,
        env=environment(CUDA_VISIBLE_DEVICES=""),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: rank 0 on ") and done.stderr.count("error: ") == 1
    assert " has no GPU: " in done.stderr
    assert done.stderr.endswith("; or --backend numba for all workers\n")
    assert not (tmp_path / "run").exists()


def run(workers: int, folder: Path, *program: str) -> str:
    """What the processes print, which must end well."""
    done = subprocess.run(
        [str(MPIEXEC), "-n", str(workers), sys.executable, "-m", "mpi4py", *program],
        cwd=folder,
        env=environment(NUMBA_ENABLE_CUDASIM="1", OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_program_that_checks_gpus_runs(tmp_path: Path) -> None:
    """But for NCCL, which the double lacks."""
    cuda_here.needs("numba.cuda")
    lines = (
        "from tests.backends import cuda_double; cuda_double.install()\n"
        "from tests.group import gpu_program; gpu_program.main()"
    )
    said = run(2, tmp_path, "-c", lines)
    assert said.count("StagedGroup, rank ") == said.count(": the same bytes") == 2
    assert said.count(WAY) == 1


@pytest.mark.slow
def test_processes_that_share_a_gpu_leave_the_bytes_of_one(tmp_path: Path) -> None:
    cuda_here.needs("numba.cuda")
    draw_pictures(tmp_path / "pictures", 16, 16)
    checkpoints = []
    for workers in (1, 2):
        options = f"--model tiny --batch-size 4 --shards 4 --epochs 1 --out {workers}"
        words = *["train", "--backend", "cuda", "--data", "pictures"], *options.split()
        said = run(workers, tmp_path, "-m", "tests.backends.cuda_command", *words)
        assert said.count(WAY) == workers - 1
        checkpoints.append((tmp_path / str(workers) / "checkpoint.safetensors").read_bytes())
    assert checkpoints[0] == checkpoints[1]


@pytest.mark.slow
def test_the_doctor_and_the_benchmark_add_up_on_the_gpu(tmp_path: Path) -> None:
    cuda_here.needs("numba.cuda")
    lines = (
        "from tests.backends import cuda_double; cuda_double.install()\n"
        "import tinyalex.check.doctor.workers as w; w.MODEL, w.BATCH = 'tiny', 4\n"
        "from tinyalex.cli import main; main()"
    )
    said = run(2, tmp_path, "-c", lines, "doctor", "--backend", "cuda")
    assert said.count(WAY) == said.count("equals NumPy's to the last bit on every worker") == 1
    assert "workers 2, GPUs 1\n" in said and "all green: 2 workers" in said
    words = "bench --backend cuda --workers 2 --model tiny --batch-size 4 --pairs 1 --quiet"
    said = run(2, tmp_path, "-c", lines, *words.split())
    assert said.count("\n2 ") + said.startswith("2 ") == 1
