"""`tinyalex train --workers`: processes that train together by MPI, and how they end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinyalex.runs.checkpoint import load_checkpoint

pytest.importorskip("mpi4py")

FAILING = Path(__file__).resolve().parents[1] / "group" / "failing.py"
TINYALEX = [sys.executable, "-m", "tinyalex"]
TRAIN = ("train", "--backend", "numpy", "--threads", "1", "--quiet")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def tinyalex(
    folder: Path, *words: object, program: list[str] = TINYALEX
) -> subprocess.CompletedProcess[str]:
    command = [*program, *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def train(folder: Path, out: str, *words: object) -> bytes:
    """The checkpoint that a training leaves, which must end well."""
    where = () if "--resume" in words else ("--out", out)
    done = tinyalex(folder, *TRAIN, *where, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{out}\n" and done.stderr == ""
    return checkpoint(folder / out)


def checkpoint(run: Path) -> bytes:
    return (run / "checkpoint.safetensors").read_bytes()


def refused(folder: Path, *words: object) -> str:
    done = tinyalex(folder, *TRAIN, "--out", "run", *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == 1, done.stderr
    return done.stderr


def test_one_two_and_four_workers_leave_the_same_bytes(tmp_path: Path) -> None:
    options = ("--epochs", 1, "--shards", 4)
    alone = train(tmp_path, "1", *options)
    for workers in (2, 4):
        assert train(tmp_path, str(workers), *options, "--workers", workers) == alone


@pytest.mark.slow
def test_the_same_on_photographs(tmp_path: Path, real_data: Path) -> None:
    unpack = [sys.executable, str(real_data / "unpack.py")]
    assert tinyalex(tmp_path, tmp_path / "data", program=unpack).returncode == 0
    options = ("--data", "cifar10@2000", "--data-root", tmp_path / "data", "--epochs", 1)
    options += ("--model", "cifar-80sec", "--shards", 4)
    alone = train(tmp_path, "1", *options)
    for workers in (2, 4):
        assert train(tmp_path, str(workers), *options, "--workers", workers) == alone


def test_what_cannot_be_shared_out_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    said = refused(tmp_path, "--workers", 3, "--shards", 4)
    assert "error: 4 shards cannot be shared out evenly to 3 workers\n" in said
    assert "or, for a new run, --shards 6\n" in said
    said = refused(tmp_path, "--workers", 2, "--shards", 64, "--batch-size", 32)
    assert "error: --shards must be at most 32, the images of a batch (got 64)\n" in said
    assert not (tmp_path / "run").exists()


def test_another_number_than_mpi_started_is_refused(tmp_path: Path) -> None:
    from tinyalex.group.launch import find_mpiexec

    mpiexec = [find_mpiexec(), "-n", "2", *TINYALEX]
    done = tinyalex(tmp_path, *TRAIN, "--workers", 3, program=mpiexec)
    assert done.returncode == 2
    assert "error: --workers 3, but MPI started 2\nTry: --workers 2\n" in done.stderr


@pytest.mark.parametrize(
    ("hide", "said"),
    [
        (
            "import tinyalex.group.launch as m; m.shutil.which = lambda *a, **k: None",
            "several workers need mpiexec, which is not there",
        ),
        (
            "import tinyalex.group.world as m; m.find_spec = lambda name: None",
            "several workers need mpi4py, which is not installed",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path, hide: str, said: str) -> None:
    words = [*TRAIN, "--workers", "2"]
    code = f"import sys; {hide}; sys.argv[1:] = {words!r}; import tinyalex.cli as c; c.main()"
    done = tinyalex(tmp_path, program=[sys.executable, "-c", code])
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}\nTry: ")
    assert done.stderr.count("\n") == 2


# ---------------------------------------------------------------------------------- failures

HOST = os.uname().nodename if hasattr(os, "uname") else ""
SAYS = {
    "kill": "error: rank 1 was ended by signal 9 (SIGKILL): perhaps the memory was too small\n",
    "segfault": "error: rank 1 was ended by signal 11 (SIGSEGV)\n",
    "exit": "error: rank 1 ended without a word, with exit code 3\n",
    "raise": f"error: rank 1 on {HOST}: KeyError: 'no such key'\n",
    "sys.exit": f"error: rank 1 on {HOST}: SystemExit: 4\n",
    "memory": f"error: rank 1 on {HOST}: the memory is too small for tiny with batches of 32\n",
    "stop": f"error: rank 1 on {HOST} has stopped: nothing was heard of it for 3 seconds\n",
    "hang": f"error: rank 1 on {HOST} hangs: no step for 3 seconds\n",
    "nan": "error: epoch 1, step 45: the training loss is nan; the last good checkpoint is kept",
}


@pytest.mark.parametrize("kind", SAYS)
def test_a_worker_that_fails_ends_all_and_is_named_once(tmp_path: Path, kind: str) -> None:
    program = [sys.executable, str(FAILING), "launch", "2", kind, "6"]
    options = ("--out", "run", "--epochs", 3, "--shards", 2, "--timeout", 3, "--workers", 2)
    before = shared_memory()
    done = tinyalex(tmp_path, *TRAIN, *options, program=program)
    assert done.returncode not in (0, 124)
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1, done.stderr
    assert SAYS[kind] in done.stderr
    wait_for(lambda: not shared_memory() - before)
    assert ("Traceback" in done.stderr) == (kind in ("raise", "sys.exit"))
    assert load_checkpoint(tmp_path / "run").state["epoch"] == 0
    wait_for(lambda: not list(processes(tmp_path)))  # the system may still be ending them


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("launcher", "SIGINT"),
        ("launcher", "SIGTERM"),
        ("launcher", "SIGHUP"),
        ("rank 1", "SIGTERM"),
    ],
)
def test_a_signal_saves_once_and_ends_all(tmp_path: Path, name: str, to: str) -> None:
    number = getattr(signal, name)
    with running(tmp_path, 2, "--epochs", "50", "--shards", "2") as process:
        wait_for_step(tmp_path / "run", process)
        target = process.pid if to == "launcher" else ranks(tmp_path)[int(to[-1])]
        os.kill(target, number)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number, error
    assert error == "warning: stopped; the run is saved in run\n"
    assert out == "run\n"
    wait_for(lambda: not list(processes(tmp_path)))  # the system may still be ending them
    assert load_checkpoint(tmp_path / "run").state["images_trained"] > 0


def test_the_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with running(tmp_path, 2, "--epochs", "5000", "--shards", "2") as process:
        wait_for_step(tmp_path / "run", process)
        process.kill()
        process.wait()
        wait_for(lambda: not list(processes(tmp_path)))
    assert load_checkpoint(tmp_path / "run").state["epoch"] >= 0


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_by_others_it_ends_as_if_undisturbed(
    tmp_path: Path,
) -> None:
    options = ("--epochs", "4", "--shards", "4", "--checkpoint-every", "0")
    undisturbed = train(tmp_path, "whole", *options)
    draw, kills = random.Random(0), 0
    words = options
    while kills < 10:
        workers = draw.choice([1, 2, 4])
        with running(tmp_path, workers, *words) as process:
            time.sleep(draw.uniform(1.5, 6))
            if process.poll() is None:
                kills += 1
                victims = [process.pid] if workers == 1 else list(ranks(tmp_path).values())
                with contextlib.suppress(ProcessLookupError, IndexError):
                    os.kill(draw.choice(victims), signal.SIGKILL)
            process.communicate(timeout=60)
        if (tmp_path / "run" / "checkpoint.safetensors").exists():
            words = ("--resume", "run")
        if (tmp_path / "run" / "summary.json").exists():
            break
    assert kills >= 3
    if not (tmp_path / "run" / "summary.json").exists():
        train(tmp_path, "run", "--resume", "run", "--workers", 2)
    assert checkpoint(tmp_path / "run") == undisturbed
    epochs = [
        json.loads(line)["epoch"]
        for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
        if '"test_error"' in line
    ]
    assert epochs == [1, 2, 3, 4]


@contextlib.contextmanager
def running(folder: Path, workers: int, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [*TINYALEX, *TRAIN, *words, "--workers", str(workers)]
    if "--resume" not in words:
        command += ["--out", "run"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pid in processes(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it took longer than a minute"
        time.sleep(0.1)


def wait_for_step(run: Path, process: subprocess.Popen[str]) -> None:
    metrics = run / "metrics.jsonl"
    while not (metrics.exists() and '"step"' in metrics.read_text()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


def shared_memory() -> set[str]:
    """The names that MPICH has left, or is about to remove."""
    return {path.name for path in Path("/dev/shm").glob("mpich_shm_*")}


def processes(folder: Path) -> Iterator[int]:
    """Processes that work in a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(entry / "cwd")) == folder:
                yield int(entry.name)


def ranks(folder: Path) -> dict[int, int]:
    """The process of each rank that works in a folder."""
    found = {}
    for pid in processes(folder):
        with contextlib.suppress(OSError):
            for word in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if word.startswith(b"PMI_RANK="):
                    found[int(word[9:])] = pid
    return found


@pytest.mark.parametrize("kind", ["towers", pytest.param("hybrid", marks=pytest.mark.slow)])
def test_two_processes_train_one_network_in_two_parts(tmp_path: Path, kind: str) -> None:
    done = tinyalex(
        tmp_path, *TRAIN, "--out", "run", "--epochs", 1, "--workers", 2, "--parallel", kind
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shards = () if kind == "towers" else ("--shards", 2)
    train(tmp_path, "alone", "--epochs", 1, *shards)
    errors = [json.loads((tmp_path / run / "summary.json").read_text()) for run in ("run", "alone")]
    assert errors[0]["top1_error"] == pytest.approx(errors[1]["top1_error"], abs=2 / 360)
    assert tinyalex(tmp_path, "evaluate", "run").returncode == 0
