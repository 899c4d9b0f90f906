"""A training whose passes are captured in a CUDA graph; `test_cuda_simulator` runs this.

The GPU backend works on a double of CuPy, kernels are simulated, and the graph is that of
`tests.backends.cuda_graphs`, which refuses what a capture refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_double

cuda_double.install()

from tests.backends import cuda_blas, cuda_graphs  # noqa: E402
from tests.backends.cuda_graphs import capturing, numbers_in  # noqa: E402
from tests.backends.cuda_streams import judge  # noqa: E402
from tests.backends.waiting import no_waiting  # noqa: E402
from tests.data.pictures import random_split  # noqa: E402
from tinyalex import data, notice, training  # noqa: E402
from tinyalex.backends import Backend  # noqa: E402
from tinyalex.backends.bfloat16 import with_bfloat16  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.cuda.graph import CudaGraph  # noqa: E402
from tinyalex.layers import (  # noqa: E402
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Tanh,
    Towers,
)
from tinyalex.training.captured import MOST_IMAGES, CapturedPass  # noqa: E402
from tinyalex.training.engine import Engine  # noqa: E402
from tinyalex.training.schedules import Schedule  # noqa: E402

BATCH, STEPS = 4, 4  # three batches of four images, and one of two
SPLIT = random_split(14, 8, 8, 1)
FULL = 6  # full batches in two epochs


class Falling(Schedule):
    """Another learning rate in every step."""

    def step_lr(self, step: int, steps_per_epoch: int) -> float:
        return self.lr / (1 + step + steps_per_epoch * self.epoch)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the user is told: nothing that a test does not take out of the list.

    The judge gets a name for the graph's own stream.
    """
    judge.reset()
    make = CudaGraph.__init__

    def named(self: CudaGraph, xp: Any) -> None:
        make(self, xp)
        self.stream.purpose = "capturing"

    monkeypatch.setattr(CudaGraph, "__init__", named)
    texts: list[str] = []
    notice.listen(texts.append)
    yield texts
    notice.listen(lambda text: None)
    assert texts == []


def network() -> Sequential:
    return Sequential(
        [
            Sequential(
                [Conv2d(1, 2, 3, seed=1), ReLU(True), LocalResponseNorm(3), MaxPool2d(3, 2)]
            ),
            Flatten(),
            Dropout(seed=2),
            Linear(8, 6, seed=3),
            ReLU(),
            Dropout(0.3, "paper", seed=4),
            Linear(6, 2, seed=5),
        ]
    )


class Run:
    """A training of two epochs."""

    def __init__(self, captured: int = BATCH, mixed: bool = False, **settings: Any) -> None:
        gpu = CudaBackend()
        self.backend: Backend = with_bfloat16(gpu) if mixed else gpu
        self.model = network()
        self.model.to(self.backend)
        self.model.skip_input_gradient()
        self.optimizer = training.SGD(self.model, lr=0.1, **settings)
        schedule = Falling(0.1)
        self.engine = Engine(
            self.model, self.optimizer, schedule, self.backend, STEPS, 0.1, captured=captured
        )
        self.loader = data.Loader(
            SPLIT, self.backend, BATCH, seed=3, crop=7, mirror=True, scale=0.02
        )

    def go(self, steps: int) -> Run:
        """Train for so many steps more."""
        end = self.engine.epoch * STEPS + self.engine.step + steps

        def stops() -> bool:
            return self.engine.epoch * STEPS + self.engine.step >= end

        while not stops():
            if self.engine.train_epoch(self.loader, stops, lambda: None):
                self.engine.end_epoch(0.5)
        return self

    def state(self) -> dict[str, Any]:
        return {
            "weights": self.model.state_dict(),
            "momentum": self.optimizer.state_dict(),
            "position": self.engine.position(),
        }

    def goes_on_from(self, state: dict[str, Any]) -> Run:
        self.model.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["momentum"])
        self.engine.go_on(state["position"])
        return self


def assert_same(one: Run, other: Run) -> None:
    found, wanted = one.state(), other.state()
    for kind in ("weights", "momentum"):
        for name, array in wanted[kind].items():
            assert np.isfinite(array).all()
            assert found[kind][name].tobytes() == array.tobytes(), name
    assert found["position"] == wanted["position"]
    assert judge.wrong == []


@pytest.fixture(scope="module")
def plain() -> Run:
    return Run(captured=0).go(2 * STEPS)


def test_a_graph_leaves_the_bytes_of_plain_steps(
    plain: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Engine._train_step

    def never_waiting(self: Engine, *args: Any) -> None:
        first = self.images_trained <= BATCH  # the second step is compared with a plain one
        with nullcontext() if first else no_waiting("a training step"):
            step(self, *args)

    monkeypatch.setattr(Engine, "_train_step", never_waiting)
    assert_same(Run().go(2 * STEPS), plain)
    assert judge.counts["launches of graphs"] == FULL - 1  # the first is the rehearsal


def test_in_mixed_precision_too() -> None:
    plain, captured = (Run(images, mixed=True).go(2 * STEPS) for images in (0, BATCH))
    assert_same(captured, plain)
    assert judge.counts["launches of graphs"] == FULL - 1
    exact = Run(captured=0).go(2 * STEPS).state()["weights"]
    assert any((exact[name] != w).any() for name, w in plain.state()["weights"].items())


def test_no_one_gets_a_graphs_memory_even_if_cupy_gives_free_blocks_back(
    plain: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CuPy does where memory is short."""
    step = Engine._train_step

    def short_of_memory(self: Engine, *args: Any) -> None:
        self.backend.xp.get_default_memory_pool().free_all_blocks()
        step(self, *args)

    monkeypatch.setattr(Engine, "_train_step", short_of_memory)
    assert_same(Run().go(2 * STEPS), plain)


@pytest.mark.parametrize("steps", range(1, 7))
def test_a_run_that_goes_on_leaves_the_same_bytes(plain: Run, steps: int) -> None:
    first = Run().go(steps)
    second = Run().goes_on_from(first.state()).go(2 * STEPS - steps)
    assert_same(second, plain)


@pytest.mark.parametrize("settings", [{"momentum_correction": True}, {"lars": 0.1}], ids=str)
def test_whatever_the_optimizer_does_is_done_outside_the_graph(settings: dict[str, Any]) -> None:
    runs = [Run(captured, **settings).go(3) for captured in (BATCH, 0)]
    for run in runs:
        run.optimizer.freeze("*.bias")
    assert_same(*(run.go(5) for run in runs))
    assert judge.counts["launches of graphs"] == FULL - 1


def test_gradients_are_the_last_batchs(plain: Run) -> None:
    """After a smaller one in between, too."""
    runs = [Run(captured).go(5) for captured in (BATCH, 0)]
    grads = [
        [run.backend.to_host(layer.grads[key]) for _, layer, key in run.optimizer.parameters]
        for run in runs
    ]
    for found, wanted in zip(*grads, strict=True):
        assert found.tobytes() == wanted.tobytes()


def test_every_loss_is_kept(plain: Run) -> None:
    losses = [list(map(float, Run(captured).go(3).engine.window.losses)) for captured in (BATCH, 0)]
    assert losses[0] == losses[1] and len(set(losses[0])) == 3


def test_what_a_graph_repeats_depends_on_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = []
    end = cuda_graphs.Stream.end_capture
    monkeypatch.setattr(
        cuda_graphs.Stream, "end_capture", lambda self: graphs.append(end(self)) or graphs[-1]
    )
    run = Run()
    for steps in (2, 3):
        run.go(steps)
        run.engine.gradients.of_whole_batch = CapturedPass(
            run.model, run.engine.gradients._pass, BATCH
        )
    run.go(3)
    first, *others = map(numbers_in, graphs)
    assert len(first) > 30 and len(others) == 2
    assert all(other == first for other in others)


# ---------------------------------------------------------------------- without a graph


@pytest.mark.parametrize("images", [0, MOST_IMAGES + 1])
def test_large_batches_are_not_captured(images: int) -> None:
    model = network()
    model.to(CudaBackend())
    assert CapturedPass.suits(model, MOST_IMAGES)
    assert not CapturedPass.suits(model, images)


class Doubled(ReLU):
    """A layer of the user's."""


@pytest.mark.parametrize("layer", [Tanh(), Doubled(), Towers(ReLU(), ReLU(), crossing=True)])  # type: ignore[arg-type]
def test_only_layers_that_are_known_are_captured(layer: Any) -> None:
    model = Sequential([*network(), layer])
    model.to(CudaBackend())
    assert not CapturedPass.suits(model, BATCH)


def test_a_backend_with_functions_of_the_users_is_not_captured() -> None:
    model = network()
    model.to(CudaBackend().replaced(relu=lambda x: x))
    assert not CapturedPass.suits(model, BATCH)
    model.to("numpy")
    assert not CapturedPass.suits(model, BATCH)


def test_new_weights_are_computed_without_the_graph() -> None:
    runs = [Run(captured).go(3) for captured in (BATCH, 0)]
    for run in runs:
        layer = run.model[3]
        layer.params["weight"] = layer.params["weight"] * 2
        run.optimizer.velocity.clear()
    assert_same(*(run.go(5) for run in runs))


def fails(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """Make the rehearsal fail, the capture, the launch, or the comparison."""
    if when == "rehearsal":
        monkeypatch.setattr(cuda_blas.LIBCUBLAS, "cublasSgemm_v2", lambda *_: 13)
    elif when == "launch":
        monkeypatch.setattr(CudaGraph, "launch", lambda self: 1 / 0)
    elif when == "comparison":
        monkeypatch.setattr(CudaGraph, "launch", lambda self: None)
    else:
        forward = Flatten.forward

        def waits(self: Flatten, x: Any) -> Any:
            if capturing():
                float(x[0, 0, 0, 0])
            return forward(self, x)

        monkeypatch.setattr(Flatten, "forward", waits)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("rehearsal", "BackendError: cublasSgemm_v2 failed with status 13"),
        ("capture", "HostWaitError: the host waits for the device within a capture"),
        ("launch", "ZeroDivisionError: division by zero"),
        ("comparison", "BackendError: it computes another gradient than a plain step"),
    ],
)
def test_a_graph_that_fails_is_told_of_once_and_training_goes_on(
    when: str, why: str, plain: Run, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, when)
    assert_same(Run().go(2 * STEPS), plain)
    text = told.pop()
    assert why in text and "--no-graph" in text and told == []
    assert judge.counts["launches of graphs"] == 0
