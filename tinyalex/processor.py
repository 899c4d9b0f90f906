"""What NumPy's matrix products must be told about the processor, before NumPy is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "OPENBLAS_CORETYPE"
_NEEDED = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def openblas_core(cpuinfo: str) -> str | None:
    """The name of the kernels that OpenBLAS should use where it would choose badly, or None.

    Parameters
    ----------
    cpuinfo : str
        What Linux tells in ``/proc/cpuinfo``.

    Notes
    -----
    OpenBLAS does not know AMD's Zen 5 (family 26) before its fix of September 2026 (OpenBLAS pull
    request 6033): it multiplies with 8 numbers at a time where the processor could take 16, which
    takes twice as long.
    """
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())  # the first processor's
    family = fields.get("cpu family", "")
    is_new_amd = (
        fields.get("vendor_id") == "AuthenticAMD" and family.isdecimal() and int(family) >= 26
    )
    return "SkylakeX" if is_new_amd and set(fields.get("flags", "").split()) >= _NEEDED else None


def tell_openblas(modules: Mapping[str, object] = sys.modules) -> None:
    """Choose OpenBLAS' kernels, unless the user has, or NumPy is there already."""
    if VARIABLE in os.environ or "numpy" in modules:
        return
    try:
        core = openblas_core(Path("/proc/cpuinfo").read_text())
    except OSError:  # not Linux
        return
    if core is not None:
        os.environ[VARIABLE] = core
