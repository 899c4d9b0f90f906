"""The group that this process belongs to: the one that MPI started, or itself."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

from tinyalex.extras import install
from tinyalex.group.base import Alone, Group, GroupError
from tinyalex.launched import RANK

# Where MPICH, Intel MPI and Open MPI tell every process how many they have started.
_SIZE = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")
# Our own launcher's process, with which the workers end.
LAUNCHER = "TINYALEX_LAUNCHER"
_INSTALL = f"{install('mpi')} (mpi4py and MPICH), or mpi4py for the cluster's own MPI"


def started_by_mpi() -> bool:
    """Whether mpiexec, srun or the like started this process."""
    return any(name in os.environ for name in RANK)


def check_installed() -> None:
    """Raise GroupError where mpi4py is missing."""
    if find_spec("mpi4py") is None:
        raise GroupError("several workers need mpi4py, which is not installed", _INSTALL)


def check_alone() -> None:
    """Raise GroupError where srun started several processes, but not as MPI's."""
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", 1))
    if tasks > 1 and not started_by_mpi():
        raise GroupError(
            f"srun started {tasks} processes that do not see each other", "srun --mpi=pmi2"
        )


def join() -> Group:
    """The group of all processes that were started together; all of them must call this.

    Raises
    ------
    GroupError
        mpi4py or an MPI library is missing, or the processes do not see each other.
    """
    if not started_by_mpi():
        return Alone()
    check_installed()
    os.environ.setdefault("UCX_LOG_LEVEL", "error")  # it warns of a watch's last word to nobody
    try:
        with warnings.catch_warnings():  # of another library's mpiexec: refused below
            warnings.simplefilter("ignore", RuntimeWarning)
            from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise GroupError(f"mpi4py finds no MPI library ({error})", _INSTALL) from error
    from tinyalex.group.mpi import MpiGroup

    size = MPI.COMM_WORLD.Get_size()
    promised = next((int(os.environ[name]) for name in _SIZE if name in os.environ), size)
    if size != promised:
        raise GroupError(
            f"the launcher started {promised} processes, but MPI sees {size}: they belong to "
            f"different MPI libraries (this one is {library()})",
            "the mpiexec of the library that mpi4py uses; with Slurm another srun --mpi=...",
        )
    if MPI.Query_thread() < MPI.THREAD_MULTIPLE:
        raise GroupError(
            f"this MPI library cannot be called from several threads ({library()})",
            "another MPI library, such as: pip install mpich",
        )
    group = MpiGroup(MPI.COMM_WORLD, int(os.environ.get(LAUNCHER, 0)))
    if group.local_rank == 0:
        _unlink_segments()
    return group


def _unlink_segments() -> None:
    """Remove the names of MPICH's shared memory, which all processes here have opened by now.

    MPICH does so when it ends; where a process is killed the memory would stay.
    """
    with contextlib.suppress(OSError):  # a system without /proc
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        for name in set(re.findall(r" (/dev/shm/mpich_shm_\w+)$", maps, re.MULTILINE)):
            os.unlink(name)


def library() -> str:
    """The MPI library and its version: ``"MPICH 5.0.2"``."""
    from mpi4py import MPI

    words = MPI.Get_library_version().replace("Version:", "").split()
    return " ".join(words[:3] if words[:1] == ["Open"] else words[:2]).rstrip(",")
