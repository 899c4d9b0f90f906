"""Runs that experiments share."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tinyalex import models, recipes, training
from tinyalex.errors import CheckpointError, DivergedError
from tinyalex.layers import Sequential, Tanh
from tinyalex.reproduce import Arm, Lab, Store
from tinyalex.reproduce.arm import Interrupted
from tinyalex.reproduce.side_by_side import _raise_first
from tinyalex.training import Listener


def arm_of(lab: Lab, **changes: Any) -> Arm:
    recipe = recipes.get("cifar-80sec")
    return Arm("net", recipe.model, recipe, lab.data_or("cifar10")).with_recipe("net", **changes)


def test_a_run_is_trained_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    out = lab.store.train(arm_of(lab), 3, 1)
    summary = training.read_summary(out)
    assert (summary["epochs"], summary["seed"], summary["model"]) == (1, 3, "cifar-80sec")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "train", never)
    monkeypatch.setattr(training, "resume", never)
    assert lab.store.train(arm_of(lab), 3, 1) == out


def test_a_run_of_a_model_with_other_layers_is_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = lab.store.train(arm_of(lab), 0, 1)
    spec = models.spec("cifar-80sec")

    def with_tanh(*args: Any) -> Sequential:
        return Sequential({**spec.builder(*args).children, "relu1": Tanh()})

    monkeypatch.setattr(models, "spec", lambda _: replace(spec, builder=with_tanh))
    for train in (lambda i: lab.store.train(*i), lambda i: lab.store.train_all([i])):
        with pytest.raises(CheckpointError, match=r"had \(relu1\): ReLU\(\), now .*Tanh\(\)"):
            train((arm_of(lab), 0, 1))
    assert training.read_summary(out)["epochs"] == 1


def test_what_decides_the_weights_decides_the_folder(lab: Lab) -> None:
    arm, path = arm_of(lab), lab.store.path
    others = [
        path(arm, 1),
        path(arm, 0, 2),
        path(arm_of(lab, lr=0.1), 0),
        path(Arm("net", "cifar-19pct", arm.recipe, arm.data), 0),
        path(Arm("net", arm.model, arm.recipe, "elsewhere"), 0),
    ]
    assert len({path(arm, 0), *others}) == 6
    assert path(arm_of(lab, sources={}).with_recipe("another name"), 0) == path(arm, 0)


def test_arms_with_other_settings_have_runs_of_their_own(lab: Lab) -> None:
    plain = arm_of(lab)
    wide = replace(plain, settings={"batch_size": 24, "lr_scaling": "linear"})
    assert wide.identity() != plain.identity()
    config = training.read_config(lab.store.train(wide, 0, 1))
    assert (config.batch_size, config.recipe.batch_size) == (24, 128)
    assert config.scaled_lr == pytest.approx(config.lr * 24 / 128)


def test_runs_of_older_versions_keep_their_folders() -> None:
    """The name is what it was when recipes had neither warm-up nor LARS."""
    recipe = recipes.get("cifar-80sec")
    arm = Arm("net", recipe.model, recipe, "cifar10")
    assert arm.identity() == "cifar-80sec-5d004b3b"
    assert arm.with_recipe("net", lars=0.001).identity() != arm.identity()


def test_a_growing_run_is_resumed(lab: Lab) -> None:
    plain = arm_of(lab, schedule={"kind": "constant"})
    growing = Arm(plain.name, plain.model, plain.recipe, plain.data, growing=True)
    first = lab.store.train(growing, 0, 1)
    early = lab.store.epochs(growing, 0)
    assert lab.store.train(growing, 0, 2) == first
    later = lab.store.epochs(growing, 0)
    assert [record["epoch"] for record in later] == [1, 2] and later[0] == early[0]


def test_a_run_that_diverges_ends_there_if_it_may(lab: Lab) -> None:
    """Also the second time, with and without a checkpoint."""
    wild = arm_of(lab, lr=1e9, schedule={"kind": "constant"})
    with pytest.raises(DivergedError):
        lab.store.train(wild, 0, 1)
    for _ in range(2):
        assert lab.store.train(replace(wild, may_diverge=True), 0, 1) == lab.store.path(wild, 0, 1)
        assert lab.store.epochs(replace(wild, growing=True), 0) == []


def test_an_interrupted_run_is_kept_and_finished(lab: Lab, tmp_path: Path) -> None:
    arm = arm_of(lab)
    whole = Store(tmp_path / "whole", backend="numpy", threads=1).train(arm, 0, 2)

    class Stop(Listener):
        def epoch(self, record: dict[str, Any]) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    store = Store(tmp_path / "cut", backend="numpy", threads=1, listen=lambda a, s: Stop())
    with pytest.raises(Interrupted, match="stopped and saved"):
        store.train(arm, 0, 2)
    again = Store(tmp_path / "cut", backend="numpy", threads=1).train(arm, 0, 2)
    one, other = (load_file(run / "checkpoint.safetensors") for run in (whole, again))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_an_interruption_ends_a_command_as_shells_expect(lab: Lab, tmp_path: Path) -> None:
    class Stop(Listener):
        def epoch(self, record: dict[str, Any]) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    store = Store(tmp_path / "cut", backend="numpy", threads=1, listen=lambda a, s: Stop())
    with pytest.raises(Interrupted) as caught:
        store.train(arm_of(lab), 0, 2)
    assert caught.value.exit_code == 128 + signal.SIGTERM
    assert Interrupted("stopped").exit_code == 130
    # A process of a pool was stopped by a signal of its own.
    futures: list[Future[Path]] = [Future()]
    futures[0].set_exception(caught.value)
    with pytest.raises(Interrupted) as told:
        _raise_first(futures, signal.SIGINT)
    assert (told.value.exit_code, told.value.hint) == (130, caught.value.hint)


def test_a_growing_run_that_was_stopped_keeps_its_finished_epochs(lab: Lab, tmp_path: Path) -> None:
    """Its summary belongs to an older checkpoint, but two epochs are done."""
    plain = arm_of(lab, schedule={"kind": "constant"})
    growing = Arm(plain.name, plain.model, plain.recipe, plain.data, growing=True)

    class Stop(Listener):
        def epoch(self, record: dict[str, Any]) -> None:
            if record["epoch"] == 3:
                os.kill(os.getpid(), signal.SIGINT)

    store = Store(tmp_path / "cut", backend="numpy", threads=1, listen=lambda a, s: Stop())
    store.train(growing, 0, 2)
    with pytest.raises(Interrupted):
        store.train(growing, 0, 4)
    assert store.done(growing, 0, 2) and store.done(growing, 0, 3)
    assert not store.done(growing, 0, 4)
    assert not store.done(replace(growing, growing=False), 0, 2)
