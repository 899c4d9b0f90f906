"""What a capture refuses on the double of CUDA's graphs; `test_cuda_simulator` runs this."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_double

cuda_double.install()

from tests.backends.cuda_streams import judge  # noqa: E402
from tests.backends.waiting import HostWaitError  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.cuda.graph import CudaGraph  # noqa: E402


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge gets a name for the graph's own stream."""
    judge.reset()
    make = CudaGraph.__init__

    def with_name(self: CudaGraph, xp: Any) -> None:
        make(self, xp)
        self.stream.purpose = "capturing"

    monkeypatch.setattr(CudaGraph, "__init__", with_name)


def test_a_capture_refuses_what_cuda_and_cupy_refuse() -> None:
    backend, graph = CudaBackend(), CudaBackend().graph()
    xp, x = backend.xp, backend.asarray(np.ones((2, 2), np.float32))
    product = backend.product(x, x)  # CuPy's own, outside
    assert float(product[0, 0]) == 2
    refused = {
        "the host waits": (HostWaitError, lambda: float(x[0, 0])),
        "is copied to the device": (HostWaitError, lambda: backend.asarray(np.ones(2))),
        "an event": (ValueError, lambda: graph.stream.record()),
        "asked for memory": (MemoryError, lambda: xp.empty((99, 99))),
        "during stream capture": (
            NotImplementedError,
            lambda: xp.cuda.cublas.setStream(0, graph.stream.ptr),
        ),
    }
    for text, (kind, work) in refused.items():
        with pytest.raises(kind, match=text):
            graph.capture(work)
    with pytest.raises(ValueError, match="null stream"):
        xp.cuda.Stream().begin_capture()


def test_nothing_is_computed_before_the_launch() -> None:
    backend, graph = CudaBackend(), CudaBackend().graph()
    x = backend.asarray(np.ones((2, 2), np.float32))

    def work() -> Any:
        return backend.relu(backend.product(x, x)) + x

    graph.rehearse(work)
    y = graph.capture(work)
    assert not (y.get() == 3).all()
    graph.launch()
    assert (y.get() == 3).all()
    x[...] = x + 1
    graph.launch()
    assert (y.get() == 10).all()
