"""Sums on GPUs, here doubles: the bytes of one worker, and an event before every use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.cuda_streams import Stream, judge
from tests.backends.waiting import no_waiting
from tests.group.gpus import Nccl, NcclError, on_gpus
from tests.group.test_shards import shared_out, summed
from tests.group.threads import ThreadGroup, WrongOrder, on_threads
from tinyalex.group import Alone, Group, GroupError, Shards
from tinyalex.group.gpu import GpuGroup
from tinyalex.group.nccl import NcclGroup
from tinyalex.group.staged import StagedGroup

KINDS = ("nccl", "staged")


class OnDevice(Group):
    """Takes and gives arrays of the host; a thread adds them up on the device, as in training."""

    def __init__(self, group: GpuGroup) -> None:
        self.group, self.rank, self.size = group, group.rank, group.size

    def sum(self, parts: Any, shards: Shards, n: int) -> np.ndarray:
        group, result = self.group, []
        there = []
        for part in parts:
            there.append(group.xp.empty(part.shape, part.dtype))
            there[-1][...] = group.xp.asarray(part)
        with no_waiting("the thread that computes"):
            mark = group.queued()

            def send() -> None:
                with group.after(mark):
                    result.append(group.sum(there, shards, n))

            thread = threading.Thread(target=send)
            thread.start()
            thread.join()
            group.wait()
        return result[0].get() if result else np.empty(0)


@given(
    st.sampled_from(KINDS),
    shared_out(),
    st.integers(1, 30),
    st.integers(0, 9),
    st.integers(0, 2**32 - 1),
)
def test_any_number_of_gpus_gives_the_bytes_of_one_worker(
    kind: str, shared: tuple[int, int], n: int, length: int, seed: int
) -> None:
    judge.reset()
    count, size = shared
    rng = np.random.default_rng(seed)
    values = (rng.standard_normal((count, length)) * 10.0 ** rng.integers(-4, 5)).astype(np.float32)
    alone = summed(Alone(), count, values, n)
    for got in on_gpus(size, lambda group: summed(OnDevice(group), count, values, n), kind, seed):
        assert got.tobytes() == alone.tobytes()
    assert judge.wrong == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("n", [3, 50])  # of 8 shards 3 have images, or all
def test_one_two_and_four_gpus_give_the_bytes_of_one_worker(kind: str, size: int, n: int) -> None:
    values = np.random.default_rng(0).standard_normal((8, 1001)).astype(np.float32)
    alone = summed(Alone(), 8, values, n)

    def work(group: GpuGroup) -> tuple[bytes, int]:
        return summed(OnDevice(group), 8, values, n).tobytes(), group.sent

    bytes_of, sent = zip(*on_gpus(size, work, kind), strict=True)
    assert set(bytes_of) == {alone.tobytes()}
    assert sum(sent) == 2 * (size - 1) * alone.nbytes  # as much as a ring


def use_sums(group: GpuGroup, steps: int = 3) -> None:
    """What training does: gradients are written, summed, used, and written again."""
    shards = Shards(group.size, group.rank, group.size)
    summed: list[Any] = [group.xp.empty((8,), np.float32) for _ in range(steps)]

    def send(parts: list[Any], at: int, mark: Any) -> None:
        with group.after(mark):
            summed[at] = group.sum(parts, shards, 8)

    for _ in range(2):
        kept = []
        for at in range(steps):
            part = group.xp.empty((8,), np.float32)
            part[...] = 1.0
            kept.append(part)
            thread = threading.Thread(target=send, args=([part], at, group.queued()))
            thread.start()
            thread.join()
        group.wait()
        weights = group.xp.empty((8,), np.float32)
        for total in summed:
            weights += total
        del kept, part


def without(owner: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace a method by one that does nothing."""
    return lambda patch: patch.setattr(owner, name, lambda *args: None)


def begins_too_early(patch: pytest.MonkeyPatch) -> None:
    """The sum's stream waits for what was queued before the gradient was written."""
    patch.setattr(GpuGroup, "queued", lambda self: self._event())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "bug", [without(GpuGroup, "wait"), without(Stream, "wait_event"), begins_too_early]
)
def test_a_missing_event_is_found(
    kind: str, bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.reset()
    on_gpus(2, use_sums, kind)
    assert judge.wrong == []
    bug(monkeypatch)
    on_gpus(2, use_sums, kind)
    assert judge.wrong != []


def test_pinned_memory_is_read_after_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is not given back while a copy from it may still run."""
    judge.reset()

    def growing(group: GpuGroup) -> None:
        for length in (4, 400, 40):
            part = group.xp.empty((length,), np.float32)
            part[...] = float(group.rank)
            with group.after(group.queued()):
                group.sum([part], Shards(2, group.rank, 2), 8)

    on_gpus(2, growing, "staged")
    assert judge.wrong == [] and judge.counts["copies to pinned memory"] == 2 * 3
    assert judge.counts["host waits"] == 2 * (3 + 2)


def parts_of(group: GpuGroup, length: int, dtype: Any = np.float32) -> list[Any]:
    return [group.xp.empty((length,), dtype)]


@pytest.mark.parametrize(
    ("length", "dtype"),
    [(9, np.float32), (8, np.float64)],
    ids=["another length", "another dtype"],
)
def test_the_double_of_nccl_refuses_what_would_hang(length: int, dtype: Any) -> None:
    def work(group: GpuGroup) -> None:
        odd = (length, dtype) if group.rank else (8,)
        group.sum(parts_of(group, *odd), Shards(2, group.rank, 2), 8)

    with pytest.raises(WrongOrder, match="sends"):
        on_gpus(2, work, "nccl")


def test_the_double_of_nccl_refuses_other_calls() -> None:
    def work(group: Any) -> None:
        if group.rank:
            group.agree(1)
        else:
            group.sum(parts_of(group, 8), Shards(2, 0, 2), 8)

    with pytest.raises(WrongOrder, match="different calls"):
        on_gpus(2, work, "nccl")

    def alone(group: Any) -> None:
        group.comm.send(parts_of(group, 8)[0].data.ptr, 8, 7, 0, 0)

    with pytest.raises(WrongOrder, match="outside of groupStart"):
        on_gpus(2, alone, "nccl")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 3, 50])
def test_a_fast_sum_differs_by_rounding_alone(
    kind: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NCCL_NVLS_ENABLE", "NCCL_ALGO"):
        monkeypatch.setenv(name, "")  # so that what the group sets is forgotten
        monkeypatch.delenv(name)
    values = np.random.default_rng(0).standard_normal((6, 100)).astype(np.float32)
    alone = summed(Alone(), 6, values, n)
    for got in on_gpus(3, lambda group: summed(OnDevice(group), 6, values, n), kind, fast_sum=True):
        np.testing.assert_allclose(got, alone, rtol=1e-5, atol=1e-6)
    assert (os.environ.get("NCCL_ALGO") == "Ring") == (kind == "nccl")


def test_the_environments_choices_for_nccl_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCCL_ALGO", "Tree")
    monkeypatch.setenv("NCCL_NVLS_ENABLE", "1")
    on_gpus(2, lambda group: None, "nccl", fast_sum=True)
    assert (os.environ["NCCL_ALGO"], os.environ["NCCL_NVLS_ENABLE"]) == ("Tree", "1")


def test_nccl_that_does_not_start_is_an_error_with_a_way_out() -> None:
    def work(control: ThreadGroup) -> None:  # all of them on the first GPU
        from tests.group.gpus import array_module

        NcclGroup(control, array_module(), Nccl(control.meeting))

    with pytest.raises(GroupError, match=r"NCCL does not start \(.*two ranks on one GPU") as error:
        on_threads(2, work)  # type: ignore[arg-type]
    assert isinstance(error.value.__cause__, NcclError)
    assert "through the host's memory" in (error.value.hint or "")


@pytest.mark.parametrize("kind", KINDS)
def test_all_but_sums_is_the_other_groups(kind: str) -> None:
    def work(group: Group) -> Any:
        assert group.local_rank == group.rank and group.leads == (group.rank == 0)
        ones = [np.full(2, group.rank)] * 3
        got = [int(array[0]) for array in group.exchange(ones, [(2,)] * 3)]
        return group.gather(group.rank), group.broadcast(group.rank), group.agree(group.rank), got

    assert on_gpus(3, work, kind) == [([0, 1, 2], 0, 2, [0, 1, 2])] * 3
    assert {*dir(StagedGroup)} >= {*dir(Group)}
