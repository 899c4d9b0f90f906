"""How kernels are compiled: at the first call, once per machine; they run without Python's lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from numba import config, njit, types
from numba.core import cgutils, errors, event
from numba.extending import intrinsic

from tinyalex import notice


class _Compilations(event.Listener):
    """Tells of kernels while they are compiled; those on disk take no time."""

    def __init__(self) -> None:
        self.open: list[tuple[Any, ExitStack]] = []

    def on_start(self, compiling: Any) -> None:
        kernel = compiling.data["dispatcher"].py_func
        if (kernel.__module__ or "").startswith("tinyalex."):
            name = kernel.__name__.strip("_")
            stack = ExitStack()
            stack.enter_context(notice.phase(f"compiling {name} (first use, 15-40 s)"))
            self.open.append((kernel, stack))

    def on_end(self, compiling: Any) -> None:
        kernel = compiling.data["dispatcher"].py_func
        for i in reversed(range(len(self.open))):
            if self.open[i][0] is kernel:
                self.open.pop(i)[1].close()
                break


event.register("numba:compile", _Compilations())


class _Forgiving:
    """A cache of machine code on disk that works without the disk if a file cannot be used.

    A file may be truncated, because the disk was full, and the disk may be full now. Compiling
    again, in memory, takes seconds; one notice says so.
    """

    told = False

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the machine code for a signature; None if none can be read."""
        try:
            return self._cache.load_overload(signature, target)
        except Exception as error:  # pickle's, LLVM's and the file system's own
            self._tell("read from", error)
            with contextlib.suppress(Exception):
                self._cache.flush()  # an empty index replaces the damaged one
            return None

    def save_overload(self, signature: Any, code: Any) -> None:
        """Keep machine code, if that is possible."""
        try:
            self._cache.save_overload(signature, code)
        except Exception as error:
            self._tell("written to", error)

    @staticmethod
    def _tell(what: str, error: object) -> None:
        if not _Forgiving.told:
            _Forgiving.told = True
            notice.tell(
                f"compiled kernels cannot be {what} disk ({error}): they are compiled in memory. "
                "Try: NUMBA_CACHE_DIR=FOLDER, a folder that you can write to"
            )


def compiled(kernel: Callable[..., Any]) -> Any:
    """Compile a kernel at its first call and keep the machine code on disk, if that is possible.

    Division follows NumPy's rules (no exception on zero). A multiply and an add may be fused;
    nothing is reordered, so sums are added in the order of the loops.
    """
    settings: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
    try:
        if not _is_off() and _has_no_folder(kernel):
            raise OSError("no home folder")
        function = njit(cache=True, **settings)(kernel)
    except (RuntimeError, OSError) as error:  # no writable folder for machine code
        _Forgiving._tell("kept on", error)
        return njit(**settings)(kernel)
    if getattr(function, "_cache", None) is not None:  # not with NUMBA_DISABLE_JIT
        function._cache = _Forgiving(function._cache)
    return function


def _is_off() -> bool:
    """Whether Numba's compiler is: ``NUMBA_DISABLE_JIT=1``."""
    return bool(getattr(config, "DISABLE_JIT", 0))


def _has_no_folder(kernel: Callable[..., Any]) -> bool:
    """Whether Numba would make a folder called ``~`` in the working folder: there is no home.

    Numba needs a home only if no cache folder is named and the package's own is read-only.
    """
    named = getattr(config, "CACHE_DIR", "") or os.environ.get("XDG_CACHE_HOME")
    if named or os.path.isabs(os.path.expanduser("~")):
        return False
    return not os.access(os.path.dirname(kernel.__code__.co_filename), os.W_OK)


# ---------------------------------------------------------------------- a kernel given to a kernel

NUMBER = types.int64
FLOATS, BYTES, INTEGERS = (  # flat arrays, which are only read
    types.Array(kind, 1, "C", readonly=True) for kind in (types.float32, types.uint8, types.int64)
)
TO_FLOATS, TO_BYTES = types.float32[::1], types.uint8[::1]  # those that are written


class Inner:
    """What kernels call that are given it as a number: the address of its machine code.

    The loops around it are compiled once, for all that they may call. Its arguments have the types
    ``kinds``.
    """

    def __init__(self, *kinds: Any) -> None:
        self.kinds = kinds
        self.kernels: list[Any] = []  # whose machine code must stay where it is
        self.call = (lambda kernel, *args: kernel(*args)) if _is_off() else self._instruction()

    def address(self, kernel: Callable[..., Any]) -> Any:
        """Compile a kernel; without Numba's compiler it stands for itself."""
        function = compiled(kernel)
        if _is_off():
            return function
        function.compile(self.kinds)
        self.kernels.append(function)
        code = function.overloads[self.kinds]
        return code.library.get_pointer_to_function(code.fndesc.llvm_func_name)

    def _instruction(self) -> Any:
        kinds = self.kinds

        def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention, nothing = context.call_conv, types.none
            kind = convention.get_function_type(nothing, kinds)
            kernel = builder.inttoptr(values[0], kind.as_pointer())
            args = cgutils.unpack_tuple(builder, values[1])
            status, _ = convention.call_function(builder, kernel, nothing, kinds, args)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        @intrinsic
        def call(context: Any, kernel: Any, *args: Any) -> Any:
            for given, kind in zip(args, kinds, strict=True):
                if context.can_convert(given, kind) is None:
                    raise errors.TypingError(f"{given} where a kernel takes {kind}")
            return types.void(NUMBER, types.StarArgTuple.from_types(kinds)), write

        return call
