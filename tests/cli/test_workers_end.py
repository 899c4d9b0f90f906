"""How `tinyalex train --workers` ends: failures, signals, and what is left to be resumed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.many import TRAIN, checkpoint, running, tinyalex, train, wait_for_step
from tests.group.ranks import processes, ranks, shared_memory, wait_for
from tinyalex.commands.workers import start_workers
from tinyalex.group import launch
from tinyalex.runs.checkpoint import load_checkpoint

pytest.importorskip("mpi4py")

FAILING = Path(__file__).resolve().parents[1] / "group" / "failing.py"

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.usefixtures("no_process_left"),
]

HOST = os.uname().nodename if hasattr(os, "uname") else ""
SAYS = {
    "kill": f"error: rank 1 on {HOST} was ended by signal 9 (SIGKILL): perhaps the memory was "
    "too small\n",
    "memory": f"error: rank 1 on {HOST}: the memory is too small for tiny with batches of 32\n",
    "stop": f"error: rank 1 on {HOST} is stopped or cannot be reached: silent for 3 seconds\n",
    "hang": f"error: rank 1 on {HOST} hangs: no step for 3 seconds\n",
    "nan": f"error: rank 1 on {HOST}: epoch 2, step 4: the training loss is nan; the last good "
    "checkpoint is kept",
}


SLOW = pytest.mark.slow


@pytest.fixture
def long(few: tuple[object, ...]) -> tuple[object, ...]:
    """Options of a run that is long enough."""
    return (*few, "--shards", 2, "--epochs", 5000)


@pytest.mark.parametrize(
    "kind", [kind if kind == "kill" else pytest.param(kind, marks=SLOW) for kind in SAYS]
)
def test_a_worker_that_fails_ends_all_and_is_named_once(
    tmp_path: Path, long: tuple[object, ...], kind: str
) -> None:
    program = [sys.executable, str(FAILING), "launch", "2", "1", kind, "7"]  # after one epoch
    before = shared_memory()
    done = tinyalex(tmp_path, *TRAIN, *long, "--out", "run", "--timeout", 3, program=program)
    assert done.returncode not in (0, 124)
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1, done.stderr
    assert SAYS[kind] in done.stderr
    wait_for(lambda: not shared_memory() - before)
    assert "Traceback" not in done.stderr
    assert load_checkpoint(tmp_path / "run").state["epoch"] == 1
    wait_for(lambda: not list(processes(tmp_path)))  # the system may still be ending them


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("train", "--resume the run"),
        ("reproduce", "the same command resumes"),
        ("evaluate", "the same command again"),
    ],
)
def test_the_advice_after_an_end_fits_the_command(
    monkeypatch: pytest.MonkeyPatch, command: str, hint: str
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(sys, "argv", ["tinyalex", command])
    monkeypatch.setattr(launch, "launch", lambda *_, **settings: given.update(settings) or 3)
    with pytest.raises(typer.Exit) as ended:
        start_workers(2)
    assert ended.value.exit_code == 3 and given["hint"].startswith(hint)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("launcher", "SIGINT"),
        ("launcher", "SIGTERM"),
        ("launcher", "SIGHUP"),
        ("rank 1", "SIGTERM"),
    ],
)
def test_a_signal_saves_once_and_ends_all(
    tmp_path: Path, long: tuple[object, ...], name: str, to: str
) -> None:
    number = getattr(signal, name)
    with running(tmp_path, 2, *long) as process:
        wait_for_step(tmp_path / "run", process)
        target = process.pid if to == "launcher" else ranks(tmp_path)[int(to[-1])]
        os.kill(target, number)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number, error
    assert error == "warning: stopped; the run is saved in run\n"
    assert out == "run\n"
    wait_for(lambda: not list(processes(tmp_path)))  # the system may still be ending them
    assert load_checkpoint(tmp_path / "run").state["images_trained"] > 0


@pytest.mark.slow
def test_the_workers_end_with_the_process_that_started_them(
    tmp_path: Path, long: tuple[object, ...]
) -> None:
    with running(tmp_path, 2, *long) as process:
        wait_for_step(tmp_path / "run", process)
        process.kill()
        process.wait()
        wait_for(lambda: not list(processes(tmp_path)))
    assert load_checkpoint(tmp_path / "run").state["epoch"] >= 0


@pytest.mark.slow
def test_killed_ten_times_and_resumed_by_others_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """Killed after a random number of steps, or, each third time, of seconds."""
    options = ("--epochs", "4", "--shards", "4", "--checkpoint-every", "0")
    undisturbed = train(tmp_path, "whole", *options)
    draw, run = random.Random(0), tmp_path / "run"
    moments = sorted(draw.sample(range(1, 150), 10))  # of 180 steps
    for kill, moment in enumerate(moments):
        begun = (run / "checkpoint.safetensors").exists()
        words = ("--resume", "run") if begun else options
        with running(tmp_path, workers := (2, 4, 1)[kill % 3], *words) as process:
            if kill % 3 == 1:
                time.sleep(draw.uniform(0, 2))
            else:
                while steps_done(run) < moment:
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.01)
            victims = list(ranks(tmp_path).values()) if workers > 1 else []
            os.kill(draw.choice(victims or [process.pid]), signal.SIGKILL)
            process.communicate(timeout=60)
        assert process.returncode != 0 and steps_done(run) < 180
    train(tmp_path, "run", "--resume", "run", "--workers", 2)
    assert checkpoint(run) == undisturbed
    epochs = [
        json.loads(line)["epoch"]
        for line in (run / "metrics.jsonl").read_text().splitlines()
        if '"test_error"' in line
    ]
    assert epochs == [1, 2, 3, 4]


def steps_done(run: Path) -> int:
    """The steps that a run has saved."""
    with contextlib.suppress(OSError, ValueError):
        state = json.loads((run / "checkpoint.json").read_text())
        return int(state["epoch"] * state["steps_per_epoch"] + state["step"])
    return 0
