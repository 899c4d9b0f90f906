"""Runs a student's file and answers calls of its functions.

The first message is the job (see `student_process`). Then come requests, dictionaries with ``do``:
``call``, ``launch`` or ``compiled``. A reply has ``result``, or ``outcome`` (a name in
`verdict.Outcome`), ``what`` and ``line``.
"""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import inspect
import os
import random
import signal
import socket
import sys
import types
import warnings
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, cast

import numpy as np

from . import confine, wire
from .watch import Prints, Watch

MODULE = "answer"
DEEPEST = 10_000  # calls inside calls
MAX_RETURNED, MAX_RETURNED_SIZE = 8, 10_000  # arrays that are kept, and their numbers


class Student:
    """The student's module, and what its functions do."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.path, self.wanted = job["file"], job["signatures"]
        self.misfits: dict[str, dict[str, Any]] = {}
        self.returned: deque[tuple[np.ndarray[Any, Any], bytes]] = deque(maxlen=MAX_RETURNED)
        self.reuses = False  # it writes into an array that it has returned
        self.watch = Watch(job["allowed"], job["hidden"], job["work"])
        self.module = types.ModuleType(MODULE)
        self.module.__file__ = self.path
        sys.modules[MODULE] = self.module  # dataclasses and others look up their module there
        self.module.__dict__["__builtins__"] = self.watch.builtins()
        limit = sys.setrecursionlimit
        sys.setrecursionlimit = lambda depth: limit(min(depth, DEEPEST))
        random.seed(job["seed"])
        np.random.seed(job["seed"] % 2**32)

    def load(self, source: str) -> dict[str, Any]:
        """Run the file."""
        try:
            code = compile(ast.parse(source), self.path, "exec", dont_inherit=True)
            with self.running():
                exec(code, self.module.__dict__)
        except SyntaxError as error:
            return {"outcome": "SYNTAX", "what": str(error.msg), "line": error.lineno or 0}
        except BaseException as error:
            return self.explain(error, "reading the file")
        return {"result": None}

    def call(self, name: str, positional: tuple[Any, ...], named: Any) -> dict[str, Any]:
        """Call a function; an argument that it changes is reported."""
        if wrong := self._misfit(name):
            return wrong
        before = [wire.pack(value) for value in (*positional, *named.values())]
        try:
            with self.running():
                result = getattr(self.module, name)(*positional, **named)
        except BaseException as error:
            return self.explain(error, name)
        after = [wire.pack(value) for value in (*positional, *named.values())]
        keys = [*range(len(positional)), *named]
        for key, old, new, value in zip(
            keys, before, after, (*positional, *named.values()), strict=True
        ):
            if old != new:
                return {"outcome": "CHANGES", "key": key, "after": value, "what": ""}
        if self._reused(result):
            return {"outcome": "STATE", "what": f"{name} changes an array that it returned before"}
        return {"result": result}

    def _reused(self, result: Any) -> bool:
        """Whether an array that an earlier call returned has changed since; keeps the new ones."""
        self.reuses = self.reuses or any(array.tobytes() != old for array, old in self.returned)
        for array in result if isinstance(result, tuple) else (result,):
            if type(array) is np.ndarray and array.size <= MAX_RETURNED_SIZE:
                self.returned.append((array, array.tobytes()))
        return self.reuses

    def launch(self, name: str, grid: tuple[int, int], arguments: Any, which: int) -> Any:
        """Launch a kernel of numba.cuda; return the argument into which it writes."""
        from numba import cuda

        if wrong := self._misfit(name):
            return wrong
        kernel, jit = getattr(self.module, name), cast(Any, cuda.jit)
        if not isinstance(kernel, type(jit(_nothing))):
            return {"result": wire.Other(type(kernel).__name__)}
        try:
            with self.running():
                kernel[grid](*arguments)
        except BaseException as error:
            return self.explain(error, name)
        return {"result": arguments[which]}

    def compiled(self) -> dict[str, Any]:
        """Names of the functions that Numba has compiled in nopython mode."""
        from numba.core.dispatcher import Dispatcher

        found = {k: v for k, v in vars(self.module).items() if isinstance(v, Dispatcher)}
        return {"result": [name for name, value in found.items() if value.nopython_signatures]}

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While the student's code runs, warnings are ignored and prints are collected."""
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.watch.prints, Prints()
        self.watch.armed = True
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self.watch.armed = False
            sys.stdout, sys.stderr = streams

    def explain(self, error: BaseException, doing: str) -> dict[str, Any]:
        """Name an error of the student's code, and the line that raised it."""
        text = _name(error)
        outcome, what = "EXCEPTION", f"{doing} raises {text}"
        if isinstance(error, NotImplementedError):
            what = _text(error) or f"{doing} is not written yet"
            return {"outcome": "NOT_WRITTEN", "what": what}
        if isinstance(error, MemoryError):
            outcome, what = "MEMORY", f"{doing} needs more memory than the limit"
        elif isinstance(error, SystemExit | KeyboardInterrupt):
            outcome, what = "ENDED", f"{doing} ends the program ({text})"
        elif isinstance(error, ImportError) and doing == "reading the file":
            outcome, what = "IMPORT", _text(error)
        elif isinstance(error, EOFError):
            what += "; the grader has no keyboard: remove input()"
        return {"outcome": outcome, "what": what, "line": self.line_of(error.__traceback__)}

    def _misfit(self, name: str) -> dict[str, Any]:
        """Why a function cannot be called as the stub says; empty if it can."""
        if name not in self.misfits:
            self.misfits[name] = _misfit(getattr(self.module, name, None), name, self.wanted[name])
        return self.misfits[name]

    def line_of(self, traceback: TracebackType | None) -> int:
        """The innermost line of the student's own file in a traceback; 0 if there is none."""
        number = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.path:
                number = traceback.tb_lineno
            traceback = traceback.tb_next
        return number


def serve(channel: socket.socket) -> None:
    """Answer requests until the grader closes the channel, in this process, for good."""
    job = wire.receive(channel)
    trace = open(job["trace"], "wb")  # noqa: SIM115 (open to the end)
    kept = max(channel.fileno(), trace.fileno())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.closerange(3, min(channel.fileno(), trace.fileno()))
    os.closerange(min(channel.fileno(), trace.fileno()) + 1, kept)
    os.closerange(kept + 1, 1 << 16)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    os.chdir(job["work"])
    if "numba" in job["allowed"]:
        from numba.core import config

        settings: Any = config
        settings.CACHE_DIR, settings.BOUNDSCHECK = job["work"], 1 if job["bounds"] else None
    confine.drop_rights(job["user"])
    confine.end_with_parent()  # again: another user clears it
    sys.path[:] = job["path"]
    sys.path_importer_cache.clear()
    confine.limit_memory(job["memory"])
    in_force = confine.confine(job["readable"], [job["work"], os.devnull, "/dev/urandom"])
    student = Student(job)
    if hasattr(faulthandler, "register"):  # the grader asks for the line when the time is up
        faulthandler.register(signal.SIGUSR1, trace)
    reply = student.load(job["source"]) | {"in_force": in_force}
    while True:
        if student.watch.refused:
            reply = {"outcome": "FORBIDDEN", "what": f"it {student.watch.refused[0]}", "line": 0}
        prints = student.watch.prints
        try:
            message = wire.pack(reply | {"prints": [prints.lines, prints.text]})
        except (wire.WireError, RecursionError) as error:
            message = wire.pack({"outcome": "RETURN", "what": f"the result is no array: {error}"})
        channel.settimeout(None)
        channel.sendall(message)
        request = wire.receive(channel)
        if request["do"] == "call":
            reply = student.call(request["function"], request["positional"], request["named"])
        elif request["do"] == "launch":
            reply = student.launch(
                request["function"], request["grid"], request["arguments"], request["writes"]
            )
        else:
            reply = student.compiled()


def _misfit(function: Any, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    if function is None:
        what = f"the file does not define {name}; the stub has def {wanted['text']}"
        return {"outcome": "MISSING", "what": what}
    if not callable(function):
        what = f"{name} is {type(function).__name__}, not a function"
        return {"outcome": "MISSING", "what": what}
    try:
        have = inspect.signature(function)
    except (TypeError, ValueError):
        return {}  # a compiled function without a signature
    parameters = list(have.parameters.values())
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    star = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    arguments = tuple(wanted["arguments"])
    try:
        have.bind(**dict.fromkeys(arguments))
        have.bind(**dict.fromkeys(wanted["needed"]))
        fits = star or tuple(names[: len(arguments)]) == arguments
    except TypeError:
        fits = False
    if fits:
        return {}
    bare = have.replace(
        parameters=[p.replace(annotation=p.empty) for p in parameters],
        return_annotation=have.empty,
    )
    what = f"the stub has def {wanted['text']}, the file has def {name}{bare}"
    return {"outcome": "SIGNATURE", "what": what}


def _nothing() -> None:
    """A kernel to compare with."""


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:300]
    except Exception:
        return ""


def _name(error: BaseException) -> str:
    """``IndexError: list index out of range``, in one line of limited length."""
    text = _text(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
