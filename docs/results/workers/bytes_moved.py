"""Bytes that a worker sends in one training step of AlexNet: counted, and as the arithmetic says.

    mpiexec -n 4 python docs/results/workers/bytes_moved.py 128 512

For each batch (of all workers together) one real step, in each way of sharing the work. Needs
the extra ``mpi``. The counts are of rank 0, whose parts are the smallest where numbers
do not divide; see `expected`.
"""

from __future__ import annotations

import sys

import numpy as np
from mpi4py import MPI

from tinyalex import backends, models
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Alone, Shards
from tinyalex.group.mpi import MpiGroup
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.parallel import split
from tinyalex.training.gradients import BatchGradients

CONVOLUTIONS, FULLY_CONNECTED = 2_334_080, 58_631_144  # weights and biases
# Numbers of an image where figure 2's towers meet: half of the inputs of conv3, fc6, fc7, fc8, two
# channels at the border of both norms, and half of the logits.
TOWERS = 128 * 13 * 13 + 128 * 6 * 6 + 2048 + 2048 + 2 * 55 * 55 + 2 * 27 * 27
FEATURES, HIDDEN, CLASSES = 9216, 4096, 1000


def step(kind: str, group: MpiGroup, batch: int) -> int:
    """Bytes that this worker sends in one step."""
    model = models.build("alexnet", init=models.ZEROS)
    shares = Alone() if kind == "towers" else group
    shards = Shards(shares.size, shares.rank, shares.size)
    if kind != "data":
        model = split(model, kind, group)
    backend = backends.get("numba", threads=1)
    model.to(backend).skip_input_gradient()
    loss = SoftmaxCrossEntropy()
    loss.to(backend)
    gradients = BatchGradients(model, loss, shares, shards)
    mine = shards.images(slice(0, batch), shards.rank)
    n = mine.stop - mine.start
    x, labels = np.zeros((n, *model.input_shape), np.float32), np.zeros(n, np.int64)
    before = group.sent
    gradients.compute(iter([(x, labels)]), batch, ShardSums(backend, shares, shards))
    gradients.close()
    return group.sent - before


def expected(kind: str, workers: int, batch: int) -> float:
    """What the arithmetic says: a ring for sums, and each exchange forward and backward."""
    others, n = workers - 1, batch / workers
    if kind == "data":
        return 4 * 2 * others / workers * (CONVOLUTIONS + FULLY_CONNECTED)
    if kind == "towers":  # forward the logits too; their gradients are known to both
        return 4 * batch * (2 * TOWERS + CLASSES / 2)
    exchanged = FEATURES + 2 * HIDDEN + CLASSES / workers
    return 4 * (2 * others / workers * CONVOLUTIONS + 2 * others * n * exchanged)


def main() -> None:
    group = MpiGroup(MPI.COMM_WORLD)
    for batch in map(int, sys.argv[1:]):
        for kind in ("data", "towers", "hybrid") if group.size == 2 else ("data", "hybrid"):
            sent = step(kind, group, batch)
            if group.leads:
                wanted = expected(kind, group.size, batch)
                print(
                    f"{group.size} workers  batch {batch:>5}  {kind:<7}"
                    f"  sent {sent / 1e6:8.2f} MB  expected {wanted / 1e6:8.2f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
