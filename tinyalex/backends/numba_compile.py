"""How kernels are compiled: when first called, once a machine, without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import event

from tinyalex import notice


class _FirstCompilation(event.Listener):
    """Says once that kernels are being compiled; those that lie on the disk take no time."""

    def on_start(self, compiling: Any) -> None:
        kernel = compiling.data["dispatcher"].py_func
        if (kernel.__module__ or "").startswith("tinyalex."):
            event.unregister("numba:compile", self)
            notice.tell("compiling kernels for this processor: once, for some seconds ...")

    def on_end(self, compiling: Any) -> None:
        pass


event.register("numba:compile", _FirstCompilation())


def compiled(kernel: Callable[..., Any]) -> Any:
    """Compile a kernel at its first call and keep the machine code on disk, if that is possible.

    Division follows NumPy's rules (no exception on zero). A multiply and an add may become one
    instruction; nothing is reordered, so sums are what the loops say.
    """
    settings: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"contract"},
    }
    try:
        return njit(cache=True, **settings)(kernel)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return njit(**settings)(kernel)
