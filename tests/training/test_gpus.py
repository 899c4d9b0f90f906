"""Which GPU each worker gets, and which way gradients take."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.backends.cuda_streams import Device, judge
from tests.group.gpus import Nccl, array_module
from tests.group.threads import on_threads
from tinyalex import backends, notice
from tinyalex.backends.cuda import check, driver
from tinyalex.extras import install
from tinyalex.group import Alone, Group, GroupError
from tinyalex.group.nccl import NcclGroup
from tinyalex.group.staged import StagedGroup
from tinyalex.training.gpus import choose_gpu, on_gpus

MISSING = ("the NVIDIA driver finds no GPU", "check nvidia-smi")


class Ranks:
    """A computer with so many GPUs, as each rank sees it; writes down what each chose."""

    def __init__(self, patch: pytest.MonkeyPatch, gpus: dict[int, int], count: int) -> None:
        self.gpus, self.count, self.chosen = gpus, count, {}
        self.rank: dict[int, int] = {}
        patch.setattr(driver, "ask", self.ask)
        patch.setattr(check, "use_gpu", lambda number: self.chosen.update({self.me(): number}))
        patch.setattr(
            check, "why_not", lambda: None if self.gpus.get(self.me(), count) else MISSING
        )

    def me(self) -> int:
        return self.rank[threading.get_ident()]

    def ask(self) -> driver.Driver:
        gpus = self.gpus.get(self.me(), self.count)
        if not gpus:
            raise driver.NoDriver(*MISSING)
        return driver.Driver((13, 0), gpus)

    def choose(self, workers: int, backend: str) -> dict[int, int]:
        def work(group: Group) -> None:
            self.rank[threading.get_ident()] = group.rank
            choose_gpu(group, backend)

        on_threads(workers, work)
        return self.chosen


@pytest.mark.parametrize("backend", ["cuda", "auto"])
def test_gpus_are_shared_out_to_the_workers_of_a_computer(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Ranks(monkeypatch, {}, 4).choose(4, backend) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert Ranks(monkeypatch, {}, 2).choose(4, backend) == {0: 0, 1: 1, 2: 0, 3: 1}
    assert Ranks(monkeypatch, {}, 1).choose(3, backend) == {0: 0, 1: 0, 2: 0}


@pytest.mark.parametrize("backend", ["cuda", "auto"])
def test_a_worker_without_a_gpu_is_named_with_its_computer(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GroupError, match=r"rank 2 on \S+ has no GPU: .* finds no GPU") as error:
        Ranks(monkeypatch, {2: 0}, 4).choose(3, backend)
    assert "check nvidia-smi; or backend=numba for all workers" in (error.value.hint or "")


def test_without_any_gpu_auto_computes_on_the_cpu_and_cuda_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Ranks(monkeypatch, {}, 0).choose(2, "auto") == {}
    with pytest.raises(GroupError, match="rank 0 on"):
        Ranks(monkeypatch, {}, 0).choose(2, "cuda")


def test_one_worker_and_the_cpu_ask_for_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = Ranks(monkeypatch, {}, 4)
    choose_gpu(Alone(), "cuda")
    assert ranks.choose(2, "numpy") == {} and ranks.choose(2, "numba") == {}


def test_workers_with_other_backends_are_refused_before_they_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(group: Group) -> None:
        choose_gpu(group, "numpy" if group.rank else "cuda")

    with pytest.raises(GroupError, match="differ in their backend: rank 0 .* has cuda, rank 1"):
        on_threads(2, work)


def chosen(
    patch: pytest.MonkeyPatch, workers: int, gpus: int, without_nccl: tuple[int, ...] = ()
) -> tuple[set[type], list[str]]:
    """Kinds of the workers' groups, and what the user is told."""
    said: list[str] = []
    patch.setattr(notice, "_listeners", [said.append])
    meetings: dict[int, Any] = {}

    class Module(ModuleType):
        """``cupy.cuda``, which gives each rank its own NCCL."""

        @property
        def nccl(self) -> Any:
            control = meetings[threading.get_ident()]
            if control.rank in without_nccl:
                return SimpleNamespace(available=False)
            return Nccl(control.meeting)

    patch.setitem(sys.modules, "cupy", ModuleType("cupy"))
    patch.setitem(sys.modules, "cupy.cuda", Module("cupy.cuda"))

    def work(control: Any) -> type:
        meetings[threading.get_ident()] = control
        Device(control.rank % gpus).use()
        return type(on_gpus(control, SimpleNamespace(name="cuda", xp=array_module())))

    return set(on_threads(workers, work)), said


def test_a_group_without_several_gpus_stays_as_it_is() -> None:
    alone = Alone()
    assert on_gpus(alone, SimpleNamespace(name="cuda")) is alone

    def work(group: Group) -> bool:
        return on_gpus(group, backends.get("numpy")) is group

    assert on_threads(2, work) == [True, True]


def test_nccl_where_each_worker_has_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, said = chosen(monkeypatch, 3, 3)
    assert kinds == {NcclGroup}
    assert set(said) == {"gradients are added by NCCL: each worker has a GPU of its own"}


def test_through_the_host_where_two_workers_share_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, said = chosen(monkeypatch, 4, 3)
    assert kinds == {StagedGroup}
    way = "gradients are added through the host's memory: ranks 0 and 3 share a GPU"
    assert set(said) == {way}


def test_through_the_host_where_a_worker_lacks_nccl(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, (said, *_) = chosen(monkeypatch, 2, 2, without_nccl=(1,))
    assert kinds == {StagedGroup}
    assert f"rank 1 has no NCCL ({install('cuda13-nccl')}" in said


def test_the_chosen_gpu_is_the_first_thing_that_cupy_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge.reset()
    cuda = SimpleNamespace(
        runtime=SimpleNamespace(getDeviceCount=lambda: 2),
        Device=Device,
        device=SimpleNamespace(get_cublas_handle=lambda: judge.contexts.add(Device().id)),
    )
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(check, "gpu", 0)
    check.use_gpu(1)
    try:
        assert check.ask_cupy() is None
        assert judge.contexts == {1}
    finally:
        Device(0).use()
        check.why_not.cache_clear()
