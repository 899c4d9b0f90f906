"""`tinyalex bench --backend cuda`: which measurements it makes; these tests need no GPU."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from types import ModuleType, SimpleNamespace

import pytest

from tinyalex import backends
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check import bench as benchmark
from tinyalex.check.bench.turns import Result

LAYER = {"name": "classifier.6", "kind": "LocalResponseNorm", "forward_ms": 23.4}
LAYER |= {"backward_ms": 34.5, "forward_flop": 736 * 10**9, "backward_flop": 1500 * 10**9}
LAYER |= {"forward_bytes": 3 * 10**9, "backward_bytes": 5 * 10**9}


class Gpu(NumpyBackend):
    """Its name."""

    name = "cuda"


@pytest.fixture
def held(monkeypatch):
    """A pretended GPU, and a list of every measurement; nothing is measured."""
    get, contests = backends.get, []

    def find(name="auto", *args, **kwargs):
        return Gpu(1) if name == "cuda" else get(name, *args, **kwargs)

    def contest(jobs, pairs, say):
        contests.append(jobs)
        if jobs[0].batch_size == 9999:
            raise MemoryError("cuda: full")
        return [Result(job, (1e-4,) * 2, 1, 9.0, None, 10**9, "gpu", 70_000.0) for job in jobs]

    def peaks(job):
        found = {"gemm_gflops": 300_000.0, "gemm_shape": [8192] * 3, "gemm_way": "library"}
        return found | {"copy_gb_per_s": 2500.0, "precision": job.precision}

    monkeypatch.setattr(backends, "get", find)
    monkeypatch.setattr(benchmark, "contest", contest)
    monkeypatch.setattr(benchmark, "peaks", peaks)
    monkeypatch.setattr(benchmark, "layers", lambda job, passes: [dict(LAYER)])
    torch = ModuleType("torch")
    torch.cuda = SimpleNamespace(is_available=lambda: True)
    torch.__version__ = "2.11.0"
    monkeypatch.setitem(sys.modules, "torch", torch)
    return contests


def test_one_command_covers_both_batches_and_all_precisions(call, held):
    result = call("bench", "--backend", "cuda", "--compare", "torch", "--layers", "--json")
    assert result.exit_code == 0, result.output
    found = [(j[0].batch_size, j[-1].precision, j[0].task) for j in held]
    assert found == [
        (batch, precision, task)
        for batch in (128, 1024)
        for precision in ("float32", "tf32", "bf16")
        for task in ("train", "infer", "data")
        if task != "data" or precision == "float32"
    ]
    for jobs in held:
        assert [job.implementation for job in jobs] == ["cuda", "torch"]
        assert jobs[0].precision == jobs[1].precision
        assert len({job.device for job in jobs}) == 1
        assert jobs[0].device == "cuda"
    document = json.loads(result.stdout)
    assert set(document["peaks_by_precision"]) == {"float32", "tf32", "bf16"}
    assert "cuda, batch 1024, tf32" in document["layers"]
    assert document["results"][0]["gpu_memory_mib"] == 70_000
    assert "cuda, batch 128, bf16" in document["layers"]
    lines = result.stderr.splitlines()
    tables = [
        line for line in lines if not line.startswith(("machine", "versions", "command", "peak"))
    ]
    assert max(map(len, tables)) <= 80
    assert any("GPU MiB" in line for line in lines)
    (row, *_) = [" ".join(line.split()) for line in lines if line.startswith("classifier.6")]
    assert row == "classifier.6 LocalNorm 23.4 34.5 2,236 38618 13 8,000 138 6 23.4 34.5"


def test_only_what_the_options_name_is_measured(call, held):
    words = ["--batch-size", 32, "--precision", "tf32", "--workspace-mb", 128, "--what", "infer"]
    result = call("bench", "--backend", "cuda", *words)
    assert result.exit_code == 0, result.output
    ((job,),) = held
    wanted = {"batch_size": 32, "precision": "tf32", "workspace_mb": 128, "task": "infer"}
    assert asdict(job) | wanted == asdict(job)


@pytest.mark.parametrize("words", [(), ("--no-overlap",)])
def test_an_epoch_is_measured_with_and_without_overlap(call, held, words):
    sizes = ["--batch-size", 32, "--precision", "tf32"]
    result = call("bench", "--backend", "cuda", "--what", "epoch", *sizes, *words)
    assert result.exit_code == 0, result.output
    ((job,),) = held
    assert (job.task, job.overlap) == ("epoch", not words)
    assert ("batch 32, tf32, no overlap" in result.stdout) == bool(words)


def test_a_measurement_too_large_for_the_gpu_is_skipped(call, held):
    sizes = ["--batch-size", 128, "--batch-size", 9999, "--precision", "float32"]
    result = call("bench", "--backend", "cuda", "--what", "train", *sizes)
    assert result.exit_code == 0
    assert "left out: batch 9999, float32, train: cuda: full" in result.stdout
    alone = call("bench", "--backend", "cuda", "--what", "train", *sizes[2:])
    assert alone.exit_code == 2 and "not enough memory (cuda: full)" in alone.stderr


def test_a_torch_that_finds_no_gpu_is_refused(refused, held, monkeypatch):
    monkeypatch.setattr(sys.modules["torch"].cuda, "is_available", lambda: False)
    said = refused("bench", "--backend", "cuda", "--compare", "torch")
    assert "this PyTorch (2.11.0) finds no GPU" in said


def test_with_a_cpu_backend_as_well_only_float32_is_measured(call, held):
    result = call("bench", "--backend", "cuda", "--backend", "numpy", "--what", "train")
    assert result.exit_code == 0, result.output
    ((first, second),) = held
    assert (first.precision, second.precision, first.batch_size) == ("float32", "float32", 128)
