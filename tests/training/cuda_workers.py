"""Workers with a GPU each train a network; `test_cuda_simulator` runs this.

Threads are the workers, the GPU backend works on a double of CuPy, and kernels are simulated.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_double

cuda_double.install()

import cupy  # noqa: E402

from tests.backends.cuda_streams import judge  # noqa: E402
from tests.backends.waiting import no_waiting  # noqa: E402
from tests.data.pictures import random_split  # noqa: E402
from tests.group.gpus import on_gpus  # noqa: E402
from tinyalex import data, training  # noqa: E402
from tinyalex.backends.cuda import check  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.evaluation.score import ShardSums  # noqa: E402
from tinyalex.group import Alone, Group, Shards  # noqa: E402
from tinyalex.layers import (  # noqa: E402
    Dropout,
    Flatten,
    Linear,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)
from tinyalex.training import gradients  # noqa: E402
from tinyalex.training.gradients import BatchGradients, Sending  # noqa: E402

SPLIT = random_split(19, 6, 6, 1)  # batches of 8, 8 and 3 images: the last has an empty shard
MAKING = threading.Lock()


@pytest.fixture(autouse=True)
def set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every layer's gradients are sent by themselves; what a worker chooses is forgotten."""
    monkeypatch.setattr(gradients, "BUCKET_BYTES", 1)
    monkeypatch.setattr(check, "gpu", 0)
    judge.reset()


def trained(group: Group, count: int, epochs: int = 1) -> dict[str, np.ndarray]:
    """Weights after some steps, none of which waits."""
    with MAKING:  # a worker is a process: what is the process's own is the thread's here
        check.gpu = group.rank + 1
        backend = CudaBackend()
    equal = [Linear(6, 6, seed=seed) for seed in range(4)]  # freed memory fits the next one
    model = Sequential(
        [Flatten(), Linear(36, 6, seed=4), ReLU(), Dropout(seed=5), *equal, Linear(6, 2, seed=6)]
    )
    model.to(backend)
    shards, loss = Shards(count, group.rank, group.size), SoftmaxCrossEntropy()
    loss.to(backend)
    optimizer = training.SGD(model, lr=0.1)
    loader = data.Loader(SPLIT, backend, 8, seed=1, mirror=True, scale=0.01, shards=shards)
    work = BatchGradients(model, loss, group, shards)
    sums = ShardSums(backend, group, shards)
    for epoch in range(epochs):
        batches = loader.epoch(epoch)
        for images, _ in loader.steps():
            with no_waiting("a training step"):
                work.compute(batches, images, sums)
                optimizer.step()
        batches.close()
    work.close()
    return model.state_dict()


def assert_same(weights: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        assert weights[name].tobytes() == value.tobytes(), name


def test_one_gpu_computes_all_shards_without_a_copy_to_the_host() -> None:
    weights = trained(Alone(), 4)
    assert judge.wrong == [] and judge.counts["copies to pinned memory"] == 0
    assert all(np.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize("kind", ["nccl", "staged"])
@pytest.mark.parametrize("size", [2, 4])
def test_several_gpus_leave_the_bytes_of_one(kind: str, size: int) -> None:
    alone = trained(Alone(), 4)
    for weights in on_gpus(size, lambda group: trained(group, 4), kind, xp=cupy):
        assert_same(weights, alone)
    assert judge.wrong == []


def test_no_thread_of_a_worker_puts_a_context_on_the_first_gpu() -> None:
    """None of these workers is to use it; a thread that does not choose uses it."""
    on_gpus(2, lambda group: trained(group, 4), "nccl", xp=cupy)
    assert judge.contexts == {1, 2}


@pytest.mark.parametrize("kind", ["nccl", "staged"])
def test_a_gradient_is_not_overwritten_while_it_is_sent(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where sending is so fast that backward could have the memory again."""
    done = Sending.layer_is_done

    def at_once(self: Sending, layer: Any) -> None:
        done(self, layer)
        for sent in self.running:
            sent.result()

    monkeypatch.setattr(Sending, "layer_is_done", at_once)
    on_gpus(2, lambda group: trained(group, 2, epochs=2), kind, xp=cupy)
    assert judge.wrong == []
