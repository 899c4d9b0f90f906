"""Processes in which students' code runs, seen from the grader."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyalex.learn.grader import hosts
from tinyalex.learn.grader.inside import wire
from tinyalex.learn.grader.verdict import AnswerError, Outcome
from tinyalex.learn.places import PACKAGE

# Verdicts that a student's process can report about itself; none of them passes.
REPORTED = {
    Outcome.EXCEPTION, Outcome.NOT_WRITTEN, Outcome.MEMORY, Outcome.ENDED, Outcome.IMPORT,
    Outcome.SYNTAX, Outcome.MISSING, Outcome.SIGNATURE, Outcome.CHANGES, Outcome.FORBIDDEN,
    Outcome.RETURN, Outcome.STATE,
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Limits for one file.

    Attributes
    ----------
    seconds : float
        Time that the student's code may run, in all calls together.
    memory_mb : int
        MiB in addition to the memory of NumPy.
    """

    seconds: float = 30.0
    memory_mb: int = 2048


@dataclass
class Clock:
    """The time that a student's code has used, over several processes."""

    seconds: float
    used: float = 0.0
    calls: int = 0

    def explain(self, doing: str, last: float) -> str:
        """Why the time was not enough: an endless loop, or many slow calls."""
        what = f"it had not finished after {self.seconds:g} s"
        if not self.calls or last > self.seconds / 2:
            return f"{what}: {doing} ran for the last {last:.1f} s: an endless loop?"
        each = (self.used - last) / self.calls
        return f"{what}: {self.calls} calls took {each:.2g} s each: right or wrong, it is too slow"


class StudentProcess:
    """One student's file in one process.

    Parameters
    ----------
    source : str
        Its text.
    name : str
        Its file name.
    signatures : dict
        Name, arguments and text of each function that it must define.
    allowed : names of packages that it may import
    clock : Clock
    limits : Limits
    seed : int
        Of Python's and NumPy's global random numbers.
    bounds : bool
        Numba checks that an index is inside its array.
    user : (int, int), optional
        Numbers of the user and group as which it runs.

    Raises
    ------
    AnswerError
        The file cannot be run, or lacks a function.
    """

    def __init__(
        self,
        source: str,
        name: str,
        signatures: dict[str, dict[str, Any]],
        *,
        allowed: tuple[str, ...],
        clock: Clock,
        limits: Limits,
        seed: int = 0,
        bounds: bool = True,
        user: tuple[int, int] | None = None,
    ) -> None:
        self.clock, self.limits = clock, limits
        self.prints = (0, "")
        self.in_force: list[str] = []
        self.over = False  # it has ended, or nothing more will be asked
        self._folder = tempfile.TemporaryDirectory(prefix="answer-", ignore_cleanup_errors=True)
        place = Path(self._folder.name)
        work, answer, self._trace = place / "work", place / "answer", place / "trace"
        for folder in (work, answer):
            folder.mkdir()
        self._file = answer / name
        self._file.write_text(source, encoding="utf-8")
        if user is not None:
            os.chown(work, *user)
            for path, rights in ((place, 0o711), (answer, 0o755), (self._file, 0o644)):
                path.chmod(rights)
        job = {
            "source": source,
            "file": str(self._file),
            "signatures": signatures,
            "allowed": allowed,
            "seed": seed,
            "bounds": bounds,
            "memory": 0 if hosts.memory_must_be_polled() else limits.memory_mb << 20,
            "user": user,
            "work": str(work),
            "trace": str(self._trace),
            "path": hosts.standard_library(),
            "readable": [*hosts.readable(allowed), str(answer)],
            "hidden": [str(PACKAGE), str(PACKAGE.parent / "lessons")],
        }
        self._host, self._channel, self.number = hosts.start(allowed)
        self._memory = 0
        try:
            wire.send(self._channel, job)
            reply = self._checked_reply("reading the file")
            self.in_force = [str(kind) for kind in reply.get("in_force") or ()]
        except BaseException:
            self.end()
            raise

    def ask(self, doing: str, **request: Any) -> Any:
        """Send a request; return the result.

        Raises
        ------
        AnswerError
            The student's code fails, ends the process, or exceeds a limit.
        """
        with contextlib.suppress(OSError):  # it has ended: see below
            wire.send(self._channel, request)
        reply = self._checked_reply(doing)
        self.clock.calls += 1
        return reply.get("result")

    def cpu_seconds(self) -> float:
        """Processor time of all its threads, in seconds; 0 where the system does not tell."""
        try:
            return time.clock_gettime(~self.number << 3 | 2)  # as clock_getcpuclockid does
        except (AttributeError, OSError):
            return 0.0

    def end(self) -> None:
        """End the process, and all processes that it has started."""
        self._channel.close()
        if self.number:
            self.number = 0
            if isinstance(self._host, hosts.Host):
                with contextlib.suppress(AnswerError):
                    self._host.end(wait=False)
            else:
                self._host.kill()
                self._host.wait()
        self._folder.cleanup()

    def _checked_reply(self, doing: str) -> dict[str, Any]:
        try:
            reply = self._reply(doing)
        except AnswerError:
            self.over = True
            raise
        if "outcome" in reply:
            raise self._reported(reply)
        return reply

    def _reply(self, doing: str) -> dict[str, Any]:
        begin = time.monotonic()
        deadline = begin + max(0.0, self.clock.seconds - self.clock.used)
        try:
            reply = wire.receive(self._channel, deadline, self._check_memory)
        except wire.TimeIsUp:
            last = time.monotonic() - begin
            self.clock.used += last
            what = self.clock.explain(doing, last)
            raise self._error(Outcome.TIME, what, self._line_now()) from None
        except wire.Closed:
            raise self._ended() from None
        except wire.WireError:
            what = "it wrote into the grader's connection"
            raise AnswerError(Outcome.FORBIDDEN, what) from None
        self.clock.used += time.monotonic() - begin
        if not isinstance(reply, dict):
            raise AnswerError(Outcome.FORBIDDEN, "it wrote into the grader's connection")
        prints = reply.get("prints")
        if isinstance(prints, list) and list(map(type, prints)) == [int, str]:
            self.prints = (prints[0], prints[1])
        return reply

    def _reported(self, reply: dict[str, Any]) -> AnswerError:
        outcome = Outcome.__members__.get(str(reply["outcome"]))
        if outcome not in REPORTED:
            return AnswerError(Outcome.FORBIDDEN, "it wrote into the grader's connection")
        self.over = outcome is Outcome.FORBIDDEN
        line = reply.get("line")
        error = self._error(outcome, str(reply.get("what", "")), line if type(line) is int else 0)
        error.key, error.after = reply.get("key"), reply.get("after")
        return error

    def _error(self, outcome: Outcome, what: str, line: int = 0) -> AnswerError:
        error = AnswerError(outcome, what)
        error.line = line
        return error

    def _ended(self) -> AnswerError:
        """Why the process has ended without a reply."""
        if isinstance(self._host, hosts.Host):
            code = self._host.end(wait=True)
        else:
            self._host.kill()
            code = self._host.wait()
        self.number = 0
        if code == -9:  # Windows has no SIGKILL
            what = (
                "the process was ended by SIGKILL (the system does this if there is no memory left)"
            )
            return AnswerError(Outcome.CRASHED, what)
        if code >= 0:
            what = f"the process ended with code {code}; does it call os._exit?"
            return AnswerError(Outcome.ENDED, what)
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return AnswerError(Outcome.CRASHED, f"the process was ended by {name}")

    def _line_now(self) -> int:
        """The line of the student's file that is running, as far as the system tells."""
        if not hasattr(signal, "SIGUSR1"):
            return 0
        with contextlib.suppress(OSError):
            os.kill(self.number, signal.SIGUSR1)
        for _ in range(20):
            time.sleep(0.01)
            with contextlib.suppress(OSError), self._trace.open("rb") as file:
                text = file.read(1 << 16).decode("utf-8", "replace")
                mark = f'File "{self._file}", line '
                if mark in text:
                    number = text.partition(mark)[2].partition(" ")[0]
                    return int(number) if number.isdecimal() else 0
        return 0

    def _check_memory(self) -> None:
        if hosts.memory_must_be_polled():
            now = hosts.memory_of(self.number)
            self._memory = self._memory or now + (self.limits.memory_mb << 20)
            if now > self._memory:
                what = f"it used more than {self.limits.memory_mb:,} MiB"
                raise AnswerError(Outcome.MEMORY, what)


def protection() -> list[str]:
    """What this system's kernel keeps from students' code: ``"files"``, ``"processes"``."""
    process = StudentProcess(
        "", "answer.py", {}, allowed=("numpy",), clock=Clock(hosts.START), limits=Limits()
    )
    process.end()
    return process.in_force
