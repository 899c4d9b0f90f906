"""Evaluation by several workers, here threads: the same result as by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.group.threads import on_threads
from tinyalex import data, evaluation, training
from tinyalex.group import Group, GroupError

IMAGES = 70


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Two runs, on few of the digits."""
    folder = tmp_path_factory.mktemp("runs")
    made = [folder / "a", folder / "b"]
    whole = data.load("digits")
    train, test = (part.subset(np.arange(IMAGES)) for part in (whole.train, whole.test))

    def few(name: str, *arguments: Any, **named: Any) -> Any:
        return replace(whole, name=name, fingerprint=name, train=train, test=test)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", few)
        for seed, out in enumerate(made):
            training.train(training.RunConfig(epochs=1, seed=seed, backend="numpy", out=out))
        yield made


@pytest.mark.parametrize("workers", [2, 3, 5])
@pytest.mark.parametrize("crops", [1, 10])
def test_the_probabilities_have_the_bytes_of_one_worker(
    runs: list[Path], crops: int, workers: int
) -> None:
    split = data.load("digits").test.subset(np.arange(52))  # with 16 per batch: 3 batches and 4

    def work(group: Group | None = None) -> bytes:
        run = training.load_run(runs[0], "numpy", threads=1)
        return evaluation.probabilities(run, split, crops, 16, group).tobytes()

    assert set(on_threads(workers, work)) == {work()}


def test_more_workers_than_images(runs: list[Path]) -> None:
    split = data.load("digits").test.subset(np.arange(3))

    def work(group: Group | None = None) -> bytes:
        run = training.load_run(runs[0], "numpy", threads=1)
        return evaluation.probabilities(run, split, 1, 1, group).tobytes()

    assert set(on_threads(5, work)) == {work()}


@pytest.mark.parametrize("options", [{}, {"crops": 10, "search_on": 0.5}], ids=str)
def test_an_ensemble_is_measured_as_by_one_worker(
    runs: list[Path], options: dict[str, Any]
) -> None:
    def work(group: Group | None = None) -> dict[str, Any]:
        return evaluation.evaluate(runs, backend="numpy", threads=1, group=group, **options)

    assert on_threads(2, work) == [work()] * 2


def test_each_image_is_seen_by_one_worker(
    runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    of_views = evaluation.views.view_probabilities

    def count(*arguments: Any) -> Any:
        for p, labels in of_views(*arguments):
            seen.append(len(labels))
            yield p, labels

    monkeypatch.setattr(evaluation.views, "view_probabilities", count)
    work = lambda group: evaluation.evaluate([runs[0]], backend="numpy", group=group)  # noqa: E731
    assert [result["n"] for result in on_threads(3, work)] == [IMAGES] * 3
    assert sum(seen) == IMAGES


@pytest.mark.parametrize(
    ("what", "of_rank_1"), [("weights", {"runs": 1}), ("data", {"data": "digits@200"})]
)
def test_workers_that_differ_are_refused(
    runs: list[Path], what: str, of_rank_1: dict[str, Any]
) -> None:
    def work(group: Group) -> object:
        here = of_rank_1 if group.rank else {}
        folder = runs[here.get("runs", 0)]
        return evaluation.evaluate([folder], here.get("data"), backend="numpy", group=group)

    with pytest.raises(GroupError, match=f"the workers differ in their {what}: rank 0"):
        on_threads(2, work)
