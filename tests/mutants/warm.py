"""Runs tests in children of this process, which has loaded other people's packages once.

A child loads the package and the tests from its own copy of the repository. Needs ``os.fork``.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
import types
from pathlib import Path

import pytest

PASSED, FAILED = 0, 1  # exit codes of pytest; others mean that no test could be run
# Not numba.cuda: whether that is the simulator is decided when it is first loaded.
PACKAGES = [
    "array_api_strict",
    "hypothesis",
    "hypothesis.extra.numpy",
    "_hypothesis_pytestplugin",
    "matplotlib.pyplot",
    "numba",
    "numpy",
    "PIL.Image",
    "pooch",
    "rich.progress",
    "safetensors.numpy",
    "simplejpeg",
    "threadpoolctl",
    "typer.testing",
    "xdist.plugin",
]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# What tests see: nothing to compile where a bug is not about that; and not CI, where pytest draws
# long differences in full, which takes minutes.
ENVIRONMENT = {"HYPOTHESIS_PROFILE": "ci", "TINYALEX_TEST_BACKENDS": "numpy"} | ONE_THREAD


def warm_up() -> None:
    """Load what every child needs. BLAS reads its number of threads now."""
    os.environ.update(ONE_THREAD, MPLBACKEND="agg")
    os.environ.pop("CI", None)
    for name in PACKAGES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # a child need not look through what it shares with this process


def start(house: Path, tests: tuple[str, ...], environment: dict[str, str], output: Path) -> int:
    """Start tests in a child, up to the first that fails.

    Its output goes to ``output``. `caught_by` reads there which test failed.

    Returns
    -------
    int
        The child's process id, which is its process group's too. Its exit code is pytest's.
    """
    sys.stdout.flush()
    if process := os.fork():
        return process
    code = 3  # pytest's for an internal error
    try:
        os.setsid()
        _move_to(house, environment, output)
        code = _run(tests)
    finally:
        sys.stdout.flush()
        os._exit(code)


def end(process: int) -> None:
    """End a child and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


CAUGHT_BY = "caught by "


def caught_by(output: Path) -> str:
    """Name of the first test that failed; empty if none did."""
    lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line[len(CAUGHT_BY) :] for line in lines if line.startswith(CAUGHT_BY)), "")


def _move_to(house: Path, environment: dict[str, str], output: Path) -> None:
    """Be a process that was started in ``house``."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for stream, to in ((0, nowhere), (1, file), (2, file)):
        os.dup2(to, stream)
    os.chdir(house)
    os.environ.update(ENVIRONMENT | environment, PYTHONPATH=str(house))
    sys.path.insert(0, str(house))
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("tests", "tinyalex"):
            del sys.modules[name]
    # Processes that tests start would load this program again, taking it for theirs.
    sys.modules["__main__"] = types.ModuleType("__main__")
    from numba.core import config

    config.reload_config()


class _Reporter:
    """Tells pytest's first failure."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed.append(report.nodeid)


def _run(tests: tuple[str, ...]) -> int:
    reporter = _Reporter()
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    codes = [int(pytest.main([*options, "-m", "not slow", *tests], plugins=[reporter]))]
    if not reporter.failed:  # the slow ones, if the quick ones have found nothing
        codes.append(int(pytest.main([*options, "-m", "slow", *tests], plugins=[reporter])))
    ran = [code for code in codes if code != pytest.ExitCode.NO_TESTS_COLLECTED]
    code = max(ran, default=int(pytest.ExitCode.NO_TESTS_COLLECTED))
    for name in reporter.failed:
        print(f"\n{CAUGHT_BY}{name}")
    return code
