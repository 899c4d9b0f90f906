"""Adds up arrays on this computer's GPUs, as one rank of several; see docs/gpu-check.md.

``mpiexec -n 2 python -m mpi4py -m tests.group.gpu_program`` takes the group that training would
take; with ``nccl`` or ``staged`` behind it, that kind.
"""

from __future__ import annotations

import sys

import numpy as np
from mpi4py import MPI

from tests.group.test_gpu import OnDevice
from tests.group.test_shards import summed
from tinyalex import backends, notice
from tinyalex.group import Alone
from tinyalex.group.mpi import MpiGroup
from tinyalex.group.nccl import NcclGroup
from tinyalex.group.staged import StagedGroup
from tinyalex.training.gpus import choose_gpu, on_gpus


def main(kind: str = "") -> None:
    control = MpiGroup(MPI.COMM_WORLD)
    choose_gpu(control, "cuda")
    backend = backends.get("cuda")
    if control.leads:
        notice.listen(print)
    if kind == "nccl":
        from cupy.cuda import nccl

        group = NcclGroup(control, backend.xp, nccl)
    elif kind == "staged":
        group = StagedGroup(control, backend.xp)
    else:
        group = on_gpus(control, backend)
    rng = np.random.default_rng(0)
    for count in (group.size, 4 * group.size):
        for length in (1, 1001, 1_000_003):
            for n in (1, 50):
                values = rng.standard_normal((count, length)).astype(np.float32)
                alone = summed(Alone(), count, values, n)
                assert summed(OnDevice(group), count, values, n).tobytes() == alone.tobytes()
                group.fast_sum = control.fast_sum = True
                fast = summed(OnDevice(group), count, values, n)
                np.testing.assert_allclose(fast, alone, rtol=1e-4, atol=1e-5)
                group.fast_sum = control.fast_sum = False
    place = f"GPU {backend.xp.cuda.Device().pci_bus_id} on {group.host}"
    print(f"{type(group).__name__}, rank {group.rank} of {group.size}, {place}: the same bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
