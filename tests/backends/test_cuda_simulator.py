"""The GPU backend's kernels without a GPU: numba-cuda's simulator runs them as Python.

The simulator has to be chosen before Numba is imported, so these tests run in a process of
their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("cuda_simulated.py")


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
def test_every_kernel_equals_its_definition_in_the_simulator() -> None:
    environment = os.environ | {
        "NUMBA_ENABLE_CUDASIM": "1",
        "TINYALEX_TEST_BACKENDS": "numpy",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS)]
    result = subprocess.run(
        command,
        env=environment,
        cwd=TESTS.parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
