"""How kernels are compiled: when first called, once a machine, without Python's lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from numba import config, njit
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


class _Forgiving:
    """A function's machine code on the disk: what cannot be read or written there is done without.

    A file may be cut off, by a disk that was full, and the disk may be full now. Compiling again,
    in memory, takes seconds; it says so once.
    """

    told = False

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The machine code for a signature; None if there is none that can be read."""
        try:
            return self._cache.load_overload(signature, target)
        except Exception as error:  # pickle's, LLVM's and the file system's own
            self._tell("read", error)
            with contextlib.suppress(Exception):
                self._cache.flush()  # an empty index takes the place of the damaged one
            return None

    def save_overload(self, signature: Any, code: Any) -> None:
        """Keep machine code, if that is possible."""
        try:
            self._cache.save_overload(signature, code)
        except Exception as error:
            self._tell("written", error)

    @staticmethod
    def _tell(what: str, error: object) -> None:
        if not _Forgiving.told:
            _Forgiving.told = True
            notice.tell(
                f"compiled kernels cannot be {what} on the disk ({error}): they are compiled in "
                "memory. NUMBA_CACHE_DIR names another folder for them"
            )


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
        if not getattr(config, "DISABLE_JIT", 0) and _has_no_folder(kernel):
            raise OSError("no home folder")
        function = njit(cache=True, **settings)(kernel)
    except (RuntimeError, OSError) as error:  # no folder for machine code can be written
        _Forgiving._tell("kept", error)
        return njit(**settings)(kernel)
    if getattr(function, "_cache", None) is not None:  # not with NUMBA_DISABLE_JIT
        function._cache = _Forgiving(function._cache)
    return function


def _has_no_folder(kernel: Callable[..., Any]) -> bool:
    """Whether Numba would make a folder called ``~`` in the working folder: nobody is at home.

    It is asked for a home only where none is named and the package's own folder is read-only.
    """
    named = getattr(config, "CACHE_DIR", "") or os.environ.get("XDG_CACHE_HOME")
    if named or os.path.isabs(os.path.expanduser("~")):
        return False
    return not os.access(os.path.dirname(kernel.__code__.co_filename), os.W_OK)
