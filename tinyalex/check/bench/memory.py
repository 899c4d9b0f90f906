"""The current and the peak memory of this process."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

MIB = 1 << 20
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


def resident() -> int | None:
    """Return the resident memory of this process in bytes; None if the system does not say."""
    return _status("VmRSS")


def peak() -> int | None:
    """Return the peak resident memory in bytes, since the start or since `forget_peak`."""
    if _STATUS.exists():
        return _status("VmHWM")
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None


def forget_peak() -> None:
    """Release unused memory, and reset the peak (Linux).

    Source: proc(5), ``/proc/pid/clear_refs``: writing 5 resets ``VmHWM`` to the current size.
    """
    gc.collect()
    if not _CLEAR_REFS.exists():
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not
    if trim is not None:
        trim(0)
    try:
        _CLEAR_REFS.write_text("5")
    except OSError:
        return  # not allowed in some containers: the peak then includes the preparations


def _status(key: str) -> int | None:
    if not _STATUS.exists():
        return None
    for line in _STATUS.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) * 1024
    return None
