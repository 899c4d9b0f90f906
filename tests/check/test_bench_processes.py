"""The processes of a benchmark: turns, errors, memory, and that none outlives its command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from tinyalex.check import bench
from tinyalex.check.bench import memory, turns, worker
from tinyalex.check.bench.process import WorkerProcess
from tinyalex.errors import ConfigError, RunError

JOB = bench.Job("numpy", "tiny", "train", batch_size=4, threads=1)


def quiet(line: str) -> None:
    """Where a test's progress goes."""


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.01)


def test_a_contest_takes_turns_in_processes():
    said: list[str] = []
    jobs = [replace(JOB, task="infer"), replace(JOB, task="infer", batch_size=8)]
    small, large = bench.contest(jobs, 3, said.append)
    assert len(small.seconds_per_image) == len(large.seconds_per_image) == 3
    assert small.speedup is not None and small.speedup.n == 3
    assert large.speedup is None
    assert small.memory_mib is None or small.memory_mib > 0
    expected = np.median(np.divide(large.seconds_per_image, small.seconds_per_image))
    assert small.speedup.median == pytest.approx(expected)
    assert [line for line in said if "turn" in line][-1] == "infer: turn 3 of 3"


def test_an_error_in_a_worker_is_raised_here():
    with WorkerProcess("numpy", 1) as process:
        with pytest.raises(ConfigError, match="unknown model 'alexnt'"):
            process.ask("setup", job={**asdict(JOB), "model": "alexnt"})
        assert process.ask("setup", job=asdict(JOB))["flop_per_image"] > 0  # it lives on
        with pytest.raises(RuntimeError, match="ZeroDivisionError|TypeError"):
            process.ask("time", repeats=0)


def test_a_worker_that_dies_is_reported():
    with WorkerProcess("numpy", 1) as process:
        process.process.kill()
        with pytest.raises(RunError, match="worker process of numpy died"):
            process.ask("memory")


def test_out_of_memory_is_told_apart():
    side = worker.Worker()
    side.peaks = lambda: (_ for _ in ()).throw(  # type: ignore[method-assign]
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 byte.\ntrace")
    )
    reply = worker.answer(side, {"do": "peaks"})
    assert reply["error"] == "MemoryError"
    assert "trace" not in reply["message"]


def test_an_error_ends_every_worker(monkeypatch):
    started: list[WorkerProcess] = []
    ask = WorkerProcess.ask

    def failing(self, do, **request):
        started.append(self)
        if do == "time":
            raise KeyboardInterrupt
        return ask(self, do, **request)

    monkeypatch.setattr(WorkerProcess, "ask", failing)
    with pytest.raises(KeyboardInterrupt):
        bench.contest([replace(JOB, task="infer"), replace(JOB, task="infer")], 1, quiet)
    assert len({id(process) for process in started}) == 2
    assert all(process.process.poll() is not None for process in started)


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_a_killed_command_leaves_no_worker_behind():
    """Even SIGKILL, which no ``finally`` sees, while a worker computes."""
    program = (
        "import sys, threading\n"
        "from tinyalex.check.bench.process import WorkerProcess\n"
        "from tinyalex.check.bench.job import Job\n"
        "from dataclasses import asdict\n"
        "w = WorkerProcess('numpy', 1)\n"
        "w.ask('setup', job=asdict(Job('numpy', 'tiny', 'train', 4, 1)))\n"
        "print(w.process.pid, flush=True)\n"
        "w.ask('time', repeats=10**6)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)  # it is there
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail("the worker outlived its command")


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = f"/proc/{pid}/stat"
    if not os.path.exists(status):
        return not sys.platform.startswith("linux")
    with open(status) as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="needs Linux's proc")
def test_the_peak_counts_what_was_held_for_a_moment():
    memory.forget_peak()
    before = memory.peak()
    block = np.ones(64 * memory.MIB, np.uint8)
    del block
    assert before is not None
    peak = memory.peak()
    assert peak is not None and peak - before > 60 * memory.MIB
    memory.forget_peak()
    after = memory.peak()
    assert after is not None and after - before < 30 * memory.MIB
