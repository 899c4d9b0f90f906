"""Benchmarks: what is timed, what it should cost, and the figures made of it."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import numpy as np
import pytest

from tinyalex import layers, models
from tinyalex.check import bench
from tinyalex.check.bench import layer_times, ours, tables
from tinyalex.check.bench.job import Work
from tinyalex.check.bench.sizes import values
from tinyalex.check.bench.statistics import speedup, spread
from tinyalex.check.bench.turns import Result
from tinyalex.check.bench.useful import layer_bytes, layer_flop, step_flop
from tinyalex.errors import ConfigError
from tinyalex.layers.base import skip_init

JOB = bench.Job("numpy", "tiny", "train", batch_size=4, threads=1)


def quiet(line: str) -> None:
    """Where a test's progress goes."""


# ---------------------------------------------------------------------- what is timed


def test_a_step_trains():
    step = ours.Step(JOB, layers.Layer().backend)
    before = step.model.state_dict()
    assert next(iter(step.model.named_layers()))[1].needs_dx is False
    first = float(step.loss.forward(step.model.forward(step.x), step.labels))
    for _ in range(20):
        step.run()
    changed = [name for name, w in step.model.state_dict().items() if (w != before[name]).any()]
    assert len(changed) == len(before)
    step.model.eval()
    assert float(step.loss.forward(step.model.forward(step.x), step.labels)) < first


@pytest.mark.parametrize("task", (*bench.TASKS, *bench.ALONE))
def test_work_counts_its_images(task):
    work = ours.work(replace(JOB, task=task))
    assert work.images == (ours.BATCHES * 4 if task in ("data", "epoch") else 4)
    assert (work.flop == 0) == (task == "data")
    assert work.seconds(2) > 0


def test_an_epoch_trains_on_what_the_loader_brings(monkeypatch):
    seen = []
    plain = ours.Step.on

    def on(step, x, labels):
        before = step.model.state_dict()
        plain(step, x, labels)
        changed = any((w != before[name]).any() for name, w in step.model.state_dict().items())
        seen.append((x.shape, float(abs(x).max()), changed))

    monkeypatch.setattr(ours.Step, "on", on)
    ours.work(replace(JOB, task="epoch")).run()
    side = models.spec(JOB.model).input_shape[1]
    assert [shape for shape, _, _ in seen] == [(4, 1, side, side)] * ours.BATCHES
    assert all(largest > 10 and changed for _, largest, changed in seen)  # pixels, not noise


def test_seconds_are_those_of_one_call():
    calls = []

    def run():
        calls.append(time.sleep(0.01))

    seconds = Work(run, images=1).seconds(5)
    assert len(calls) == 5
    assert seconds >= 0.01  # five calls of that length, divided by five


# ---------------------------------------------------------------------- arithmetic and bytes


def test_alexnets_useful_arithmetic_is_that_of_the_paper():
    """Section 3.5's sizes: conv1 is 55*55*96 outputs of 11*11*3 products."""
    model = models.build("alexnet", init=models.ZEROS)
    shape = (1, *model.input_shape)
    conv1 = 2 * 55 * 55 * 96 * 11 * 11 * 3
    assert step_flop(model, shape) == 3 * model.flops(shape) - conv1
    assert step_flop(model, shape) * 128 / 1e9 == pytest.approx(530, abs=8)
    towers = models.build("alexnet-two-tower", init=models.ZEROS)
    assert step_flop(towers, shape) == step_flop(model, shape)


def test_a_convolution_moves_each_array_once():
    conv = layers.Conv2d(2, 3, 3, padding=1)
    x, y, w = 4 * 5 * 2 * 6 * 6, 4 * 5 * 3 * 6 * 6, 4 * (3 * 2 * 3 * 3 + 3)
    assert layer_bytes(conv, (5, 2, 6, 6), False) == (x + w + y, y + x + 2 * w + x)
    assert layer_bytes(conv, (5, 2, 6, 6), True) == (x + w + y, y + x + 2 * w)
    assert layer_flop(conv, (5, 2, 6, 6), True) == (conv.flops((5, 2, 6, 6)),) * 2
    assert layer_flop(conv, (5, 2, 6, 6), False)[1] == 2 * conv.flops((5, 2, 6, 6))
    assert layer_bytes(layers.Flatten(), (5, 2, 6, 6), False) == (0, 0)


@pytest.mark.parametrize("name", ["tiny", "alexnet-two-tower"])
def test_layers_add_up_to_the_step(name):
    size = {"image_size": 67} if name != "tiny" else {}
    job = replace(JOB, model=name, batch_size=2, **size)
    rows = layer_times.measure(job, passes=2)
    model = models.build(name, **size, init=models.ZEROS)
    assert [row["name"] for row in rows[:-2]] == [name for name, _ in model.named_layers()]
    flop = sum(row["forward_flop"] + row["backward_flop"] for row in rows)
    assert flop == step_flop(model, (2, *model.input_shape))
    assert all(row["forward_ms"] > 0 for row in rows[:-1])
    assert all(row["backward_ms"] > 0 for row in rows[:-2])
    assert rows[-1]["kind"] == "SGD" and rows[-1]["backward_ms"] > 0
    assert rows[-1]["backward_bytes"] == 20 * model.count_parameters()


# ---------------------------------------------------------------------- statistics


def test_a_ratio_is_taken_within_pairs():
    """A slow minute hits both of a pair: the ratio of medians would be wrong here."""
    ours_seconds, theirs = [1.0, 10.0, 1.0], [2.0, 20.0, 20.0]
    assert speedup(ours_seconds, theirs).median == 2.0
    assert spread([5.0]).n == 1
    with pytest.raises(ConfigError, match="make no pairs"):
        speedup([1.0], [1.0, 2.0])
    with pytest.raises(ConfigError, match="no number"):
        spread([])


def test_a_result_speaks_of_batches_and_of_images():
    result = Result(JOB, (0.5, 0.25, 0.25), 1, 10.0, None, 4_000_000_000, "cpu")
    assert result.seconds.median == 1.0
    assert result.images_per_second.median == 4.0
    assert result.gflops == pytest.approx(16)
    assert result.to_dict()["images_per_second"]["n"] == 3


def test_sweeps_are_buildable():
    assert values("batch", "tiny", 2) == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert values("threads", "tiny", 12) == [1, 2, 4, 8, 12]
    for name in models.names():
        C, H, W = models.spec(name).input_shape
        smallest = values("size", name, 1)[0]
        build = models.spec(name).builder
        assert smallest < H
        with skip_init():
            build((C, smallest, smallest), 10, "inverted")


def test_a_sweep_skips_what_does_not_fit(monkeypatch):
    from tinyalex.check.bench import sizes as module

    def fake(jobs, pairs, say):
        if jobs[0].threads == 2 and jobs[0].task == "infer":
            raise MemoryError("torch")
        return [Result(job, (1.0,), 1, 5.0, None, 1, "cpu") for job in jobs]

    monkeypatch.setattr(module, "contest", fake)
    results, skipped = module.sweep("threads", [replace(JOB, threads=3)], 1, quiet)
    assert [(r.job.threads, r.job.task) for r in results] == [
        (1, "train"),
        (1, "infer"),
        (2, "train"),
        (3, "train"),
        (3, "infer"),
    ]
    assert skipped == ["threads 2, infer: torch"]
    assert [row[0] for row in tables.sweep_table("threads", results).rows] == ["1", "2", "3"]


# ---------------------------------------------------------------------- pictures


@pytest.mark.slow
def test_both_pictures_are_drawn(tmp_path):
    from PIL import Image

    from tinyalex.report.roofline import growth, roofline

    rows = layer_times.measure(JOB, passes=1)
    roofline(rows, 100.0, 10.0, tmp_path / "roofline.png", "title")
    points = [(1.0, 10.0, 20.0, 5.0), (2.0, 15.0, 25.0, None)]
    growth("batch", {"numba": points, "torch": points[:1]}, tmp_path / "growth.png", "title")
    for name in ("roofline", "growth"):
        picture = Image.open(io.BytesIO((tmp_path / f"{name}.png").read_bytes()))
        assert np.asarray(picture.convert("L")).std() > 5
    with pytest.raises(ConfigError, match="no layer has a matrix product"):
        roofline(rows[-2:], 100.0, 10.0, tmp_path / "none.png")
