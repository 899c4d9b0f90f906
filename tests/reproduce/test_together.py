"""Runs of experiments that several workers train together, here threads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from tests.group.threads import on_threads
from tinyalex import recipes
from tinyalex.group import Group
from tinyalex.reproduce import Arm, Lab, Store, ablations, fig1, large_batch
from tinyalex.training import Listener


def arm_of(lab: Lab, **changes: Any) -> Arm:
    recipe = recipes.get("cifar-80sec")
    return Arm("net", recipe.model, recipe, lab.data_or("cifar10")).with_recipe("net", **changes)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.safetensors")}


def by_workers(folder: Path, *items: tuple[Arm, int, int], size: int = 2) -> list[dict[str, Any]]:
    """Train by threads; gives what each of them was told, and how often it had a rest."""

    def work(group: Group) -> dict[str, Any]:
        seen: dict[str, Any] = {"heard": [], "rests": 0}

        class Hears(Listener):
            def __init__(self, arm: Arm, seed: int) -> None:
                seen["heard"].append(f"seed {seed}")

            def epoch(self, record: dict[str, Any]) -> None:
                seen["heard"].append(record["epoch"])

        def rest() -> None:
            seen["rests"] += 1

        group.rest = rest  # type: ignore[method-assign]
        store = Store(folder, None, "numpy", 1, Hears, "", 1, group, 2)
        if group.leads:
            store.train_all(items)
            store.dismiss()
        else:
            store.follow()
        return seen

    with threadpool_limits(1):  # which the threads would lift for each other
        return on_threads(size, work)


def test_workers_leave_the_bytes_of_one(lab: Lab, tmp_path: Path) -> None:
    arm = arm_of(lab)
    items = [(arm, seed, 1) for seed in (0, 1)]
    alone = Store(tmp_path / "one", backend="numpy", threads=1, shards=2)
    alone.train_all(items)
    first, other = by_workers(tmp_path / "two", *items)
    assert files(tmp_path / "one") == files(tmp_path / "two") != {}
    assert first == {"heard": ["seed 0", 1, "seed 1", 1], "rests": 2}
    assert other == {"heard": [], "rests": 2}
    first, other = by_workers(tmp_path / "two", *items)
    assert first == other == {"heard": [], "rests": 0}


@pytest.mark.slow
def test_workers_resume_a_run_that_one_began(lab: Lab, tmp_path: Path) -> None:
    growing = replace(arm_of(lab, schedule={"kind": "constant"}), growing=True)
    for folder in ("one", "two"):
        Store(tmp_path / folder, backend="numpy", threads=1, shards=2).train(growing, 0, 1)
    Store(tmp_path / "one", backend="numpy", threads=1, shards=2).train(growing, 0, 2)
    first, _ = by_workers(tmp_path / "two", (growing, 0, 2))
    assert first["heard"] == ["seed 0", 2]
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_run_that_may_diverge_does_not_end_the_others(lab: Lab, tmp_path: Path) -> None:
    wild = arm_of(lab, lr=1e12, schedule={"kind": "constant"})
    items = [(replace(wild, may_diverge=True), 0, 1), (arm_of(lab), 0, 1)]
    first, other = by_workers(tmp_path / "runs", *items)
    assert first["rests"] == other["rests"] == 2
    store = Store(tmp_path / "runs", shards=2)
    assert [store.done(*item) for item in items] == [False, True]


def test_shards_make_another_run_unless_it_has_a_multiple_of_them(lab: Lab) -> None:
    plain = arm_of(lab)
    own = replace(plain, settings={"shards": 8})
    stores = {shards: Store(Path("runs"), shards=shards) for shards in (1, 2, 3, 4)}
    assert len({store.path(plain, 0) for store in stores.values()}) == 4
    assert stores[1].path(plain, 0) == Path("runs") / f"{plain.identity()}-seed0"
    assert len({stores[shards].path(own, 0) for shards in (1, 2, 4)}) == 1
    more = replace(plain, settings={"shards": 24})
    assert stores[3].path(own, 0) == stores[1].path(more, 0) != stores[1].path(own, 0)


@pytest.mark.parametrize("which", ["ablations", "fig1", "large-batch"])
def test_an_arm_reaches_the_other_workers_as_it_is(lab: Lab, which: str) -> None:
    if which == "ablations":
        whole, without = ablations.arms("cifar10")
        arms = [whole, *without]
    elif which == "fig1":
        arms = [fig1._arm(lab, name, 0.01) for name in fig1.MODELS]
    else:
        arms = [large_batch.arm(method, 1024, "gpu", "cifar10") for method in large_batch.METHODS]
    for arm in arms:
        again = Arm.from_dict(json.loads(json.dumps(arm.to_dict())))
        assert again == arm and again.identity() == arm.identity()
