"""Check the machine: what is installed, and does every backend compute what NumPy computes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tinyalex import backends
from tinyalex.backends import Backend
from tinyalex.backends.bfloat16 import with_bfloat16
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check.doctor import gpu, system
from tinyalex.check.doctor.batches import BATCHES
from tinyalex.check.doctor.blas import look_at_blas
from tinyalex.check.doctor.compare import compare
from tinyalex.check.doctor.finding import OK, RED, WARNING, Check, Finding, Report
from tinyalex.check.doctor.kernels import KERNELS
from tinyalex.check.doctor.layers import LAYERS
from tinyalex.check.doctor.workers import WorkersReport, examine_workers
from tinyalex.errors import ConfigError

__all__ = [
    "OK",
    "RED",
    "WARNING",
    "Check",
    "Finding",
    "Report",
    "WorkersReport",
    "examine",
    "examine_workers",
]

CPU = ("numba", "numpy")
HALVES = 0.02  # of the largest number: three roundings to bfloat16, each by 2**-8 at most


def examine(
    names: Sequence[str] = (),
    data_root: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    threads: int | None = None,
) -> Report:
    """Examine the machine, and run every kernel and layer on backends.

    Parameters
    ----------
    names : sequence of str
        Backends to check. Default: those for the CPU.
    data_root : Path, optional
        Where data sets are kept.
    say : callable
        Called with progress messages.
    threads : int, optional
        CPU threads of the backends.

    Raises
    ------
    ConfigError
        A name is unknown.
    """
    report = Report(system.look(data_root) + look_at_blas())
    chosen = list(names) or [name for name in CPU if name in backends.available()]
    for name in chosen:
        if name == "cuda":
            say("looking at the GPU")
            about_gpu = gpu.look()
            report.findings += about_gpu
            if any(finding.state == RED for finding in about_gpu):
                continue
        report.checks += run(backends.get(name, threads), say)
    if "cuda" not in chosen and "cuda" in backends.available():
        report.findings.append(
            Finding("GPU", "available; check it with tinyalex doctor --backend cuda")
        )
    return report


def run(backend: Backend, say: Callable[[str], None] = lambda _: None) -> list[Check]:
    """Run every kernel, every layer and a loader on a backend, against NumPy in float64."""
    checks = []
    for kind, cases in (("kernel", KERNELS), ("layer", LAYERS), ("loader", BATCHES)):
        for case in cases:
            say(f"{backend.name}: {kind} {case.name}")
            checks.append(compare(backend, kind, case))
    return checks + run_mixed(backend, say)


def run_mixed(backend: Backend, say: Callable[[str], None]) -> list[Check]:
    """What a backend computes on bfloat16 arrays themselves, against NumPy with the same casts."""
    cases = [case for case in KERNELS if case.name.partition(",")[0] in backend.takes_bfloat16]
    try:
        mixed, right = (with_bfloat16(each) for each in (backend, NumpyBackend(1)))
    except ConfigError:  # it cannot: an old GPU, or a missing package
        return []
    checks = []
    for case in cases:
        say(f"{backend.name}: bf16 {case.name}")
        case = replace(case, allowed=HALVES if case.allowed else 0.0)
        checks.append(compare(mixed, "bf16", case, right))
    return checks
