"""The GPU backend without a GPU: numba-cuda's simulator runs its kernels as Python.

The simulator has to be chosen before Numba is imported, and a double of CuPy takes CuPy's place,
so these tests run in processes of their own.
"""

from __future__ import annotations

import pytest

from tests.backends import cuda_here


@pytest.mark.parametrize(
    "file",
    ["cuda_simulated.py", "cuda_step.py"],
    ids=["every kernel equals its definition", "a training step of alexnet equals NumPy's"],
)
def test_in_the_simulator(file: str) -> None:
    cuda_here.needs("numba.cuda")
    path = f"tests/backends/{file}"
    result = cuda_here.simulate("pytest", "-q", "-p", "no:cacheprovider", path)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert " passed" in result.stdout and "skipped" not in result.stdout
