"""Check the machine: what is installed, and does every backend compute what NumPy computes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tinyalex import backends
from tinyalex.backends import Backend
from tinyalex.check.doctor import gpu, system
from tinyalex.check.doctor.batches import BATCHES
from tinyalex.check.doctor.blas import look_at_blas
from tinyalex.check.doctor.compare import compare
from tinyalex.check.doctor.finding import OK, RED, WARNING, Check, Finding, Report
from tinyalex.check.doctor.kernels import KERNELS
from tinyalex.check.doctor.layers import LAYERS
from tinyalex.check.doctor.workers import WorkersReport, examine_workers

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
    return checks
