"""Calls every method of `MpiGroup` as one rank of several; started by test_mpi.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from mpi4py import MPI

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.group.test_shards import summed  # noqa: E402
from tinyalex.group import Alone, GroupError  # noqa: E402
from tinyalex.group.mpi import MpiGroup  # noqa: E402


def main() -> None:
    with MpiGroup(MPI.COMM_WORLD) as group:
        size, rank = group.size, group.rank
        assert (group.local_rank, group.local_size) == (rank, size)
        assert group.gather({"rank": rank, "text": "ä" * rank}) == [
            {"rank": r, "text": "ä" * r} for r in range(size)
        ]
        assert group.broadcast([rank, None, float("inf")]) == [0, None, float("inf")]
        assert group.agree(rank) == size - 1

        mine = {"w": np.full((2, 3), rank, np.float32), "n": np.array(rank), "e": np.empty((0, 2))}
        arrays = group.broadcast_arrays(mine if rank == 0 else None)
        assert list(arrays) == ["w", "n", "e"]
        assert arrays["w"].dtype == np.float32 and arrays["w"].shape == (2, 3)
        assert not arrays["w"].any() and arrays["n"] == 0 and arrays["e"].shape == (0, 2)

        rng = np.random.default_rng(0)
        for count in (size, 2 * size, 5 * size):
            for length in (0, 1, 7, 1000):
                for n in (1, count - 1, 50):
                    values = rng.standard_normal((count, length)).astype(np.float32)
                    got = summed(group, count, values, n)
                    if n:
                        alone = summed(Alone(), count, values, n)
                        assert got.tobytes() == alone.tobytes()
                        group.fast_sum = True
                        fast = summed(group, count, values, n)
                        np.testing.assert_allclose(fast, alone, rtol=1e-4, atol=1e-5)
                        group.fast_sum = False

        before = group.sent
        parts = [np.full((rank, 2, to), 10 * rank + to, np.float64) for to in range(size)]
        wide = [np.repeat(part, 2, axis=1)[:, ::2] for part in parts]  # not contiguous
        got = group.exchange(wide, [(r, 2, rank) for r in range(size)])
        for r, array in enumerate(got):
            assert array.shape == (r, 2, rank) and (array == 10 * r + rank).all()
        assert group.sent - before == sum(parts[r].nbytes for r in range(size) if r != rank)

        group.check_same({"seed": 0}, "")
        try:
            group.check_same({"seed": rank}, "the same seed")
        except GroupError as error:
            assert size > 1 and "rank 1" in error.message
        else:
            assert size == 1
        if sys.argv[1:] == ["rest"]:  # rank 0 computes for longer than a worker may hang
            group.watch(2)
            group.step()
            group.rest()
            time.sleep(0 if rank else 3)
            assert group.broadcast(rank) == 0
    print("all right", flush=True)


if __name__ == "__main__":
    main()
