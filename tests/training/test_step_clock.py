"""What `time` and `images/s` of a run mean."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.training.conftest import BATCH, IMAGES, run_until
from tinyalex import training
from tinyalex.training import loop, runs, step_clock
from tinyalex.training.loop import Loop
from tinyalex.training.step_clock import StepClock


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """A clock on which the first step of a process takes a minute, and each other one second."""
    made = Clock()
    for module in (loop, step_clock):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=made))
    step, save, compiled = Loop._train_step, Loop._save, []

    def slow_step(self, *batch):
        step(self, *batch)
        made.now += 1 if self in compiled else 60
        compiled.append(self)

    def slow_save(self):
        made.now += 7
        save(self)

    monkeypatch.setattr(Loop, "_train_step", slow_step)
    monkeypatch.setattr(Loop, "_save", slow_save)
    return made


def test_images_a_second_are_of_steps_that_need_not_compile(config, clock):
    summary = training.train(config(ten_crops=False))
    # The first step counts as the 36 images in 5 seconds after it.
    seconds = 12 + 5 + 5 / 36 * BATCH
    assert summary["images_per_second"] == pytest.approx(3 * IMAGES / seconds, abs=0.1)


def test_a_resumed_run_leaves_out_that_its_second_process_compiles(config, clock):
    assert not run_until(config(ten_crops=False), 9)
    assert training.resume(config().out)["images_per_second"] == pytest.approx(8, abs=1)


def test_a_single_step_counts_as_it_was(clock):
    steps = StepClock()
    steps.start(0)
    clock.now += 4
    steps.set_first_step_apart(8)
    steps.count(8)
    assert steps.speed(8) == 2


def test_the_time_of_a_run_has_its_ten_crops_in_it(config, clock, monkeypatch):
    ten_crops = runs.ten_crop_errors

    def slow(*arguments):
        clock.now += 500
        return ten_crops(*arguments)

    monkeypatch.setattr(runs, "ten_crop_errors", slow)
    without = training.train(config("without", ten_crops=False))
    assert training.train(config("with"))["wall_seconds"] == without["wall_seconds"] + 500
