"""What the doctor finds out about several workers, here threads, and what it says about it."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.group.threads import ThreadGroup, on_threads
from tinyalex import models
from tinyalex.check.doctor import WorkersReport, examine_workers, gpu, workers
from tinyalex.check.doctor.workers import Link, look_at_link, look_at_same, look_at_shared
from tinyalex.group import Group

HEALTHY = ["MPI", "threads", "sum", "link", "efficiency"]


@pytest.fixture(autouse=True)
def a_small_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MODEL", "tiny")


def examined(size: int) -> list[WorkersReport]:
    return on_threads(size, lambda group: examine_workers(group, "numpy", lambda _: None))


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_healthy_workers_get_the_same_report(size: int) -> None:
    reports = examined(size)
    assert [report.to_dict() for report in reports] == [reports[0].to_dict()] * size
    report = reports[0]
    assert not report.red and [finding.topic for finding in report.findings] == HEALTHY
    assert report.link is not None
    parameters = models.build("tiny").parameters()
    assert report.link.nbytes == sum(w.nbytes for w in parameters)
    assert report.link.images == -(-128 // size)
    assert json.loads(json.dumps(report.to_dict()))["workers"][1]["backend"] == "numpy"


def test_one_worker_has_no_link() -> None:
    (report,) = examined(1)
    assert report.link is None and report.to_dict()["link"] is None and not report.red


@pytest.mark.parametrize("wrong", [1e-7, pytest.param(float("nan"), marks=pytest.mark.slow)])
def test_a_wrong_sum_on_one_worker_is_red_everywhere(
    monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    right = ThreadGroup.sum

    def of_rank_1(self: Group, parts: Any, shards: Any, n: int) -> Any:
        total = right(self, parts, shards, n).copy()  # type: ignore[arg-type]
        total[-1] += wrong if self.rank else 0
        return total

    monkeypatch.setattr(ThreadGroup, "sum", of_rank_1)
    for report in examined(2):
        (finding,) = report.red
        assert finding.topic == "sum" and finding.text.startswith("the sum on rank 1 (")
        assert finding.hint


def test_a_sum_in_another_order_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_rank(self: ThreadGroup, parts: Any, shards: Any, n: int) -> Any:
        return np.sum(self._exchange(("sum",), parts[0].copy()), axis=0)

    monkeypatch.setattr(ThreadGroup, "sum", by_rank)
    assert [finding.topic for finding in examined(4)[0].red] == ["sum"]


def test_bandwidth_and_efficiency_of_a_link() -> None:
    link = Link(4, 240_000_000, 20e-6, 0.1, 32, 0.3)
    assert link.bandwidth == pytest.approx(3.6e9)  # 1.5 times 240 MB in 0.1 s
    assert link.efficiency == (pytest.approx(0.75), 1.0)
    assert Link(4, 1, 0.0, 0.4, 32, 0.1).efficiency == (pytest.approx(0.2), 0.25)
    speed, prediction = look_at_link(link, "numba")
    assert "0.020 ms" in speed.text and "240 MB" in speed.text and "3.60 GB/s" in speed.text
    assert prediction.text.startswith("75% to 100% predicted: a step of tiny on 32 images")


def worker(**facts: Any) -> dict[str, Any]:
    plain = {"host": "a", "mpi": "MPICH 5", "backend": "numba", "threads": 2, "gpu": ""}
    return {**plain, "cores": [0, 1, 2, 3], "versions": {"numpy": "2.4"}, **facts}


@pytest.mark.parametrize(
    ("topic", "other"),
    [
        ("MPI", {"mpi": "MPICH 4"}),
        ("backend", {"backend": "cuda"}),
        ("numpy", {"versions": {"numpy": "2.5"}}),
    ],
)
def test_workers_that_differ_are_red(topic: str, other: dict[str, Any]) -> None:
    assert [f.state for f in look_at_same([worker(), worker()])] == ["ok"]
    first, *_ = look_at_same([worker(), worker(), worker(host="b", **other)])
    assert (first.topic, first.state) == (topic, "red")
    assert first.text.startswith("rank 0 on a has ") and "rank 2 on b has " in first.text


@pytest.mark.parametrize(
    ("facts", "topic", "hint"),
    [
        ([{}, {}], "", ""),
        ([{"cores": [0, 1]}, {"cores": [2, 3]}], "", ""),
        ([{}, {"host": "b", "threads": 4}], "threads", "--threads 4"),
        ([{"cores": [0]}, {"cores": [0]}], "threads", "no more workers than cores on a computer"),
        ([{"threads": 1}, {"threads": 1}], "threads", "--threads 2"),
        ([{"threads": 1}] * 3, "", ""),
        ([{"gpu": "H200 1"}] * 2, "GPU", "no more workers than GPUs on a computer"),
        ([{"gpu": "H200 1"}, {"gpu": "H200 2"}], "", ""),
        ([{"gpu": "H200 1", "threads": 4}, {"gpu": "H200 1", "host": "b", "threads": 4}], "", ""),
    ],
)
def test_what_the_workers_of_a_computer_share(
    facts: list[dict[str, Any]], topic: str, hint: str
) -> None:
    warned = [f for f in look_at_shared([worker(**each) for each in facts]) if f.state != "ok"]
    assert [(f.topic, f.hint) for f in warned] == ([(topic, hint)] if topic else [])


def test_the_gpu_of_a_worker_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [{"name": b"NVIDIA A"}, {"name": b"NVIDIA B"}]
    runtime = SimpleNamespace(getDeviceProperties=names.__getitem__)
    second = SimpleNamespace(id=1, pci_bus_id="0000:05:00.0")
    cuda = SimpleNamespace(Device=lambda: second, runtime=runtime)
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=cuda))
    assert gpu.in_use() == "NVIDIA B 0000:05:00.0"
