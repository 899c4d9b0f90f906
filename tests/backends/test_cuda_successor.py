"""The kernels also compile with numba-cuda-mlir, numba-cuda's successor; see docs/decisions.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.backends import cuda_here, cuda_kernels
from tests.processes import ROOT, environment

cuda_here.needs("numba_cuda_mlir", "cupy", "cuda.core")

TABLE = Path(ROOT) / "docs" / "results" / "gpu" / "successor.txt"
ROW = re.compile(r"^(\w+\.\w+) +([\d ]+)$", re.MULTILINE)
REGISTERS = 65_536 // (3 * 256)  # so that three blocks of 256 threads share a multiprocessor


def rows(text: str) -> dict[str, list[int]]:
    """A table's numbers by kernel: registers on each capability, local memory, spilled bytes."""
    return {name: [int(word) for word in numbers.split()] for name, numbers in ROW.findall(text)}


def test_every_kernel_compiles_with_the_successor() -> None:
    command = [sys.executable, "-m", "tests.backends.cuda_successor", "9.0"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = rows(done.stdout)
    assert list(found) == list(cuda_kernels.KERNELS)
    for name, (registers, _, spilled) in found.items():
        assert registers <= REGISTERS and spilled == 0, name


def test_the_committed_table_has_every_kernel() -> None:
    written = rows(TABLE.read_text(encoding="utf-8"))
    assert list(written) == list(cuda_kernels.KERNELS)
    assert all(len(numbers) == 5 and numbers[-1] == 0 for numbers in written.values())
