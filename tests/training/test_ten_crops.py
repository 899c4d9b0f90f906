"""Ten crops at the end of a run: the figures, when they are taken, and stopping inside them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import bytes_of, small_dataset
from tinyalex import evaluation, training
from tinyalex.training import runs


def test_the_figures_are_those_of_ten_crops_of_the_finished_net(config):
    summary = training.train(config())
    p = evaluation.probabilities(training.load_run(config().out), small_dataset().test, crops=10)
    labels = small_dataset().test.labels
    wrong = float((p.argmax(axis=1) != labels).mean())
    assert summary["top1_error_ten_crops"] == pytest.approx(wrong)
    assert summary["top5_error_ten_crops"] == 0  # four classes
    found = evaluation.evaluate([config().out], crops=10)
    assert summary["top1_error_ten_crops"] == pytest.approx(found["top1_error"])
    assert json.loads((config().out / "summary.json").read_text()) == summary


@pytest.mark.parametrize(
    "changes", [{"ten_crops": False}, {"crop": None}, {"mirror": False}], ids=str
)
def test_they_are_left_out_where_nobody_wants_them(config, changes):
    recipe = replace(config().recipe, **{k: v for k, v in changes.items() if k != "ten_crops"})
    made = config(recipe=recipe, epochs=1, ten_crops=changes.get("ten_crops", True))
    assert not any("ten_crops" in key for key in training.train(made))


def test_a_run_stopped_in_its_ten_crops_does_only_them_when_it_goes_on(config, monkeypatch):
    """Three epochs ask for their 6 steps and 2 test batches, then ten crops ask twice."""
    asked = []

    class StopsAtTheEnd(runs.StopSignal):
        def __call__(self):
            asked.append(1)
            return len(asked) == 26

    whole = training.train(config("whole"))
    with monkeypatch.context() as patch:
        patch.setattr(runs, "StopSignal", StopsAtTheEnd)
        stopped = training.train(config("stopped"))
    assert stopped["interrupted"] and len(asked) == 26
    assert not (config("stopped").out / "summary.json").exists()
    resumed = training.resume(config("stopped").out)
    key = "top1_error_ten_crops"
    assert not resumed["interrupted"] and resumed[key] == whole[key]
    assert bytes_of(config("stopped").out) == bytes_of(config("whole").out)


def test_they_leave_the_network_and_its_dropout_alone(config):
    with_crops, without = config("with"), config("without", ten_crops=False)
    training.train(with_crops)
    training.train(without)
    assert bytes_of(with_crops.out) == bytes_of(without.out)
    more = training.resume(with_crops.out, epochs=4, ten_crops=False)
    assert more["epochs"] == 4 and np.isfinite(more["top1_error"])
    assert "top1_error_ten_crops" not in more
