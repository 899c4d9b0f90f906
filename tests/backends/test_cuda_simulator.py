"""The GPU backend without a GPU: numba-cuda's simulator runs its kernels as Python.

The simulator has to be chosen before Numba is imported, and a double of CuPy takes CuPy's place,
so these tests run in processes of their own.
"""

from __future__ import annotations

import pytest

from tests.backends import cuda_here


def passes(path: str, backend: str = "numpy") -> None:
    cuda_here.needs("numba.cuda")
    words = ("pytest", "-q", "-p", "no:cacheprovider", path)
    result = cuda_here.simulate(*words, backend=backend)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert " passed" in result.stdout and "skipped" not in result.stdout


@pytest.mark.slow
def test_every_kernel_equals_its_definition() -> None:
    passes("tests/backends/cuda_simulated.py")


@pytest.mark.slow
def test_every_operation_in_mixed_precision_equals_its_definition() -> None:
    passes("tests/backends/cuda_mixed.py")


@pytest.mark.slow
def test_bfloat16_arrays_reach_the_operations_that_take_them() -> None:
    passes("tests/backends/cuda_mixed_host.py")


@pytest.mark.slow
def test_a_training_step_of_alexnet_equals_numpys_and_never_waits() -> None:
    passes("tests/backends/cuda_step.py")


@pytest.mark.slow
def test_a_training_step_in_mixed_precision_never_waits() -> None:
    passes("tests/backends/cuda_mixed_step.py")


@pytest.mark.slow
def test_batches_come_on_a_second_stream_in_order() -> None:
    passes("tests/backends/cuda_fed.py")


@pytest.mark.slow
def test_a_captured_pass_leaves_the_bytes_of_a_plain_one() -> None:
    passes("tests/training/cuda_graph.py")


@pytest.mark.slow
def test_a_capture_refuses_what_cuda_refuses() -> None:
    passes("tests/backends/cuda_graph_refusals.py")


@pytest.mark.slow
def test_workers_with_a_gpu_each_leave_the_bytes_of_one() -> None:
    passes("tests/training/cuda_workers.py")


@pytest.mark.slow
def test_every_layer_keeps_its_promises() -> None:
    passes("tests/layers/test_common.py", backend="cuda")
