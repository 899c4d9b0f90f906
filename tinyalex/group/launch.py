"""Starting this program again as several workers, and telling how they ended."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from tinyalex.group.base import GroupError
from tinyalex.group.world import LAUNCHER, check_installed

# What MPICH's launcher says when a process ends early, from the first line to the last.
_BANNER = re.compile(
    r"={60,}|=   |YOUR APPLICATION TERMINATED|This typically refers|Please see the F"
)
_LAUNCHER = re.compile(r"\[mpiexec@[^]]*\] ")
_EXIT_CODES = re.compile(r"\[mpiexec@.*\] Exit codes: (.*)")
_STOPPED = (129, 130, 143)  # what a run ends with that a signal has stopped, after saving
_ABORT = re.compile(r"Abort\(\d+\) on node \d+")
_SAID = "error: "


def launch(
    workers: int, arguments: Sequence[str], program: Sequence[str] = ("-m", "tinyalex")
) -> int:
    """Run ``python PROGRAM ARGUMENTS`` as several workers on this computer.

    Ctrl-C, SIGTERM and a closed terminal are passed on to all of them.

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
    command = [mpiexec, "-n", str(workers), sys.executable, *program, *arguments]
    hydra = b"HYDRA" in subprocess.run([mpiexec, "--version"], capture_output=True).stdout
    if hydra:
        command.insert(1, "-print-all-exitcodes")
    # A session of its own: what the terminal sends reaches the workers once, through us.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        env=os.environ | {LAUNCHER: str(os.getpid())},
    )
    with _Signals(process) as signals:
        copies = [
            _Copy(process.stdout, sys.stdout, hydra),
            _Copy(process.stderr, sys.stderr, hydra),
        ]
        for copy in copies:
            copy.join()
        code = process.wait()
    statuses = next((copy.statuses for copy in copies if copy.statuses), [])
    stopped = code in _STOPPED and len(set(statuses)) <= 1
    if code and not stopped and not any(copy.said for copy in copies):
        sys.stderr.write(f"error: {_how_it_ended(statuses, code)}\n")
        sys.stderr.write("Try: --resume the run: its last checkpoint is kept\n")
    return 129 if signals.came == getattr(signal, "SIGHUP", None) else abs(code)


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


def _how_it_ended(statuses: Sequence[int], code: int) -> str:
    """Say which worker ended first, from the wait statuses of all."""
    for rank, status in enumerate(statuses):
        number, exit_code = status & 127, status >> 8
        if number:
            name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
            lack = ": perhaps the memory was too small" if name == "SIGKILL" else ""
            return f"rank {rank} was ended by signal {number} ({name}){lack}"
        if exit_code:
            return f"rank {rank} ended without a word, with exit code {exit_code}"
    return f"a worker ended without a word (exit code {code})"


class _Copy(threading.Thread):
    """Copies lines from a pipe to a stream, without those of MPICH's launcher."""

    def __init__(self, source: Any, target: TextIO, hydra: bool) -> None:
        super().__init__(daemon=True)
        self.source, self.target, self.hydra = source, target, hydra
        self.said = False  # whether a worker said why it failed
        self.statuses: list[int] = []
        self.start()

    def run(self) -> None:
        blank = ""
        for line in self.source:
            if self.hydra and self._is_launchers(line):
                blank = ""
                continue
            if line == "\n":  # the launcher's banner begins with one
                blank += line
                continue
            self.said = self.said or line.startswith(_SAID)
            self.target.write(blank + line)
            self.target.flush()
            blank = ""

    def _is_launchers(self, line: str) -> bool:
        if codes := _EXIT_CODES.match(line):
            self.statuses = [int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.])", codes[1])]
        return any(words.match(line) for words in (_LAUNCHER, _BANNER, _ABORT))


class _Signals:
    """Context in which signals are passed on to a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.came: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                if number := getattr(signal, name, None):
                    self.before[number] = signal.signal(number, self._pass_on)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        hangs_up = number == getattr(signal, "SIGHUP", None)  # which ends the launcher itself
        self.process.send_signal(signal.SIGTERM if hangs_up else number)
