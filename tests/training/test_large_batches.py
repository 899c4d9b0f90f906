"""Learning-rate scaling, warm-up, momentum correction and LARS as settings of a run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import bytes_of, lines_of, run_until
from tinyalex import recipes, training
from tinyalex.errors import ConfigError
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.training import RunConfig

BASE = recipes.get("tiny").batch_size
ALL = {"lr_scaling": "sqrt", "warmup": 1.5, "momentum_correction": True, "lars": 0.02}


@pytest.mark.parametrize(("scaling", "factor"), [("none", 1), ("linear", 4), ("sqrt", 2)])
def test_the_rate_is_scaled_from_the_recipes_batch_size(scaling: str, factor: int) -> None:
    changes = {"batch_size": 4 * BASE, "lr_scaling": scaling, "lr": 0.03}
    assert RunConfig(**changes).resolved().scaled_lr == pytest.approx(0.03 * factor)
    assert RunConfig(**changes | {"batch_size": BASE}).resolved().scaled_lr == 0.03


def rates_of(config) -> list[float]:
    assert training.train(config)["lr"] == config.resolved().scaled_lr
    return [line["lr"] for line in lines_of(config.out) if line["event"] == "step"]


def test_a_warm_up_rises_step_by_step_from_the_unscaled_rate(config) -> None:
    """44 images in batches of 11: four steps per epoch."""
    recipe = replace(config().recipe, batch_size=1, schedule={"kind": "constant"})
    wide = {"recipe": recipe, "batch_size": 11, "lr": 0.001, "epochs": 2, "log_every": 1}
    scaled = config("scaled", **wide, lr_scaling="linear", warmup=1.25)
    rising = [0.001 + 0.01 * i / 5 for i in range(1, 6)]
    assert rates_of(scaled) == pytest.approx([*rising, 0.011, 0.011, 0.011])
    plain = config("plain", **wide, warmup=0.5)
    assert rates_of(plain) == pytest.approx([0.0005, *[0.001] * 7])


def test_steady_parameters_warm_up_too(config) -> None:
    """One step, the first of four of the warm-up: a quarter of the full update."""
    recipe = replace(config().recipe, steady=("*.bias",), weight_decay=0.0, momentum=0.0)
    run = config(recipe=recipe, epochs=1, batch_size=44, warmup=4, lr=1e-6)
    training.train(run)
    full = config("full", recipe=recipe, epochs=1, batch_size=44, lr=1e-6)
    training.train(full)
    moved, freely = (load_checkpoint(each.out).momentum for each in (run, full))
    for name in moved:
        np.testing.assert_allclose(moved[name], freely[name] / 4, rtol=1e-5, atol=0)


@pytest.mark.parametrize("asked", [1, 3, 9, 13])
def test_a_run_with_all_of_them_resumes_exactly(config, once, asked: int) -> None:
    whole, stopped = once("whole", **ALL), config("stopped", **ALL)
    assert not run_until(stopped, asked)
    training.resume(stopped.out)
    assert bytes_of(stopped.out) == bytes_of(whole)
    assert lines_of(stopped.out) == lines_of(whole)


@pytest.mark.parametrize("setting", ALL)
def test_each_of_them_reaches_the_training(once, setting: str) -> None:
    rising = {"warmup": 1.5} if setting == "momentum_correction" else {}
    plain = once("plain", **rising)
    changed = once("changed", **rising, **{setting: ALL[setting]})
    assert bytes_of(plain)[0] != bytes_of(changed)[0]


def test_threads_change_nothing_with_lars(config) -> None:
    training.train(config("one", **ALL, shards=2))
    training.train(config("two", **ALL, shards=2, threads=2))
    assert bytes_of(config("one").out) == bytes_of(config("two").out)


def test_a_recipe_brings_warm_up_and_lars_and_a_run_may_turn_them_off() -> None:
    resolved = RunConfig(model="alexnet-caffe", recipe="large-batch").resolved()
    assert (resolved.warmup, resolved.lars, resolved.scaled_lr) == (5, 0.001, 10)
    off = RunConfig(model="alexnet-caffe", recipe="large-batch", warmup=0, lars=0).resolved()
    assert (off.warmup, off.lars) == (0, 0)


def test_a_run_from_before_these_settings_resumes_as_it_began(config, once) -> None:
    """Neither config.json nor its recipe names them."""
    whole = once("whole")
    stopped = config("stopped")
    assert not run_until(stopped, 4)
    path = stopped.out / "config.json"
    plain = json.loads(path.read_text())
    for name in ALL:
        plain.pop(name)
        plain["recipe"].pop(name, None)
    path.write_text(json.dumps(plain))
    training.resume(stopped.out)
    assert bytes_of(stopped.out) == bytes_of(whole)


def test_an_unknown_scaling_is_refused() -> None:
    with pytest.raises(ConfigError, match="lr_scaling must be none, linear or sqrt") as caught:
        RunConfig(lr_scaling="cubic").resolved()
    assert caught.value.hint == "lr_scaling='linear'"
