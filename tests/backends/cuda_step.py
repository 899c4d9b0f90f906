"""A training step of AlexNet on a device that gives nothing away unasked; see `device_array`.

`test_cuda_simulator` runs this file. The network is the paper's with an eighth of its channels
and images of 67 x 67, so that the simulator gets through it; every layer is there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_double

cuda_double.install()

from tests.backends.cuda_launches import blocks  # noqa: E402
from tests.backends.waiting import no_waiting  # noqa: E402
from tinyalex import models, training  # noqa: E402
from tinyalex.backends import Backend  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.numpy.backend import NumpyBackend  # noqa: E402
from tinyalex.evaluation.score import Running  # noqa: E402
from tinyalex.layers import Conv2d, Linear, SoftmaxCrossEntropy  # noqa: E402
from tinyalex.models import alexnet  # noqa: E402

CLASSES, SIZE, THINNER = 5, 67, 8


def thin(layer: Callable[..., Any]) -> Callable[..., Any]:
    """The layer with an eighth of its channels; images and classes stay as they are."""

    def channels(n: int) -> int:
        return n // THINNER if n >= 96 else n

    return lambda n_in, n_out, *rest, **keywords: layer(
        channels(n_in), channels(n_out), *rest, **keywords
    )


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Callable[[], models.Model]:
    """Build `alexnet`, thin."""
    monkeypatch.setattr(alexnet, "Conv2d", thin(Conv2d))
    # The first fully connected layer's inputs are counted from the layers before it.
    flat = alexnet.flat_size
    monkeypatch.setattr(alexnet, "flat_size", lambda *args: THINNER * flat(*args))
    monkeypatch.setattr(alexnet, "Linear", thin(Linear))
    rules = {"*.weight": ("normal", 0.1), "*.bias": ("constant", 0.1)}  # values that show
    return lambda: models.build("alexnet", CLASSES, init=rules, image_size=SIZE)


def step(
    backend: Backend,
    model: models.Model,
    loss: SoftmaxCrossEntropy,
    optimizer: training.SGD,
    running: Running,
    batch: tuple[Any, ...],
) -> None:
    """What `training.Loop` does in a step, from the bytes of the images on."""
    images, corners, mirrors, mean, labels = batch
    x = backend.augment(images, corners, corners, mirrors, (SIZE, SIZE), mean, None, 0.02)
    logits = model.forward(x)
    value = loss.forward(logits, labels)
    model.backward(loss.backward())
    optimizer.step()
    running.add(value, logits, labels)


def trained(
    backend: Backend, model: models.Model, waiting: Any, steps: int = 2
) -> tuple[Any, float, float]:
    """Two steps, so that the second one has a velocity: weights, mean loss and error."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, SIZE + 2, SIZE + 2, 3), dtype=np.uint8)
    host = images, np.array([0, 2]), np.array([True, False]), np.full((3, 1, 1), 128.0, "f")
    batch = tuple(map(backend.asarray, (*host, np.array([0, 3]))))
    model.to(backend)
    model.skip_input_gradient()
    loss = SoftmaxCrossEntropy()
    loss.to(backend)
    optimizer = training.SGD(model, lr=0.01)
    running = Running(backend, top=(1, 5))
    with waiting:
        for _ in range(steps):
            step(backend, model, loss, optimizer, running, batch)
    return model.state_dict(), running.loss(), running.error()


def test_a_step_of_alexnet_never_waits_and_equals_numpys(
    build: Callable[[], models.Model],
) -> None:
    with blocks(256, waiting=16):
        weights, loss, error = trained(CudaBackend(), build(), no_waiting("a training step"))
    expected, host_loss, host_error = trained(NumpyBackend(1), build(), nullcontext())
    np.testing.assert_allclose(loss, host_loss, rtol=1e-5)
    assert error == host_error
    start = build().state_dict()
    assert len(expected) == 16  # five convolutions, three fully connected layers
    for name, value in expected.items():
        change = np.abs(value - start[name]).max()
        assert change > 0, f"{name} was not trained"
        np.testing.assert_allclose(
            weights[name], value, rtol=1e-4, atol=1e-3 * change, err_msg=name
        )


def test_a_step_with_lars_waits_once_and_equals_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[Any] = []
    to_host = CudaBackend.to_host
    monkeypatch.setattr(CudaBackend, "to_host", lambda self, a: waits.append(a) or to_host(self, a))
    stepped = []
    for backend in (CudaBackend(), NumpyBackend(1)):
        rng = np.random.default_rng(0)
        layer = Linear(7, 5)
        layer.params = {k: rng.normal(size=w.shape).astype("f") for k, w in layer.params.items()}
        layer.to(backend)
        for key, w in layer.params.items():
            layer.grads[key] = backend.asarray(rng.normal(size=w.shape).astype("f"))
        waits.clear()
        with blocks(64, waiting=16):
            training.SGD(layer, lr=10.0, lars=0.01).step()
        assert len(waits) == (backend.name == "cuda")
        stepped.append({key: backend.to_host(w) for key, w in layer.params.items()})
    for key, w in stepped[1].items():
        np.testing.assert_allclose(stepped[0][key], w, rtol=1e-5)
