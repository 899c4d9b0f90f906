"""Limits of the process in which a student's code runs; on Linux the kernel enforces them.

Landlock (Linux 5.13) limits the files, seccomp the system calls. A process cannot lift either, and
neither needs any rights. Numbers: linux/landlock.h, linux/seccomp.h, linux/capability.h and the
kernel's tables of system calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable

SET_NO_NEW_PRIVS, SET_PDEATHSIG, SET_CHILD_SUBREAPER, SET_SECCOMP = 38, 1, 36, 22
SIGKILL = 9
# Landlock's system calls, which have the same numbers on all processors, and its rights.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
ALL_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # number of rights by version; from 5 on: 16
LARGEST_FILE = 64 << 20  # bytes

# Filter programs of seccomp: load a word, compare, test bits, return.
LOAD, EQUAL, ANY_BIT, AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, REFUSE, NO_SUCH_CALL = 0x7FFF0000, 0x00050001, 0x00050026  # EPERM, ENOSYS
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
CLONE_THREAD = 0x00010000
# Architecture; clone; clone3; calls that are allowed for this very process only; calls that are
# refused: programs, signals, other processes' memory, sockets, links, owners and rights of files.
CALLS: dict[str, tuple[int, int, int, tuple[int, ...], tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E, 56, 435,
        (62, 234, 129, 297),  # kill tgkill rt_sigqueueinfo rt_tgsigqueueinfo
        (
            57, 58, 59, 322,  # fork vfork execve execveat
            200, 424, 434, 438, 109, 112,  # tkill pidfd_send_signal _open _getfd setpgid setsid
            101, 310, 311, 312,  # ptrace process_vm_readv _writev kcmp
            41, 42, 49,  # socket connect bind
            86, 265, 88, 266,  # link linkat symlink symlinkat
            90, 91, 268, 452, 92, 93, 94, 260,  # chmod and chown
            188, 189, 190, 132, 235, 261, 280,  # setxattr, times of files
            165, 166, 155, 161, 272, 308, 304,  # mounts, roots, namespaces, open_by_handle_at
            425, 321, 298, 323, 248, 249, 250, 302,  # io_uring bpf perf userfaultfd keys prlimit64
        ),
    ),
    "aarch64": (
        0xC00000B7, 220, 435,
        (129, 131, 138, 240),
        (
            221, 281, 130, 424, 434, 438, 154, 157, 117, 270, 271, 272, 198, 203, 200, 37, 36,
            52, 53, 452, 54, 55, 5, 6, 7, 88, 40, 39, 41, 51, 97, 268, 265,
            425, 280, 241, 282, 217, 218, 219, 261,
        ),
    ),
}  # fmt: skip


class Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction)))


def end_with_parent() -> None:
    """The kernel kills this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        _libc().prctl(SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Processes whose parent has ended become children of this one, however deep (Linux)."""
    if sys.platform == "linux":
        _libc().prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def limit_memory(more: int) -> None:
    """Allow ``more`` bytes in addition to what the process has; small files; no core dump (Linux).

    0: no limit on memory.
    """
    if sys.platform != "linux":
        return
    import resource

    limits = {resource.RLIMIT_FSIZE: LARGEST_FILE, resource.RLIMIT_CORE: 0}
    if more:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + more
    for kind, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a lower limit is already set
            resource.setrlimit(kind, (limit, limit))


def drop_rights(user: tuple[int, int] | None) -> None:
    """Become another user and group; needs root."""
    if user is not None:
        os.setgroups([])
        os.setgid(user[1])
        os.setuid(user[0])


def confine(readable: Iterable[str], writable: Iterable[str]) -> list[str]:
    """Restrict this process for good.

    Parameters
    ----------
    readable, writable : paths
        Files and folders that stay open for reading, and for reading and writing. All others are
        closed to it, also to code that is compiled.

    Returns
    -------
    list of str
        What is in force: ``"files"``, ``"processes"``.
    """
    if sys.platform != "linux":
        return []
    libc = _libc()
    if libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return []
    drop = struct.pack("<II", 0x20080522, 0)  # version 3 of capset, this process: no capability
    libc.syscall(126 if platform.machine() == "x86_64" else 91, drop, bytes(24))
    files = _limit_files(libc, readable, writable)
    calls = _limit_calls(libc)
    return ["files"] * files + ["processes"] * calls


def _limit_files(libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> bool:
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = (1 << ALL_RIGHTS.get(version, 16)) - 1
    network = 0b11 if version >= 4 else 0
    scoped = 0b11 if version >= 6 else 0  # signals and abstract sockets
    attributes = struct.pack("<QQQ", rights, network, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return False
    read = EXECUTE | READ_FILE | READ_DIR
    of_file = (EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV) & rights
    for paths, allowed in ((readable, read), (writable, rights)):
        for path in paths:
            with contextlib.suppress(OSError):
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
                kept = allowed if os.path.isdir(path) else allowed & of_file
                libc.syscall(ADD_RULE, rules, 1, struct.pack("<Qi", kept, place), 0)
                os.close(place)
    done = libc.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return bool(done)


def _limit_calls(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in CALLS or sys.maxsize < 1 << 32:
        return False
    architecture, clone, clone3, own, refused = CALLS[platform.machine()]
    steps = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, REFUSE)]
    steps += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, REFUSE)]
    for call in refused:
        steps += [(EQUAL, 0, 1, call), (RETURN, 0, 0, REFUSE)]
    steps += [(EQUAL, 0, 1, clone3), (RETURN, 0, 0, NO_SUCH_CALL)]  # the C library then uses clone
    steps += [(EQUAL, 0, 4, clone), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(ANY_BIT, 1, 0, CLONE_THREAD), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    for call in own:
        steps += [(EQUAL, 0, 4, call), (LOAD, 0, 0, FIRST_ARGUMENT)]
        steps += [(EQUAL, 1, 0, os.getpid()), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    steps += [(RETURN, 0, 0, ALLOW)]
    filter_ = (Instruction * len(steps))(*(Instruction(*step) for step in steps))
    program = Program(len(steps), filter_)
    return bool(libc.prctl(SET_SECCOMP, 2, ctypes.byref(program), 0, 0) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
