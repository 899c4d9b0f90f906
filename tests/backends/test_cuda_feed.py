"""Batches on a second stream: in any interleaving of the two threads, events order every use.

The feed runs on doubles of CuPy's streams and pools (`cuda_streams`), two threads take turns at
places that Hypothesis chooses, and the judge writes down what a GPU would be free to do wrong.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends import cuda_double, cuda_streams
from tests.backends.cuda_streams import Event, Stream, host_used, judge
from tests.backends.device_array import DeviceArray, host_of
from tinyalex.backends.cuda.feed import SPARE, CudaFeed, pinned_bytes
from tinyalex.errors import BackendError, DeviceMemoryError

N = 8  # numbers of every array, so that any block may take the place of any other


class Device:
    """As much of the GPU backend as a feed needs."""

    def __init__(self) -> None:
        self.pool = cuda_streams.MemoryPool()
        cuda = SimpleNamespace(
            Event=Event,
            get_current_stream=cuda_streams.get_current_stream,
            using_allocator=cuda_streams.using_allocator,
            alloc_pinned_memory=cuda_streams.alloc_pinned_memory,
            runtime=SimpleNamespace(CUDARuntimeError=cuda_double.CUDARuntimeError),
        )
        self.xp = SimpleNamespace(cuda=cuda)

    def empty(self, shape: Any, dtype: Any) -> DeviceArray:
        if getattr(cuda_streams._here, "allocator", None) is not None:
            return cuda_double.empty(shape, dtype)
        with cuda_streams.using_allocator(self.pool.malloc):  # its own pool, a new one a test
            return cuda_double.empty(shape, dtype)

    def asarray(self, host: np.ndarray) -> DeviceArray:
        there = self.empty(host.shape, host.dtype)
        launch(there)
        return there


def launch(*arrays: DeviceArray) -> None:
    """A kernel on the current stream."""
    judge.pause()
    for array in arrays:
        host_of(array)


def feed_of(device: Device, ahead: int) -> CudaFeed:
    bringing = Stream(non_blocking=True)
    return CudaFeed(device.xp, device.pool, device.empty, Stream.null, bringing, ahead)


class Turns:
    """Two threads of which one runs at a time; they change places where ``seed`` says."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.often = {name: self.random.choice([0.05, 0.2, 0.5]) for name in ("loader", "trainer")}
        self.change = threading.Condition()
        self.names = ["loader", "trainer"]
        self.running = self.names[seed % 2]
        self.errors: list[BaseException] = []

    def other(self) -> None:
        """Let the other thread run until it gives back."""
        me = threading.current_thread().name
        with self.change:
            if len(self.names) > 1:
                self.running = next(name for name in self.names if name != me)
                self.change.notify_all()
                assert self.change.wait_for(lambda: self.running == me, timeout=20)

    def pause(self) -> None:
        often = self.often.get(threading.current_thread().name, 0.0)
        if self.random.random() < often:
            self.other()

    def wait_for(self, come: Callable[[], object]) -> None:
        while not come():
            assert len(self.names) > 1, "the other thread has ended"
            self.other()

    def both(self, **work: Callable[[], None]) -> None:
        def run(name: str) -> None:
            with self.change:
                assert self.change.wait_for(lambda: self.running == name, timeout=20)
            try:
                work[name]()
            except BaseException as error:
                self.errors.append(error)
            with self.change:
                self.names.remove(name)
                self.running = "".join(self.names)
                self.change.notify_all()

        threads = [threading.Thread(target=run, args=(name,), name=name) for name in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


def epoch(turns: Turns, ahead: int, batches: int, taken: int) -> None:
    """Bring batches, compute with the first ``taken`` of them, then go on without the loader."""
    device = Device()
    mean = device.asarray(np.zeros(N))
    feed = feed_of(device, ahead)
    ready: deque[tuple[DeviceArray, DeviceArray]] = deque()
    kept: list[DeviceArray] = []
    stopped = False

    def prepare() -> tuple[DeviceArray, DeviceArray]:
        room = feed.room((N,), np.uint8)
        host_used(room)
        pixels = feed.bring(room)
        labels, tops = device.asarray(np.zeros(N)), device.asarray(np.zeros(N))
        x = device.empty((N,), "float32")
        launch(pixels, tops, mean, x)
        return x, labels

    def loader() -> None:
        for _ in range(batches):
            with feed.preparing():
                batch = prepare()
            turns.wait_for(lambda: len(ready) < ahead or stopped)
            if stopped:
                return
            ready.append(batch)

    def trainer() -> None:
        nonlocal stopped
        for _ in range(taken):
            turns.wait_for(lambda: ready)
            x, labels = feed.take(ready.popleft())
            for _ in range(turns.random.randint(1, 4)):
                y = device.empty((N,), "float32")
                launch(x, labels, y)
            kept.append(x)  # some keep a batch for longer than its step
            while kept and turns.random.random() < 0.6:
                kept.pop(0)
            del x, labels, y
        stopped = True

    judge.pause = turns.pause
    try:
        turns.both(loader=loader, trainer=trainer)
    finally:
        judge.pause = lambda: None
    feed.close()
    ready.clear()
    later = [device.empty((N,), "float32") for _ in range(12)]
    launch(*later)
    host_used(feed_of(device, 1).room((N,), np.uint8))


@given(
    seed=st.integers(0, 2**32),
    ahead=st.integers(1, 3),
    batches=st.integers(1, 8),
    left=st.integers(0, 3),
)
def test_no_use_of_a_batch_lacks_an_order(seed: int, ahead: int, batches: int, left: int) -> None:
    judge.reset()
    epoch(Turns(seed), ahead, batches, max(0, batches - left))
    assert judge.wrong == []
    assert judge.counts["bringing"] >= batches


def found(change: Callable[[pytest.MonkeyPatch], None]) -> bool:
    """Whether the judge finds a bug in one of a few interleavings."""
    for seed in range(40):
        judge.reset()
        with pytest.MonkeyPatch.context() as patch:
            change(patch)
            epoch(Turns(seed), ahead=1 + seed % 3, batches=8, taken=5 + seed % 4)
        if judge.wrong:
            return True
    return False


def no_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Stream, "wait_event", lambda self, event: None)


def waits_of(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Only the waits of one stream have an effect."""

    def change(patch: pytest.MonkeyPatch) -> None:
        wait = Stream.wait_event

        def maybe(self: Stream, event: Event) -> None:
            if cuda_streams.name_of(self) == name:
                wait(self, event)

        patch.setattr(Stream, "wait_event", maybe)

    return change


def no_event_of_the_copy(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Event, "synchronize", lambda self: None)


def no_wait_at_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Stream, "synchronize", lambda self: None)


def waits_before_it_asks(patch: pytest.MonkeyPatch) -> None:
    """What the trainer lets go between the wait and malloc is overwritten while it is used."""

    def allocate(self: CudaFeed, nbytes: int) -> Any:
        self.computing.record(self._queued)
        self.bringing.wait_event(self._queued)
        return self.pool.malloc(nbytes)

    patch.setattr(CudaFeed, "_allocate", allocate)


def memory_of_the_other_stream(patch: pytest.MonkeyPatch) -> None:
    """The trainer gets the loader's temporary arrays while they are used."""
    plain = CudaFeed._allocate

    def allocate(self: CudaFeed, nbytes: int) -> Any:
        with self.computing:
            return plain(self, nbytes)

    patch.setattr(CudaFeed, "_allocate", allocate)


@pytest.mark.parametrize(
    "bug",
    [
        no_wait,
        waits_of("computing"),
        waits_of("bringing"),
        no_event_of_the_copy,
        no_wait_at_the_end,
        waits_before_it_asks,
        memory_of_the_other_stream,
    ],
)
def test_the_judge_finds_what_is_missing(bug: Callable[[pytest.MonkeyPatch], None]) -> None:
    assert found(bug)
    assert not found(lambda patch: None)


@pytest.fixture
def feed() -> CudaFeed:
    return feed_of(Device(), 2)


def test_pinned_buffers_are_reused_in_turn_and_have_the_expected_size(feed: CudaFeed) -> None:
    places = []
    with feed.preparing():
        for n in (5, 5, 5, 5, 5, 3, 7):
            room = feed.room((n, 2), np.uint8)
            assert room.shape == (n, 2) and room.dtype == np.uint8
            room[...] = n
            x = feed.bring(room)
            assert (host_of(x) == n).all() and x.shape == room.shape
            places.append(room.ctypes.data)
    assert len(set(places[:4])) == 2 + SPARE and places[4:6] == places[:2]
    assert pinned_bytes(10, ahead=2) == 10 * len(set(places[:4]))


def test_images_from_elsewhere_are_pinned_on_the_way(feed: CudaFeed) -> None:
    images = np.arange(12, dtype=np.uint8).reshape(3, 4)
    with feed.preparing():
        feed.room((3, 4), np.uint8)
        x = feed.bring(images[::-1])
    np.testing.assert_array_equal(host_of(x), images[::-1])


def test_taking_never_makes_the_host_wait(feed: CudaFeed) -> None:
    judge.reset()
    with feed.preparing():
        x = feed.bring(np.zeros((2, 2), np.uint8))
    assert feed.take(x) is x
    assert judge.counts["host waits"] == 0
    feed.close()
    assert judge.counts["host waits"] == 1


def test_an_epoch_is_taken_on_the_stream_that_asked_for_it(feed: CudaFeed) -> None:
    with feed.preparing():
        pass
    with Stream(), pytest.raises(BackendError, match="another CUDA stream"):
        feed.take(None)


def test_memory_that_cannot_be_pinned_is_an_error_with_a_way_out(
    feed: CudaFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(nbytes: int) -> None:
        raise cuda_double.CUDARuntimeError("cudaErrorMemoryAllocation: out of memory")

    monkeypatch.setattr(feed.xp.cuda, "alloc_pinned_memory", refuse)
    with pytest.raises(DeviceMemoryError, match="refuses to pin 3 MiB more") as error:
        feed.room((3, 1 << 20), np.uint8)
    assert "--batch-size" in error.value.hint
