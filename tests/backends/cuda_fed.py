"""Batches come through the real loader while a network trains; `test_cuda_simulator` runs this.

Two real threads, the GPU backend on a double of CuPy, kernels simulated. Every kernel counts as
writing to all of its arrays, and the judge of `cuda_streams` sees them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_double

cuda_double.install()

from tests.backends.cuda_streams import judge  # noqa: E402
from tests.backends.waiting import no_waiting  # noqa: E402
from tests.data.pictures import random_split  # noqa: E402
from tinyalex import data, training  # noqa: E402
from tinyalex.backends import Backend, Feed  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.cuda.feed import CudaFeed  # noqa: E402
from tinyalex.backends.numpy.backend import NumpyBackend  # noqa: E402
from tinyalex.evaluation.score import Running  # noqa: E402
from tinyalex.layers import (  # noqa: E402
    Conv2d,
    Flatten,
    Linear,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,  # noqa: E402
)

SPLIT = random_split(23, 7, 7, 3)


@pytest.fixture
def backend() -> CudaBackend:
    judge.reset()
    return CudaBackend()


def loader(backend: Backend, **settings: Any) -> data.Loader:
    found = data.statistics(SPLIT)
    settings = {"seed": 3, "crop": 5, "mirror": True, "colour": found.colour("std")} | settings
    return data.Loader(SPLIT, backend, 4, mean=found.mean("image"), scale=0.02, **settings)


def trained(backend: Backend) -> tuple[dict[str, Any], float]:
    """Two epochs' steps, none of which waits: weights and mean loss."""
    model = Sequential([Conv2d(3, 2, 3, seed=1), ReLU(), Flatten(), Linear(18, 2, seed=2)])
    model.to(backend)
    loss = SoftmaxCrossEntropy()
    loss.to(backend)
    optimizer, running = training.SGD(model, lr=0.1), Running(backend)
    batches = loader(backend)
    for epoch in range(2):
        steps = batches.epoch(epoch)
        for x, labels in steps:
            with no_waiting("a step"):
                logits = model.forward(x)
                value = loss.forward(logits, labels)
                model.backward(loss.backward())
                optimizer.step()
                running.add(value, logits, labels)
    return model.state_dict(), running.loss()


def test_training_on_two_streams_equals_numpys_and_every_use_has_its_order(
    backend: CudaBackend,
) -> None:
    weights, loss = trained(backend)
    assert judge.wrong == []
    assert judge.counts["computing"] > 100 and judge.counts["bringing"] > 100
    assert judge.counts["copies from pinned memory"] == 2 * 6
    expected, host_loss = trained(NumpyBackend(1))
    assert loss == pytest.approx(host_loss, rel=1e-5)
    for name, value in expected.items():
        np.testing.assert_allclose(weights[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_judge_sees_what_the_loader_and_the_network_do(
    backend: CudaBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CudaFeed, "take", lambda self, batch: batch)
    trained(backend)
    assert len(judge.wrong) > 10


def test_taking_a_batch_does_not_wait(backend: CudaBackend) -> None:
    steps = loader(backend).epoch(0)
    with no_waiting("taking a batch"):
        for _ in range(3):
            next(steps)
    steps.close()
    assert judge.wrong == []


def test_without_overlap_everything_is_done_on_one_stream(backend: CudaBackend) -> None:
    beside = [(x.get(), labels.get()) for x, labels in loader(backend).epoch(1)]
    counts = dict(judge.counts)
    backend.overlap = False
    assert type(backend.feed(2)) is Feed
    plain = [(x.get(), labels.get()) for x, labels in loader(backend).epoch(1)]
    assert judge.counts["bringing"] == counts["bringing"] > 0
    for (x, labels), (x2, labels2) in zip(beside, plain, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(labels, labels2)


def test_the_second_stream_does_not_wait_for_the_null_stream_by_itself(
    backend: CudaBackend,
) -> None:
    feed, other = backend.feed(2), backend.feed(2)
    assert feed.bringing.non_blocking and feed.bringing is other.bringing
    with backend.xp.cuda.Stream():
        assert backend.feed(2).bringing is not feed.bringing


def test_ten_views_are_made_by_who_takes_them(backend: CudaBackend) -> None:
    ten = {"training": False, "views": "ten", "mirror": False, "colour": None}
    (views, _), *_ = loader(backend, **ten).epoch(0)
    (expected, _), *_ = loader(NumpyBackend(1), **ten).epoch(0)
    for x, right in zip(views, expected, strict=True):
        np.testing.assert_allclose(x.get(), right, rtol=1e-6, atol=1e-6)
    assert judge.wrong == [] and judge.counts["bringing"] == 0
