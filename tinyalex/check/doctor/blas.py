"""Which BLAS is in use, and which of its kernels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from tinyalex.check.bench.machine import cpuinfo
from tinyalex.check.doctor.finding import RED, WARNING, Finding

# AVX2 kernels: half the width of AVX-512. OpenBLAS uses them on a CPU that it does not know.
NARROW = ("haswell", "zen")
TRY = "OPENBLAS_CORETYPE=SkylakeX in the environment, before Python starts"
LET_IT_CHOOSE = "unset OPENBLAS_CORETYPE, so that OpenBLAS chooses by itself"


def look_at_blas() -> list[Finding]:
    """Return one finding per BLAS that this process has loaded."""
    import numpy as np  # loads its BLAS, so that threadpool_info sees it

    np.ones((2, 2)) @ np.ones((2, 2))
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    if not pools:
        return [Finding("BLAS", "threadpoolctl knows none: its threads cannot be limited to one")]
    flags = cpu_flags()
    return [judge(pool, flags, os.environ) for pool in pools]


def judge(pool: Mapping[str, Any], flags: set[str], environment: Mapping[str, str]) -> Finding:
    """Assess one of threadpoolctl's entries, on a CPU with these flags."""
    kernels = str(pool.get("architecture") or "unknown")
    library = f"{pool['internal_api']} {pool['version']}"
    where = Path(str(pool["filepath"])).parent.name  # numpy.libs, scipy.libs
    text = f"{library} ({where}), {kernels} kernels, {pool['num_threads']} threads"
    if pool["internal_api"] == "openblas" and "avx512f" in flags and kernels.lower() in NARROW:
        chosen = environment.get("OPENBLAS_CORETYPE", "")
        why = f"as OPENBLAS_CORETYPE={chosen} asks" if chosen else "OpenBLAS does not know this CPU"
        text += f": AVX2 on a CPU with AVX-512, about half the speed ({why})"
        return Finding("BLAS", text, WARNING, LET_IT_CHOOSE if chosen else TRY)
    if kernels.lower() in ("prescott", "generic") and "avx2" in flags:
        return Finding("BLAS", f"{text}: far too slow for this CPU", RED, TRY)
    return Finding("BLAS", text)


def cpu_flags() -> set[str]:
    """Return the processor's features as Linux names them; empty on other systems."""
    return set(cpuinfo("flags").split())
