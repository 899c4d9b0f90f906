"""Skipping the GPU backend's tests where its packages are missing, but never in CI.

CI installs the extra ``test-cuda`` and sets ``TINYALEX_TEST_CUDA=1``: there a test that would
skip fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.processes import ROOT, environment

MUST_RUN = os.environ.get("TINYALEX_TEST_CUDA", "0") not in ("", "0")
SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def needs(*packages: str) -> None:
    """Skip the module that calls this, or the test, unless the packages are installed."""
    for package in packages:
        if not _found(package):
            skip(f"{package} is not installed: pip install 'tinyalex[test,test-cuda]'")


def skip(reason: str) -> None:
    """Skip; where nothing may be skipped, fail."""
    if MUST_RUN:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def _found(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ImportError:  # the package around it is missing
        return False


def simulate(
    *words: str, backend: str = "numpy", cwd: Path = ROOT, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m WORDS`` where numba-cuda simulates, which it must know before it starts."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        env=environment(
            NUMBA_ENABLE_CUDASIM="1", TINYALEX_TEST_BACKENDS=backend, OMP_NUM_THREADS="1"
        ),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
