"""Training steps of several workers, timed: here threads, or one that pretends to be two."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.group.threads import on_threads
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check.bench import Job, ours, scaling, tables
from tinyalex.group import Alone, Group, Shards
from tinyalex.training import SGD
from tinyalex.training.gradients import Sending

JOB = Job("numpy", "tiny", "train", batch_size=6, threads=1)


def weights(step: ours.Step) -> np.ndarray:
    return np.concatenate([w.reshape(-1) for w in step.model.parameters()])


def test_the_workers_train_one_network_on_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[ours.Step] = []
    seen: list[tuple[int, bytes]] = []

    class Remembered(ours.Step):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            steps.append(self)
            forward = self.model.forward
            self.model.forward = lambda x: (seen.append((len(x), x.tobytes())), forward(x))[1]  # type: ignore

    monkeypatch.setattr(scaling, "Step", Remembered)
    on_threads(3, lambda group: scaling.measure(group, JOB, 2))
    first, *others = map(weights, steps)
    assert all((other == first).all() for other in others)
    assert not (first == weights(ours.Step(JOB, NumpyBackend(1)))).all()
    assert {number for number, _ in seen} == {2} and len(seen) == 3 * (scaling.WARM_UP + 2)
    batch = steps[0].x.tobytes()
    third = len(batch) // 3
    assert {images for _, images in seen} == {batch[i * third :][:third] for i in range(3)}


def test_all_workers_get_the_same_result() -> None:
    results = on_threads(2, lambda group: scaling.measure(group, JOB, 3))
    assert results[0] == results[1]
    assert (results[0]["workers"], results[0]["batch_size"]) == (2, 6)
    assert results[0]["seconds_per_batch"]["n"] == 3


class Pretends(Alone):
    """One worker that acts as the first of two, which are equal."""

    size = 2

    def sum(self, parts: Any, shards: Shards, n: int) -> Any:
        return parts[0]

    def gather(self, value: Any) -> list[Any]:
        return [value, value]


@pytest.mark.parametrize(("group", "waiting"), [(Pretends(), 0.25), (Alone(), 0.0)])
def test_waiting_is_the_time_after_backward(
    monkeypatch: pytest.MonkeyPatch, group: Group, waiting: float
) -> None:
    clock = [0.0]

    def taking(seconds: float, method: Any) -> Any:
        def later(*arguments: Any) -> Any:
            clock[0] += seconds
            return method(*arguments)

        return later

    monkeypatch.setattr(scaling, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(Sending, "finish", taking(1.0, Sending.finish))
    monkeypatch.setattr(SGD, "step", taking(3.0, SGD.step))
    result = scaling.measure(group, JOB, 4)
    assert result["waiting"] == waiting
    assert result["seconds_per_batch"]["median"] == 3.0 + (group.size > 1)
    assert result["images_per_second"]["median"] == pytest.approx(6 / (3 + (group.size > 1)))


def test_the_slowest_worker_counts_and_the_warm_up_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_rank = [[9.0, 1.0, 2.0], [8.0, 3.0, 1.0]]
    clock = threading.local()

    def seconds(group: Group) -> list[float]:
        clock.now = 0.0
        left = iter(of_rank[group.rank])

        def work() -> None:
            clock.now += next(left)

        return scaling.seconds_of_slowest(group, work, 2)

    monkeypatch.setattr(scaling, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    assert on_threads(2, seconds) == [[3, 2], [3, 2]]


def test_efficiency_is_the_speedup_over_the_workers() -> None:
    measured = [
        {"workers": n, "seconds_per_batch": {"median": s}}
        for n, s in ((1, 8.0), (2, 5.0), (4, 4.0))
    ]
    got = scaling.with_efficiency(measured)
    assert [each["speedup"] for each in got] == [1.0, 1.6, 2.0]
    assert [each["efficiency"] for each in got] == [1.0, 0.8, 0.5]


def test_the_table_of_workers() -> None:
    of_one = scaling.measure(Alone(), JOB, 2)
    table = tables.workers_table([of_one])
    assert table.rows[0][:2] == ["1", "1"] and table.rows[0][4:] == ["", "", "0%"]
    of_two = of_one | {"workers": 2, "speedup": 1.5, "efficiency": 0.75, "waiting": 0.2}
    assert tables.workers_table([of_two]).rows[0][4:] == ["1.50", "75%", "20%"]
