"""`tinyalex bench`: its tables, its JSON document, and what it refuses."""

from __future__ import annotations

import json
import sys

import pytest

from tinyalex.check import bench as benchmark
from tinyalex.check.bench import turns
from tinyalex.check.bench.process import WorkerProcess
from tinyalex.check.bench.worker import Worker, answer
from tinyalex.extras import install

SMALL = ["bench", "--model", "tiny", "--batch-size", 4, "--backend", "numpy", "--threads", 1]


@pytest.fixture(autouse=True)
def ceilings(monkeypatch):
    """Do not spend seconds on the machine's peak in every test."""
    found = {
        "gemm_gflops": 100.0,
        "gemm_shape": [2, 3, 4],
        "gemm_way": "library",
        "copy_gb_per_s": 10.0,
    }
    monkeypatch.setattr(benchmark, "peaks", lambda job: dict(found))


@pytest.fixture
def in_this_process(monkeypatch):
    """The workers answer here, in short turns: as processes tests/check/test_bench_processes.py."""

    def ask(process, do, **request):
        return json.loads(json.dumps(answer(process.worker, {"do": do, **request})))["ok"]

    monkeypatch.setattr(turns, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(Worker, "memory", lambda worker: 12.5)
    monkeypatch.setattr(WorkerProcess, "ask", ask)
    monkeypatch.setattr(WorkerProcess, "close", lambda process: None)
    monkeypatch.setattr(
        WorkerProcess,
        "__init__",
        lambda process, name, threads: setattr(process, "worker", Worker()),
    )


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_results_and_layers_fit_eighty_columns(call, tmp_path):
    result = call(*SMALL, "--pairs", 2, "--layers", "--roofline", "roof.png")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    tables = [line for line in lines if not line.startswith(("machine", "versions", "command"))]
    assert max(map(len, tables)) <= 80
    for task in benchmark.TASKS:
        assert any(line.split()[:2] == [task, "numpy"] for line in lines)
    assert any(line.startswith("total") for line in lines)
    assert (tmp_path / "roof.png").stat().st_size > 10_000


@pytest.mark.usefixtures("in_this_process")
def test_json_holds_everything(call):
    result = call(*SMALL, "--backend", "auto", "--what", "infer", "--pairs", 3, "--json")
    document = json.loads(result.stdout)
    assert document["machine"]["threads"] == 1
    assert document["machine"]["versions"]["numpy"]
    assert document["peaks"]["gemm_gflops"] == 100
    first = document["results"][0]
    assert first["contestant"] == "numpy"
    assert first["job"]["task"] == "infer"
    assert len(first["seconds_per_image"]) == 3
    assert first["memory_mib"] == 12.5
    assert document["results"][-1]["speedup"] is None


@pytest.mark.slow
def test_torch_is_compared(call):
    pytest.importorskip("torch")
    words = ["--compare", "torch", "--no-compile", "--what", "train", "--pairs", 2, "--layers"]
    result = call(*SMALL, *words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert any(line.split()[:2] == ["train", "torch"] for line in lines)
    for precision in ("float32", "bf16"):
        begins = f"torch train, {precision}: channels_last o"
        assert any(line.startswith(begins) and "of 3 choices" in line for line in lines), lines
    assert any("float32, PyTorch in bf16" in line for line in lines)
    assert "torch: each layer alone" in result.stdout


def test_quiet_prints_one_line_per_implementation(call):
    words = call(*SMALL, "--what", "data", "--pairs", 2, "--quiet").stdout.split()
    assert words[:2] == ["data", "numpy"]
    assert float(words[2]) > 0
    assert len(words) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_sweep_makes_a_table_and_a_picture(call, tmp_path, monkeypatch):
    from tinyalex.check.bench import sizes

    monkeypatch.setattr(sizes, "values", lambda kind, model, threads: [2, 4])
    result = call(*SMALL, "--sweep", "batch", "--pairs", 1, "--plot", "growth.png")
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines() if " numpy " in line]
    assert [row[0] for row in rows if row[1] == "numpy"] == ["2", "4"]
    assert (tmp_path / "growth.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "words, message",
    [
        (["--model", "alexnt"], "'alexnet'"),
        (["--backend", "nump"], "unknown --backend 'nump'"),
        (["--compare", "jax"], "unknown --compare 'jax'"),
        (["--what", "sleep"], "unknown --what 'sleep'"),
        (["--precision", "int8"], "unknown --precision 'int8'"),
        (["--sweep", "colour"], "unknown --sweep 'colour'"),
        (["--batch-size", 0], "--batch-size must be at least 1"),
        (["--threads", 0], "threads must be at least 1"),
        (["--pairs", 0], "pairs must be at least 1"),
        (["--plot", "a.png"], "--sweep batch"),
        (["--no-overlap"], "--no-overlap is only for --backend cuda"),
        (["--what", "epoch", "--compare", "torch"], "which PyTorch does not have"),
        (["--roofline", "missing/a.png"], "the folder missing does not exist"),
        (["--workers", 2, "--layers"], "times training steps; --layers is not for it"),
        (["--workers", 2, "--roofline", "a.png"], "--roofline is not for it"),
        (["--workers", 2, "--sweep", "batch"], "--sweep is not for it"),
        (["--workers", 2, "--what", "infer"], "--what infer is not for it"),
        (["--workers", 2, "--batch-size", 4, "--batch-size", 8], "needs one --backend, one"),
        (["--workers", 2, "--workers", 9, "--batch-size", 8], "8 is less than 9 workers"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_starts(refused, words, message):
    assert message in refused("bench", *words)


def test_a_missing_torch_is_refused_with_a_hint(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert install("compare") in refused("bench", "--compare", "torch")
