"""Watches a student's code while it runs: what it prints, opens, starts, imports and changes.

This prevents accidents and simple cheating. It is no sandbox: code that wants to break out can.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import operator
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinyalex.learn.grader import showing, spec
from tinyalex.learn.grader.reading import refuse
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import AnswerError, Outcome
from tinyalex.learn.places import PACKAGE, solutions_folder

MAX_TEXT = 2000  # characters kept of what a file prints
WATCHED = (np, np.linalg, np.random, builtins, spec, showing)
SECRET = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (solutions_folder(), PACKAGE / "learn" / "exercises")
)
STARTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile"}
STARTS |= {"os.system", "subprocess.Popen", "os.kill", "os.killpg", "socket.connect"}
EMPTY: dict[str, Callable[..., Any]] = {"empty": np.empty, "empty_like": np.empty_like}


def _filled(name: str) -> Callable[..., Any]:
    """np.empty as a student's code sees it: always filled with the same unusable value."""

    @functools.wraps(EMPTY[name])
    def filled(*positional: Any, **named: Any) -> Any:
        array = EMPTY[name](*positional, **named)
        if array.dtype.kind in "fc":
            array.fill(np.nan)
        elif array.dtype.kind in "iu":
            array.fill(np.iinfo(array.dtype).max)
        return array

    return filled


FILLED = {name: _filled(name) for name in EMPTY}


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

    def notes(self) -> list[str]:
        """One note if the file has printed something, else none."""
        if not self.text.strip():
            return []
        first = self.text.strip().splitlines()[0][:100]
        count = max(1, self.lines)
        lines = f"{count:,} line{'' if count == 1 else 's'}"
        return [f"the file prints {lines}, which does not change the score; first: {first}"]


class Guard:
    """Watches the student's code inside ``with guard:``."""

    def __init__(self, exercise: Exercise, path: Path) -> None:
        self.exercise = exercise
        self.path = os.path.realpath(path)
        # Numba can only compile NumPy's own np.empty.
        self._filled = {} if "numba" in exercise.allowed else FILLED
        self.prints = Prints()
        self.refused: list[str] = []
        self.armed = False
        self._kept = [
            (module, {name: value for name, value in vars(module).items() if name != "_"})
            for module in WATCHED  # interactive Python stores its last result in builtins._
        ]
        _hooked.append(self)

    def builtins(self) -> dict[str, Any]:
        """The student's ``__builtins__``: Python's own, with an import that checks the module."""
        real = builtins.__import__

        def guarded(name: str, *rest: Any, **named: Any) -> ModuleType:
            level = rest[3] if len(rest) > 3 else named.get("level", 0)
            if why := refuse("." if level else name, self.exercise):
                self.refused.append(why)
                raise ImportError(f"this file {why}")
            with self.paused():  # NumPy and Numba may open files while they load
                return real(name, *rest, **named)

        return dict(vars(builtins)) | {"__import__": guarded}

    def __enter__(self) -> None:
        vars(np).update(self._filled)
        self._streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.prints, Prints()
        self.armed = True

    def __exit__(self, *_: object) -> None:
        self.armed = False
        sys.stdout, sys.stderr = self._streams
        for name, filled in self._filled.items():
            if vars(np)[name] is filled:  # else the answer has changed it: see `check`
                setattr(np, name, EMPTY[name])

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        was, self.armed = self.armed, False
        try:
            yield
        finally:
            self.armed = was

    def check(self) -> None:
        """Raise `AnswerError` if the code did something forbidden; restore NumPy."""
        changed: list[str] = []
        for module, kept in self._kept:
            names = vars(module)
            if all(map(operator.is_, map(names.get, kept), kept.values())):
                continue  # the fast path, as this runs after every call
            changed += [
                f"{module.__name__}.{name}" for name in kept if names.get(name) is not kept[name]
            ]
            names.update(kept)
        if changed:
            raise AnswerError(Outcome.FORBIDDEN, f"it changes {changed[0]}") from None
        if self.refused:
            raise AnswerError(Outcome.FORBIDDEN, f"it {self.refused[0]}") from None

    def close(self) -> None:
        """Stop watching."""
        self.armed = False
        _hooked.remove(self)

    def on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse to open a solution or to start a program."""
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if path.startswith(SECRET) and path != self.path:
                self._refuse("opens a reference solution or the grader's own answers")
        elif event in STARTS and "numba" not in self.exercise.allowed:
            self._refuse("starts, stops or calls another program")

    def _refuse(self, why: str) -> None:
        self.refused.append(why)
        raise PermissionError(f"this file {why}")


_hooked: list[Guard] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _hooked and _hooked[-1].armed and (event == "open" or event in STARTS):
        _hooked[-1].on_event(event, arguments)


def install() -> None:
    """Add the audit hook to this process, once; Python cannot remove it again."""
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


_installed = False
