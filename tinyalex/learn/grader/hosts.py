"""Starts processes for students' code, and looks at them from outside."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.learn.grader.inside.host import STATUS
from tinyalex.learn.grader.verdict import AnswerError, Outcome

START = 120.0  # s for a new process to load NumPy, on a busy machine
# The only environment variables that it gets: no keys, no settings of Python.
KEPT = {"HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PATHEXT", "SYSTEMROOT", "TEMP"}
KEPT |= {"TMP", "TMPDIR", "USERPROFILE", "APPDATA", "CUDA_HOME", "CUDA_PATH"}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
BEGIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); from inside import host; "
    "sys.path.pop(0); host.main()"
)


@dataclass
class Host:
    """A process that has loaded NumPy and forks for each student's file; see `inside.host`."""

    modules: tuple[str, ...]
    control: socket.socket = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.control, theirs = socket.socketpair()
        self.process = _popen(str(theirs.fileno()), self.modules, pass_fds=(theirs.fileno(),))
        theirs.close()
        _hosts[os.getpid(), self.modules] = self
        self._status()

    def start(self) -> tuple[socket.socket, int]:
        """A new process: its channel and number."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):  # it has ended: see `_status`
            socket.send_fds(self.control, [b"s"], [theirs.fileno()])
        return ours, self._status()

    def end(self, wait: bool) -> int:
        """End it, and what it has started; ``wait`` a moment for it to end by itself."""
        with contextlib.suppress(OSError):
            self.control.sendall(b"w" if wait else b"e")
        return self._status()

    def close(self) -> None:
        _hosts.pop((os.getpid(), self.modules), None)
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.process.kill()
        self.process.wait()

    def _status(self) -> int:
        try:
            self.control.settimeout(START)
            got = self.control.recv(STATUS.size, socket.MSG_WAITALL)
        except OSError:
            got = b""
        if len(got) < STATUS.size:
            self.close()
            raise AnswerError(Outcome.GRADER, "the process that starts answers has ended")
        return int(STATUS.unpack(got)[0])


_hosts: dict[tuple[int, tuple[str, ...]], Host] = {}


def stop_all() -> None:
    """End all processes for students' code, when a run is interrupted."""
    for (process, _), host in list(_hosts.items()):
        if process == os.getpid():
            host.close()


atexit.register(stop_all)


def start(
    allowed: tuple[str, ...],
) -> tuple[Host | subprocess.Popen[bytes], socket.socket, int]:
    if os.name != "nt":
        host = _hosts.get((os.getpid(), allowed))
        if host is not None and host.process.poll() is not None:
            host.close()
            host = None
        host = host or Host(allowed)
        return host, *host.start()
    ours, theirs = socket.socketpair()
    process = _popen("", allowed)
    assert process.stdin is not None
    process.stdin.write(theirs.share(process.pid).hex().encode() + b"\n")  # type: ignore[attr-defined]
    process.stdin.close()
    theirs.close()
    return process, ours, process.pid


def _popen(
    argument: str, modules: tuple[str, ...], pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", BEGIN, str(Path(__file__).parent), argument, *modules],
        stdin=subprocess.PIPE if os.name == "nt" else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
        start_new_session=os.name != "nt",
        env=kept
        | {
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_NUM_THREADS": "1",  # threads that wait for each other count as work
            "NUMBA_ENABLE_CUDASIM": os.environ.get("NUMBA_ENABLE_CUDASIM", "1"),
            **dict.fromkeys(THREADS, "1"),
        },
    )


def standard_library() -> list[str]:
    library = Path(os.__file__).parent
    folders = [path for path in sys.path if Path(path).is_relative_to(library)]
    return [path for path in folders if "-packages" not in path]


def readable(allowed: Iterable[str]) -> list[str]:
    """What Python, NumPy and Numba read: files and folders, without other packages."""
    library, packages = Path(os.__file__).parent, Path(np.__file__).parents[1]
    paths = [path for path in library.iterdir() if "-packages" not in path.name]
    names = {"numpy": ("numpy", "numpy.libs"), "numba": ("numba", "llvmlite", "llvmlite.libs")}
    for name in allowed:
        paths += [packages / folder for folder in names.get(name, (name,))]
    for folder in map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")):
        if folder.is_dir():
            paths += [path for path in folder.iterdir() if not path.name.startswith("python")]
    system = ("/etc/ld.so.cache", "/proc/cpuinfo", "/proc/meminfo", "/dev/zero")
    devices = ("/sys/devices/system/cpu", "/sys/devices/system/node")
    return [str(path) for path in (*paths, *system, *devices)]


def memory_must_be_polled() -> bool:
    """Linux enforces the memory limit itself (RLIMIT_AS); macOS and Windows do not."""
    return not sys.platform.startswith("linux")


def memory_of(process: int) -> int:
    """Bytes of memory that a process uses now; 0 if it has ended or the system does not tell."""
    try:
        if sys.platform.startswith("linux"):
            import resource

            pages = Path(f"/proc/{process}/statm").read_text().split()[1]
            return int(pages) * resource.getpagesize()
        if sys.platform == "win32":
            # Prints a line like "python.exe","4711","Console","1","51,240 K".
            command = ["tasklist", "/FI", f"PID eq {process}", "/FO", "CSV", "/NH"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            last = done.stdout.strip().rpartition(',"')[2]
            return int("".join(letter for letter in last if letter.isdecimal()) or 0) << 10
        command = ["ps", "-o", "rss=", "-p", str(process)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return int(done.stdout or 0) << 10
    except (OSError, ValueError):
        return 0


def user_called(name: str) -> tuple[int, int]:
    """Numbers of a user and of its group, as which students' code can run.

    Raises
    ------
    ConfigError
        There is no such user, it cannot read Python, or this process may not become it.
    """
    try:
        import pwd

        found = pwd.getpwnam(name)
    except (ImportError, KeyError):
        raise ConfigError(
            f"no user is called {name}", "the name of a user of this system"
        ) from None
    user = found.pw_uid, found.pw_gid
    if os.geteuid() not in (0, user[0]):
        raise ConfigError(f"only root can run answers as {name}", "sudo, or leave --user out")
    for path in (Path(sys.executable).resolve(), Path(os.__file__), Path(np.__file__)):
        if closed := unreadable(path, user):
            hint = "install Python and tinyalex where every user can read them, as in /opt"
            raise ConfigError(f"{name} cannot read {closed}, where Python is", hint)
    return user


def unreadable(path: Path, user: tuple[int, int]) -> Path | None:
    """The first folder on the way to a file, or the file, that a user cannot read."""
    for place in (*reversed(path.parents), path):
        status = place.stat()
        shift = 6 if status.st_uid == user[0] else 3 if status.st_gid == user[1] else 0
        if not status.st_mode >> shift & (1 if place.is_dir() else 4):
            return place
    return None
