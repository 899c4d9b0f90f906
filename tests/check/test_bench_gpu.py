"""What a benchmark does otherwise on a GPU, as far as it shows without one."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tinyalex.backends.cuda import driver as cuda_driver
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check import bench
from tinyalex.check.bench import ceilings, machine, ours, peer, tables
from tinyalex.check.bench.job import Work
from tinyalex.check.bench.turns import Result

JOB = bench.Job("cuda", "tiny", "train", 4, 1, device="cuda", precision="tf32", workspace_mb=64)


class Queue(NumpyBackend):
    """A device whose clock is its queue: what is waited for, and when."""

    name = "cuda"

    def __init__(self):
        super().__init__(1)
        self.waits = 0

    def synchronize(self):
        self.waits += 1

    def memory_held(self):
        return 5 << 20


@pytest.fixture
def gpu(monkeypatch):
    """The GPU of these tests, and what was asked of `backends.get`."""
    backend, asked = Queue(), []

    get = ours.backends.get

    def find(name, *args):
        if name != "cuda":
            return get(name, *args)
        asked.append((name, *args))
        return backend

    monkeypatch.setattr(ours.backends, "get", find)
    backend.asked = asked
    return backend


def test_the_clock_starts_and_stops_when_the_device_is_done():
    happened = []
    work = Work(lambda: happened.append("run"), 1, 0, lambda: happened.append("wait"))
    work.seconds(3)
    assert happened == ["wait", "run", "run", "run", "wait"]


@pytest.mark.parametrize("task", (*bench.TASKS, *bench.ALONE))
def test_our_work_is_queued_whole_and_waited_for_once_a_turn(gpu, task):
    work = ours.work(replace(JOB, task=task))
    before = gpu.waits
    work.run()
    assert gpu.waits == before
    work.seconds(2)
    assert gpu.waits == before + 2
    assert gpu.asked == [("cuda", 1, "tf32", 64)]
    assert ours.gpu_memory(JOB) == 5 << 20


@pytest.mark.parametrize("overlap", [True, False])
def test_a_job_decides_whether_batches_come_meanwhile(gpu, overlap):
    assert ours.backend_of(replace(JOB, overlap=overlap)).overlap is overlap


def test_ceilings_are_of_the_jobs_precision_and_of_products_that_fill_a_gpu(gpu, monkeypatch):
    monkeypatch.setattr(ceilings, "SHAPES", [(8, 8, 8)])
    monkeypatch.setattr(ceilings, "GPU_SHAPES", [(16, 16, 16)])
    monkeypatch.setattr(ceilings, "COPY_BYTES", 1 << 20)
    monkeypatch.setattr(ceilings, "_SECONDS", 0.01)
    found = ceilings.measure(JOB)
    assert gpu.asked == [("cuda", 1, "tf32", 64)] and found["precision"] == "tf32"
    assert [(t["shape"][0], t["way"]) for t in found["trials"]] == [(8, "library"), (16, "library")]


def test_in_bf16_the_ceiling_is_of_bfloat16_products(gpu, monkeypatch):
    multiplied = []
    gpu.precision = "bf16"
    gpu.narrowed = lambda x: x.astype(np.float16)
    gpu.matmul_into = lambda a, b, out: multiplied.append((a.dtype, b.shape, out.dtype))
    ceilings._library(gpu, (2, 3, 4))()
    assert multiplied == [(np.float16, (1, 3, 4), np.float32)]


def fake_torch(monkeypatch):
    torch = ModuleType("torch")
    torch.set_num_threads = torch.manual_seed = lambda n: None
    matmul, cudnn = SimpleNamespace(allow_tf32=None), SimpleNamespace(allow_tf32=None)
    torch.backends = SimpleNamespace(cuda=SimpleNamespace(matmul=matmul), cudnn=cudnn)
    torch.cuda = SimpleNamespace(max_memory_reserved=lambda: 3 << 20)
    monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


@pytest.mark.parametrize(("precision", "tf32"), [("tf32", True), ("float32", False)])
def test_the_peer_multiplies_in_the_same_precision(monkeypatch, precision, tf32):
    torch = fake_torch(monkeypatch)
    peer.prepare(replace(JOB, implementation="torch", precision=precision))
    assert torch.backends.cuda.matmul.allow_tf32 is tf32
    assert torch.backends.cudnn.allow_tf32 is tf32
    assert torch.backends.cudnn.benchmark
    assert peer.gpu_memory(replace(JOB, implementation="torch")) == 3 << 20
    assert peer.gpu_memory(replace(JOB, device="cpu")) is None


def result(implementation, gpu_mib):
    job = replace(JOB, implementation=implementation)
    return Result(job, (1e-4, 2e-4), 1, 900.0, None, 10**9, "gpu", gpu_mib)


def test_memory_is_the_gpus_where_all_compute_there():
    both = tables.results_table([result("cuda", 2345.0), result("torch", 3456.0)], 1e5)
    at = both.headings.index("GPU\nMiB")
    assert [row[at] for row in both.rows] == ["2,345", "3,456"]
    mixed = tables.results_table([result("cuda", 2345.0), result("numba", None)], 1e5)
    at = mixed.headings.index("peak\nMiB")
    assert [row[at] for row in mixed.rows] == ["900", "900"]
    assert result("cuda", 2345.0).to_dict()["gpu_memory_mib"] == 2345


def test_layers_are_compared_with_both_ceilings():
    row = {"name": "features.0", "kind": "Conv2d", "forward_ms": 1.0, "backward_ms": 3.0}
    row |= {"forward_flop": 10**11, "backward_flop": 10**11}
    row |= {"forward_bytes": 10**9, "backward_bytes": 10**9}
    table = tables.layers_table([row], None, peak_gflops=100_000, copy_gb_per_s=2000)
    cells = dict(zip(table.headings, table.rows[0], strict=True))
    assert cells["GFLOP\n/s"] == "50000" and cells["% of\npeak"] == "50"
    assert cells["GB/s"] == "500" and cells["% of\ncopy"] == "25"


def test_the_header_names_the_gpu_and_a_peak_for_each_precision(monkeypatch):
    driver = cuda_driver.Driver((13, 0), 1)
    monkeypatch.setattr(cuda_driver, "ask", lambda: driver)
    monkeypatch.setattr(cuda_driver, "gpus", lambda: [cuda_driver.Gpu("H100", 80 << 30, (9, 0))])
    monkeypatch.setattr(cuda_driver, "release", lambda: "580.1")
    found = machine.describe(1, "tinyalex bench")
    peak = {"gemm_gflops": 5e4, "gemm_shape": [8, 8, 8], "gemm_way": "library"}
    peaks = [{**peak, "copy_gb_per_s": 2e3, "precision": each} for each in bench.PRECISIONS]
    lines = tables.header(found, peaks)
    assert lines[0] == "gpu       H100, 80 GiB, driver 580.1 (CUDA 13.0)"
    peak_lines = [line for line in lines if line.startswith("peak")]
    assert ["float32" in peak_lines[0], "tf32" in peak_lines[1]] == [True, True]

    def missing():
        raise cuda_driver.NoDriver("none", "")

    monkeypatch.setattr(cuda_driver, "ask", missing)
    assert machine.describe(1, "")["gpu"] == ""
