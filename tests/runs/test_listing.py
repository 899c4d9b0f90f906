"""Runs at a glance."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys

import pytest

from tests.training.conftest import run_until
from tinyalex import training
from tinyalex.lock import locked
from tinyalex.runs.listing import find, glance


@pytest.fixture
def trained(config):
    training.train(config(epochs=1, lr=0.01, set={"weight_decay": 0.25}))
    return config().out


def test_a_finished_run_says_what_came_out_of_it(trained):
    run, summary = glance(trained), training.read_summary(trained)
    assert (run.state, run.reason, run.data, run.model) == ("finished", "", "small", "tiny")
    assert (run.epochs, run.planned) == (1, 1)
    assert run.test_error == summary["top1_error"]
    assert (run.images_per_second, run.seconds) == (
        summary["images_per_second"],
        summary["wall_seconds"],
    )
    assert run.ten_crop_error == summary.get("top1_error_ten_crops") is not None
    assert run.changed == {"batch_size": 8, "lr": 0.01, "weight_decay": 0.25}
    assert json.loads(json.dumps(run.to_dict()))["folder"] == str(trained)


def test_a_stopped_run_says_how_far_it_is(config):
    run_until(config(), 0)
    assert (glance(config().out).epochs, glance(config().out).test_error) == (0, None)
    shutil.rmtree(config().out)
    run_until(config(), 8)
    run = glance(config().out)
    assert (run.state, run.epochs, run.planned, run.seconds) == ("stopped", 1, 3, None)
    assert 0 <= run.test_error <= 1


def test_a_run_that_is_resumed_for_more_epochs_is_not_finished(config):
    training.train(config(epochs=1))

    class Stops(training.Listener):
        def step(self, record):
            os.kill(os.getpid(), signal.SIGINT)

    training.resume(config().out, Stops(), epochs=3)
    assert (glance(config().out).state, glance(config().out).planned) == ("stopped", 3)


def test_a_run_that_a_process_uses_is_running_and_looking_disturbs_nobody(trained):
    with locked(trained, "train"):
        run = glance(trained)
        assert run.state == "running" and f"process {os.getpid()} (train" in run.reason
    assert glance(trained).state == "finished"
    with locked(trained, "train"):
        pass
    assert not (trained / ".lock").exists()


def test_a_run_without_weights_is_finished_all_the_same(trained):
    (trained / "checkpoint.safetensors").unlink()
    assert glance(trained).state == "finished"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", "{", "config.json: cannot be read"),
        ("config.json", None, "not the folder of a run"),
        ("config.json", '{"model": "tiny"}', "config.json: "),
        ("checkpoint.safetensors", "x" * 100, "checkpoint.safetensors: damaged or cut off"),
        ("summary.json", "[]", "summary.json: "),
        ("summary.json", '{"top1_error": 7}', "summary.json: top1_error must be"),
    ],
)
def test_a_damaged_run_is_listed_with_its_reason(trained, name, content, says):
    (trained / name).unlink() if content is None else (trained / name).write_text(content)
    assert list(find(trained.parent)) == [trained]
    run = glance(trained)
    assert run.state == "damaged" and run.reason.startswith(says), run.reason


def test_runs_are_found_in_folders_in_folders_and_nothing_else_is(trained, tmp_path):
    root = tmp_path / "many"
    for name in ("b", "a/x/seed1", "a/x/seed0", ".hidden/run"):
        shutil.copytree(trained, root / name)
    shutil.copytree(trained, root / "b" / "copy in a run")
    (root / "other").mkdir()
    (root / "other" / "config.json").write_text('{"model_type": "bert"}')
    if sys.platform != "win32":
        (root / "round").symlink_to(root, target_is_directory=True)
    found = [path.relative_to(root).as_posix() for path in find(root)]
    assert found == ["a/x/seed0", "a/x/seed1", "b"]
    assert list(find(root, deepest=1)) == [root / "b"]
