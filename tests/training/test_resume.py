"""A run that was stopped and resumed ends with the same bytes as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tests.processes import environment
from tests.training.conftest import STEPS, bytes_of, lines_of, run_until, small_dataset
from tinyalex import data, training
from tinyalex.errors import RunError
from tinyalex.training import runs


@pytest.fixture
def whole(once):
    """The undisturbed run."""
    return once("whole")


# The loop asks before each step, then before each of the two test batches.
@pytest.mark.parametrize("asked", [0, 1, 3, STEPS - 1, STEPS, STEPS + 1, STEPS + 2, STEPS + 5])
def test_a_run_stopped_anywhere_and_resumed_equals_the_undisturbed_run(config, whole, asked):
    stopped = config("stopped")
    assert not run_until(stopped, asked)
    assert bytes_of(stopped.out) != bytes_of(whole)
    summary = training.resume(stopped.out)
    assert not summary["interrupted"]
    assert bytes_of(stopped.out) == bytes_of(whole)
    assert lines_of(stopped.out) == lines_of(whole)


def test_many_stops_and_another_number_of_threads_change_nothing(config, whole, monkeypatch):
    class StopsEveryFourth(runs.StopSignal):
        asked = 0

        def __call__(self):
            self.asked += 1
            return self.asked > 4

    stopped = config("stopped", threads=2)
    monkeypatch.setattr(runs, "StopSignal", StopsEveryFourth)
    summary = training.train(stopped)
    for turn in range(20):
        if not summary["interrupted"]:
            break
        summary = training.resume(stopped.out, threads=1 + turn % 2)
    assert bytes_of(stopped.out) == bytes_of(whole)
    assert lines_of(stopped.out) == lines_of(whole)


def test_lines_written_after_the_checkpoint_are_dropped_on_resume(config, whole):
    stopped = config("stopped")
    run_until(stopped, STEPS + 4)
    with (stopped.out / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "epoch": 2, "step": 99}\n{"event": "st')
    training.resume(stopped.out)
    assert lines_of(stopped.out) == lines_of(whole)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_the_run_can_go_on(config, whole, number):
    class Sends(training.Listener):
        def step(self, record):
            if (record["epoch"], record["step"]) == (2, 4):
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    stopped = config("stopped")
    summary = training.train(stopped, Sends())
    assert summary["interrupted"] and summary["epochs"] == 1
    assert signal.getsignal(number) == before
    assert not (stopped.out / "summary.json").exists()
    assert not training.resume(stopped.out)["interrupted"]
    assert bytes_of(stopped.out) == bytes_of(whole)


def test_a_second_signal_acts_at_once():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
    try:
        _signal_twice()
    finally:
        signal.signal(signal.SIGINT, before)


def _signal_twice():
    with runs.StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)


PROGRAM = """
    import sys
    from pathlib import Path
    from tests.training.conftest import BATCH, small_dataset
    from tinyalex import data, training
    data.load = lambda *_, **__: small_dataset()
    out = Path(sys.argv[1])
    if (out / "config.json").exists():
        training.resume(out)
    else:
        training.train(training.RunConfig(
            epochs=12, batch_size=BATCH, threads=1, log_every=4, checkpoint_every=0, out=out))
"""


@pytest.mark.slow
def test_a_run_killed_in_the_middle_again_and_again_equals_the_undisturbed_run(tmp_path):
    def start(folder):
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), folder],
            env=environment(OMP_NUM_THREADS="1"),
        )

    killed, whole = tmp_path / "killed", tmp_path / "whole"
    undisturbed = start(whole)
    kills = 0
    for moment in (0.003, 0.05, 0.11):
        process = start(killed)
        seen = _modified(killed)
        while process.poll() is None and _modified(killed) == seen:
            time.sleep(0.002)  # until it has written a checkpoint, which it does at every step
        time.sleep(moment)
        process.kill()
        kills += process.wait() != 0
    assert kills == 3
    assert start(killed).wait(timeout=100) == 0
    assert undisturbed.wait(timeout=100) == 0
    assert bytes_of(killed) == bytes_of(whole)
    assert lines_of(killed) == lines_of(whole)


def _modified(folder):
    path = folder / "checkpoint.safetensors"
    return path.stat().st_mtime_ns if path.exists() else 0


def test_resuming_a_finished_run_gives_its_summary(config, whole):
    before = (whole / "checkpoint.safetensors").read_bytes()
    assert training.resume(whole) == training.read_summary(whole)
    assert (whole / "checkpoint.safetensors").read_bytes() == before


def test_a_finished_run_can_be_made_longer(config, whole):
    summary = training.resume(whole, epochs=4)
    assert summary["epochs"] == 4
    assert [r["epoch"] for r in lines_of(whole) if r["event"] == "epoch"] == [1, 2, 3, 4]


def test_a_run_killed_before_its_first_checkpoint_starts_again(config, whole):
    stopped = config("stopped")
    run_until(stopped, 0)
    (stopped.out / "checkpoint.safetensors").unlink()
    training.resume(stopped.out)
    assert bytes_of(stopped.out) == bytes_of(whole)


def test_other_data_than_the_run_began_with_are_refused(config, monkeypatch):
    stopped = config("stopped")
    run_until(stopped, 2)
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset("other pixels"))
    with pytest.raises(RunError, match="is not what it was when the run began"):
        training.resume(stopped.out)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="not the folder of a run"):
        training.resume(tmp_path)
