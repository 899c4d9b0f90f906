"""Runs remember their precision and workspace, and say which batch to try when memory ends."""

from __future__ import annotations

import json

import pytest

from tests.training.conftest import run_until
from tinyalex import backends, training
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.errors import ConfigError, DeviceMemoryError, RunError
from tinyalex.layers import Linear
from tinyalex.training import setup


class FastBackend(NumpyBackend):
    """A GPU as far as a run's files go."""

    name = "cuda"

    def __init__(self):
        super().__init__(1)
        self.precision, self.workspace_mb = "tf32", 64

    def memory_held(self):
        return 3 << 19


@pytest.fixture
def gpu(monkeypatch):
    """`backends.get` gives it for the name cuda, and notes what it was asked for."""
    asked, get, fast = [], backends.get, FastBackend()

    def find(name="auto", threads=None, precision=None, workspace_mb=None):
        if name != "cuda":
            return get(name, threads, precision, workspace_mb)
        asked.append((precision, workspace_mb))
        return fast

    monkeypatch.setattr(backends, "get", find)
    monkeypatch.setattr(setup.backends, "get", find)
    return asked


def test_config_json_and_summary_record_precision_and_workspace(config, gpu):
    wanted = config(backend="cuda", precision="tf32", workspace_mb=64, epochs=1)
    summary = training.train(wanted)
    plain = json.loads((wanted.out / "config.json").read_text())
    assert (plain["precision"], plain["workspace_mb"]) == ("tf32", 64)
    assert summary["precision"] == "tf32" and gpu == [("tf32", 64)]
    assert summary["gpu_memory_mib"] == 1.5


def test_the_workspace_that_was_used_is_recorded_where_none_was_asked_for(config, gpu):
    wanted = config(backend="cuda", precision="tf32", epochs=1)
    training.train(wanted)
    assert training.read_config(wanted.out).workspace_mb == 64


def test_resuming_keeps_both(config, gpu):
    wanted = config(backend="cuda", precision="tf32", workspace_mb=64)
    assert not run_until(wanted, 3)
    training.resume(wanted.out)
    assert gpu == [("tf32", 64)] * 2


def test_a_run_in_tf32_does_not_go_on_on_a_cpu(config, gpu):
    wanted = config(backend="cuda", precision="tf32", workspace_mb=64)
    assert not run_until(wanted, 3)
    with pytest.raises(ConfigError, match="tf32 is for a GPU"):
        training.resume(wanted.out, backend="numpy")


def test_a_run_leaves_the_gpu_without_its_workspace(config, gpu):
    wanted = config(backend="cuda", workspace_mb=64)
    assert not run_until(wanted, 3)
    assert training.resume(wanted.out, backend="numpy")["backend"] == "numpy"


def test_a_run_from_before_there_was_a_choice_goes_on(config):
    wanted = config()
    assert not run_until(wanted, 3)
    path = wanted.out / "config.json"
    old = json.loads(path.read_text())
    del old["precision"], old["workspace_mb"]
    path.write_text(json.dumps(old))
    assert training.resume(wanted.out)["precision"] == "float32"


@pytest.mark.parametrize(
    ("backend", "error", "says", "try_"),
    [
        ("numpy", MemoryError(), "the memory is too small for tiny with batches of 8", "size 4"),
        ("cuda", DeviceMemoryError("4 GB, full"), "the GPU's memory is too small", "mb 16"),
        ("cuda", MemoryError("allocating 9 bytes\nhere"), "of 8 (allocating 9 bytes)", "size 4"),
    ],
)
def test_too_large_a_batch_says_which_one_to_try(
    config, gpu, monkeypatch, backend, error, says, try_
):
    def full(self, x):
        raise error

    monkeypatch.setattr(Linear, "forward", full)
    with pytest.raises(RunError) as refused:
        training.train(config(backend=backend))
    assert says in refused.value.message and try_ in refused.value.hint
    assert "\n" not in refused.value.message and refused.value.exit_code == 2
