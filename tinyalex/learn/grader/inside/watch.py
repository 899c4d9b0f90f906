"""Watches a student's code: what it prints, imports, opens and starts.

It gives clear messages. What must not happen is prevented by `confine`, and by the grader, which
judges in another process.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np

MAX_TEXT = 2000  # characters kept of what a file prints
# Parts of the standard library that could start something next to the exercise.
FORBIDDEN_MODULES = {
    "_ctypes", "_thread", "asyncio", "builtins", "code", "codeop", "concurrent", "ctypes",
    "faulthandler", "gc", "imp", "importlib", "inspect", "multiprocessing", "pickle", "pkgutil",
    "pty", "runpy", "signal", "socket", "subprocess", "threading", "tracemalloc", "zipimport",
}  # fmt: skip
STARTS = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
    "subprocess.Popen", "os.kill", "os.killpg", "socket.connect", "socket.bind", "ctypes.dlopen",
}  # fmt: skip
CHANGES = {"os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.remove", "os.rename"}
CHANGES |= {"os.rmdir", "os.mkdir", "os.utime"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def refuse(module: str, allowed: Iterable[str]) -> str:
    """Why an answer may not import a module; empty if it may."""
    top = module.partition(".")[0]
    if top in allowed or (top in sys.stdlib_module_names and top not in FORBIDDEN_MODULES):
        return ""
    if top == "tinyalex":
        return "imports tinyalex, but you must write the function yourself"
    if top == "":
        return "imports from another file: put everything into this one file"
    if top in FORBIDDEN_MODULES:
        return f"imports {module}, which no exercise needs"
    return f"imports {module}; allowed are the standard library and {' and '.join(allowed)}"


class Prints(io.TextIOBase):
    """Collects what is printed, and keeps the beginning."""

    def __init__(self) -> None:
        self.text = ""
        self.lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        if len(self.text) < MAX_TEXT:
            self.text += str(text)[: MAX_TEXT - len(self.text)]
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class Watch:
    """Notes what the code does that it may not do, while ``armed``.

    Parameters
    ----------
    allowed : names of packages that it may import, besides the standard library
    hidden : folders in which it may read nothing
    writable : folder
    """

    def __init__(self, allowed: Iterable[str], hidden: Iterable[str], writable: str) -> None:
        self.allowed = tuple(allowed)
        self.hidden = tuple(os.path.join(os.path.realpath(folder), "") for folder in hidden)
        self.writable = os.path.join(os.path.realpath(writable), "")
        self.prints = Prints()
        self.refused: list[str] = []
        self.armed = False
        sys.addaudithook(self._hook)
        if "numba" not in self.allowed:  # it can only compile NumPy's own np.empty
            np.empty, np.empty_like = _filled(np.empty), _filled(np.empty_like)  # type: ignore[misc]

    def builtins(self) -> dict[str, Any]:
        """The student's ``__builtins__``: Python's own, with an import that checks the module."""
        real = builtins.__import__

        def guarded(name: str, *rest: Any, **named: Any) -> ModuleType:
            level = rest[3] if len(rest) > 3 else named.get("level", 0)
            if why := refuse("." if level else name, self.allowed):
                self.refused.append(why)
                raise ImportError(f"this file {why}")
            was, self.armed = self.armed, False  # a library may open files while it loads
            try:
                return real(name, *rest, **named)
            finally:
                self.armed = was

        return dict(vars(builtins)) | {"__import__": guarded}

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            self._check_open(os.fsdecode(arguments[0]), *arguments[1:])
        elif event in STARTS and "numba" not in self.allowed:
            self._refuse("starts, stops or calls another program")
        elif event in CHANGES and not all(map(self._is_mine, filter(_is_path, arguments[:2]))):
            raise PermissionError("only files in the current folder can be changed")

    def _check_open(self, path: str, mode: str | None, flags: int) -> None:
        place = os.path.realpath(path)
        if place.startswith(self.hidden):
            self._refuse("opens a file of tinyalex: a solution, or the grader itself")
        writes = bool(set(mode or "") & set("wax+")) or (flags or 0) & WRITING
        if writes and not self._is_mine(place) and place != os.devnull:
            raise PermissionError("only files in the current folder can be changed")

    def _is_mine(self, path: str | bytes) -> bool:
        return os.path.realpath(os.fsdecode(path)).startswith(self.writable)

    def _refuse(self, why: str) -> None:
        self.refused.append(why)
        raise PermissionError(f"this file {why}")


def _is_path(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _filled(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.empty, whose numbers are always the same unusable value."""

    @functools.wraps(function)
    def filled(*positional: Any, **named: Any) -> Any:
        array = function(*positional, **named)
        if array.dtype.kind in "fc":
            array.fill(np.nan)
        elif array.dtype.kind in "iu":
            array.fill(np.iinfo(array.dtype).max)
        return array

    return filled
