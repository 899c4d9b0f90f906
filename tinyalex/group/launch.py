"""Starting this program again as several workers, and telling how they ended."""

from __future__ import annotations

import codecs
import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from tinyalex.group import rank
from tinyalex.group.base import GroupError
from tinyalex.group.local import LocalWorkers, kill
from tinyalex.group.world import LAUNCHER, check_installed

# What MPICH's launcher says when a process ends early, from the first line to the last.
_BANNER = re.compile(
    r"={60,}|=   |YOUR APPLICATION TERMINATED|This typically refers|Please see the F"
)
AGAIN = "the same command again"
_LAUNCHER = re.compile(r"\[mpiexec@[^]]*\] ")
_ABORT = re.compile(r"Abort\(\d+\) on node \d+")
_ENDED = re.compile(re.escape(rank.ENDED) + r"(\S+) (-?\d+)\n")
_SAID = ("error: ", "warning: stopped")  # why all have ended
_CODES = re.compile(r"\r|\x1b\[[0-9;?]*[A-Za-z]")  # with which a bar is drawn, or text coloured
_NO_BAR, _CURSOR = "\r\x1b[2K", "\x1b[?25h"
_writing = threading.Lock()  # stdout and stderr may be the same terminal


def launch(
    workers: int,
    arguments: Sequence[str],
    program: Sequence[str] = ("-m", "tinyalex"),
    timeout: float = 600.0,
    variables: Mapping[str, str] | None = None,
    hint: str = AGAIN,
) -> int:
    """Run ``python PROGRAM ARGUMENTS`` as several workers on this computer.

    Ctrl-C, SIGTERM and a closed terminal are passed on to all of them. A worker that a signal has
    stopped for ``timeout`` seconds is ended. ``variables`` are added to the workers' environment.
    ``hint`` says what to do if a worker ends without a word.

    Returns
    -------
    int
        The exit code; not 0 if any worker failed. Where a worker could not say why it ended, a
        line on stderr does.

    Raises
    ------
    GroupError
        mpi4py or mpiexec is missing.
    """
    check_installed()
    mpiexec = find_mpiexec()
    one = [sys.executable, *program, *arguments]
    if sys.platform != "win32":
        one = [sys.executable, "-I", "-S", rank.__file__, *one]
    local = LocalWorkers(workers)
    # A session of its own: what the terminal sends reaches the workers once, through us.
    process = subprocess.Popen(
        [mpiexec, "-n", str(workers), *one],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        env=os.environ | {LAUNCHER: str(os.getpid())} | dict(variables or {}),
    )
    with _Signals() as signals:
        out = _Copy(process.stdout, sys.stdout)
        error = _Copy(process.stderr, sys.stderr, out)
        how = _wait(process, local, signals, error, timeout)
        out.join()
        error.join()
    out.end_bar()
    code = abs(process.returncode)
    if code == 0 and (len(error.ended) == workers or sys.platform == "win32"):
        return 0
    if signals.came is not None:
        code, how = 128 + signals.came, f"stopped by {_name(signals.came)}"
    if not (error.said or out.said):
        how = how or _how_it_ended(process.returncode, error.ended)
        error.write(f"error: {how}\nTry: {hint}\n")
    local.remove_segments()
    return code or 1


def find_mpiexec() -> str:
    """The launcher beside this Python, or the first one on the path.

    Raises
    ------
    GroupError
        There is none.
    """
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if found := shutil.which("mpiexec", path=folder):
            return found
    if found := shutil.which("mpiexec"):
        return found
    raise GroupError(
        "several workers need mpiexec, which is not there",
        "pip install mpich, or load an MPI module",
    )


def _wait(
    process: subprocess.Popen[str],
    local: LocalWorkers,
    signals: _Signals,
    error: _Copy,
    timeout: float,
) -> str:
    """Wait for the launcher, and pass signals on.

    Returns
    -------
    str
        Which worker was ended here because it had been stopped. Workers that train notice it
        themselves; those that start, or end, cannot.
    """
    how, since = "", dict[tuple[int, int], float]()
    looked = failed = 0.0
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
        if signals.waiting and (local.were_there() or len(signals.waiting) > 1):
            process.send_signal(signals.waiting.pop(0))
        if (now := time.monotonic()) < looked + 1:
            continue
        looked = now
        if any(code for _, code in error.ended):
            failed = failed or now
            if now - failed > 3:  # mpiexec waits if they have not met
                local.kill()
        since = {worker: since.get(worker, now) for worker in local.stopped()}
        for (stopped, worker), began in since.items():
            if now - began > timeout + 2:  # the others' word comes first
                how = f"rank {stopped} on {platform.node()} has stopped for {timeout:g} seconds"
                kill(worker)
    return how


def _how_it_ended(code: int, ended: Sequence[tuple[str, int]]) -> str:
    """Say which worker ended first and how, from mpiexec's exit code and the workers' in order."""
    if code < 0:
        return f"mpiexec was ended by signal {-code} ({_name(-code)})"
    if not ended:
        return f"mpiexec ended without a word, with exit code {code}"
    first, code = next((one for one in ended if one[1]), ended[0])
    worker = f"rank {first} on {platform.node()}"
    if code >= 0:
        return f"{worker} ended without a word, with exit code {code}"
    lack = ": perhaps the memory was too small" if code == -9 else ""
    return f"{worker} was ended by signal {-code} ({_name(-code)}){lack}"


def _name(number: int) -> str:
    """The name of a signal."""
    return signal.Signals(number).name if number in set(signal.Signals) else "unknown"


class _Copy(threading.Thread):
    """Copies text from a pipe to a stream, without the lines of MPICH's launcher and of `rank`.

    Parameters
    ----------
    source : text stream
    target : text stream
    screen : _Copy, optional
        The copy that may have drawn a bar where this one writes.
    """

    def __init__(self, source: Any, target: TextIO, screen: _Copy | None = None) -> None:
        super().__init__(daemon=True)
        self.source, self.target, self.screen = source, target, screen
        self.has_bar = False
        self.said = ""  # why a worker failed, in its words
        self.ended: list[tuple[str, int]] = []  # rank and exit code, in order
        self.start()

    def run(self) -> None:
        blank = ""
        for line in _lines(self.source):
            if ended := _ENDED.match(line):
                self.ended.append((ended[1], int(ended[2])))
            elif any(words.match(line) for words in (_LAUNCHER, _BANNER, _ABORT)):
                blank = ""
            elif line == "\n":  # the launcher's banner begins with one
                blank += line
            elif line != self.said:  # which all may say, if a signal came to all
                says_why = _CODES.sub("", line).startswith(_SAID)
                self.said = self.said or (line if says_why else "")
                self.write(blank + line)
                blank = ""

    def write(self, text: str) -> None:
        """Write lines; the bar makes room, and is drawn again below."""
        with _writing:
            if self.screen is not None and self.screen.has_bar:
                self.screen._write(_NO_BAR)
            self._write(text)
            self.has_bar = not text.endswith("\n")

    def end_bar(self) -> None:
        """Remove the bar that a worker may have left when it was ended."""
        if self.has_bar:
            self._write(_NO_BAR + _CURSOR)

    def _write(self, text: str) -> None:
        # Of a terminal that was closed, go on reading: workers wait until what they print is read.
        with contextlib.suppress(OSError):
            self.target.write(text)
            self.target.flush()


def _lines(source: Any) -> Iterator[str]:
    """Each line as soon as it has ended; one that draws a bar also before."""
    decode = codecs.getincrementaldecoder(source.encoding)("replace").decode
    rest = ""
    while some := source.buffer.read1():
        *lines, rest = (rest + decode(some)).split("\n")
        yield from (line.removesuffix("\r") + "\n" for line in lines)
        if _CODES.search(rest):
            yield rest
            rest = ""
    if rest:
        yield rest


class _Signals:
    """Context in which signals wait to be passed on: mpiexec loses them while it starts workers."""

    def __init__(self) -> None:
        self.came: int | None = None
        self.waiting: list[int] = []
        self.before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                if number := getattr(signal, name, None):
                    self.before[number] = signal.signal(number, self._keep)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        hangs_up = number == getattr(signal, "SIGHUP", None)  # which ends the launcher itself
        self.waiting.append(signal.SIGTERM if hangs_up else number)
