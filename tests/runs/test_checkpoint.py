"""Checkpoints survive accidents, and refuse what is not one."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tests.training.conftest import bytes_of
from tinyalex import files, training
from tinyalex.errors import CheckpointError, DivergedError, RunError
from tinyalex.runs import checkpoint as module
from tinyalex.runs import tensors as layout
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

WEIGHTS = {"fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}


def saved(folder, **changes):
    values = {"weights": WEIGHTS, "momentum": WEIGHTS, "state": {"epoch": 1, "best": np.inf}}
    save_checkpoint(folder, Checkpoint("tiny", **{**values, **changes}))
    return folder / "checkpoint.safetensors"


def test_what_was_saved_is_loaded(tmp_path):
    saved(tmp_path)
    found = load_checkpoint(tmp_path, "tiny")
    assert found.model_name == "tiny"
    assert found.state == {"epoch": 1, "best": np.inf}
    np.testing.assert_array_equal(found.weights["fc.weight"], WEIGHTS["fc.weight"])
    np.testing.assert_array_equal(found.momentum["fc.weight"], WEIGHTS["fc.weight"])
    assert json.loads((tmp_path / "checkpoint.json").read_text())["epoch"] == 1


def fill_the_disk(monkeypatch):
    def write(file, data):
        file.write(data[: len(data) // 2])
        file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write", write)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = saved(tmp_path)
    before = path.read_bytes()
    fill_the_disk(monkeypatch)
    with pytest.raises(RunError, match="No space left on device"):
        saved(tmp_path, state={"epoch": 2})
    assert path.read_bytes() == before
    assert load_checkpoint(tmp_path).state["epoch"] == 1
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["checkpoint.json", "checkpoint.safetensors"]


def test_a_run_on_a_full_disk_can_go_on_from_the_old_checkpoint(config, monkeypatch):
    class FillsTheDisk(training.Listener):
        def epoch(self, record):
            if record["epoch"] == 1:
                fill_the_disk(monkeypatch)

    with pytest.raises(RunError, match="cannot be written"):
        training.train(config("full"), FillsTheDisk())
    monkeypatch.undo()
    assert load_checkpoint(config("full").out).state["epoch"] == 1


def test_a_kill_between_the_two_files_leaves_a_consistent_checkpoint(tmp_path, monkeypatch):
    saved(tmp_path)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        saved(tmp_path, state={"epoch": 2}, weights={"fc.weight": WEIGHTS["fc.weight"] + 1})
    found = load_checkpoint(tmp_path)
    assert found.state["epoch"] == 2 and found.weights["fc.weight"][0, 0] == 1


@pytest.mark.parametrize("keep", [0, 5, 40, 200, -1])
def test_a_file_cut_off_is_refused(tmp_path, keep):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="damaged or cut off"):
        load_checkpoint(tmp_path)


def test_no_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_checkpoint(tmp_path)


def test_another_model_is_refused(tmp_path):
    saved(tmp_path)
    with pytest.raises(CheckpointError, match="holds the model 'tiny', wanted 'alexnet'"):
        load_checkpoint(tmp_path, "alexnet")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(tmp_path, bad):
    path = saved(tmp_path)
    with safe_open(path, framework="numpy") as file:
        head = file.metadata()
    tensors = load_file(path)
    tensors["momentum/fc.weight"][1, 1] = bad
    path.write_bytes(b"".join(layout.to_bytes(tensors, head)))
    with pytest.raises(CheckpointError, match="momentum/fc.weight holds numbers that are not"):
        load_checkpoint(tmp_path)


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    path = saved(tmp_path)
    before = path.read_bytes()
    with pytest.raises(DivergedError, match=r"fc\.weight are no longer finite"):
        saved(tmp_path, weights={"fc.weight": np.full((2, 3), np.nan, np.float32)})
    assert path.read_bytes() == before


def test_a_safetensors_file_of_another_program_is_refused(tmp_path):
    save_file(WEIGHTS, tmp_path / "checkpoint.safetensors")
    with pytest.raises(CheckpointError, match="not a checkpoint of tinyalex"):
        load_checkpoint(tmp_path)


def test_weights_of_another_size_are_refused(config):
    small = config("small")
    training.train(small)
    path = small.out / "config.json"
    plain = json.loads(path.read_text())
    plain["classes"].append("e")
    del plain["layers"]  # as in runs of versions that did not record them
    path.write_text(json.dumps(plain))
    with pytest.raises(CheckpointError, match="must be"):
        training.load_run(small.out)


def test_the_same_training_has_the_same_bytes(config):
    training.train(config("a"))
    training.train(config("b"))
    assert bytes_of(config("a").out) == bytes_of(config("b").out)
