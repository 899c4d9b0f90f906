"""Which GPU each worker computes on, and how gradients get from GPU to GPU."""

from __future__ import annotations

import warnings
from contextlib import suppress

from tinyalex import notice
from tinyalex.backends import Backend
from tinyalex.backends.cuda import check, driver
from tinyalex.extras import install
from tinyalex.group import Group, GroupError
from tinyalex.group.nccl import NcclGroup
from tinyalex.group.staged import StagedGroup


def choose_gpu(group: Group, backend: str) -> None:
    """Share out each computer's GPUs to its workers, before anything is allocated on one.

    All workers must call this.

    Raises
    ------
    GroupError
        On every worker: one of them has no GPU that it can use, and the backend, or the GPUs of the
        others, ask for one.
    """
    if group.size == 1:
        return
    group.check_same({"backend": backend}, "the same options for all workers")
    if backend not in ("auto", "cuda"):
        return
    with suppress(driver.NoDriver):  # `why_not` says it
        check.use_gpu(group.local_rank % driver.ask().gpus)
    reasons = group.gather([group.host, *(check.why_not() or ())])
    lacking = [rank for rank, (_, *missing) in enumerate(reasons) if missing]
    if lacking and (backend == "cuda" or len(lacking) < group.size):
        host, missing, hint = reasons[lacking[0]]
        raise GroupError(
            f"rank {lacking[0]} on {host} has no GPU: {missing}",
            f"{hint}; or backend=numba for all workers",
        )


def on_gpus(group: Group, backend: Backend) -> Group:
    """The group that adds up a backend's arrays; the same one, unless they are on several GPUs.

    All workers must call this, after `choose_gpu`. A notice says which way arrays take, and why.
    """
    if group.size == 1 or backend.name != "cuda":
        return group
    xp = backend.xp
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where NCCL is missing; the notice says so
        from cupy.cuda import nccl
    gpus, has_nccl = zip(
        *group.gather([f"{xp.cuda.Device().pci_bus_id} {group.host}", bool(nccl.available)]),
        strict=True,
    )
    shared = [rank for rank, gpu in enumerate(gpus) if gpus.count(gpu) > 1]
    if shared:
        first, second = [rank for rank in shared if gpus[rank] == gpus[shared[0]]][:2]
        why = f"ranks {first} and {second} share a GPU"
    elif not all(has_nccl):
        rank = has_nccl.index(False)
        why = f"rank {rank} has no NCCL ({install('cuda13-nccl')}, or cuda12-nccl)"
    else:
        notice.tell("gradients are added by NCCL: each worker has a GPU of its own")
        return NcclGroup(group, xp, nccl)
    notice.tell(f"gradients are added through the host's memory: {why}")
    return StagedGroup(group, xp)
