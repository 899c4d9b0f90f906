"""A run's folder is one run's: no second process, no stale result, no silent change."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from tests.training.conftest import STEPS, bytes_of, lines_of, run_until, small_dataset
from tinyalex import data, training
from tinyalex.errors import DataError, RunError
from tinyalex.lock import locked
from tinyalex.runs import metrics as module
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.training.stop import StopSignal

HUP = pytest.mark.skipif(os.name == "nt", reason="a signal of POSIX")


class At(training.Listener):
    """Does something at a step, once."""

    def __init__(self, epoch, step, act):
        self.when, self.act = (epoch, step), act

    def step(self, record):
        if (record["epoch"], record["step"]) == self.when:
            self.act()


def test_a_second_training_or_resume_in_a_folder_is_refused(config, once):
    told = []

    def try_again():
        for again in (
            lambda: training.train(config()),
            lambda: training.resume(config().out),
            lambda: training.resume(config().out, epochs=9),
        ):
            with pytest.raises(RunError, match=f"process {os.getpid()} .train, since") as caught:
                again()
            told.append(caught.value)

    training.train(config(), At(2, 4, try_again))
    assert len(told) == 3
    once("alone")
    assert bytes_of(config().out) == bytes_of(config("alone").out)
    assert lines_of(config().out) == lines_of(config("alone").out)


def test_a_finished_run_is_not_read_while_another_process_makes_it_longer(config, once):
    once()
    with locked(config().out, "train"), pytest.raises(RunError, match="is using it"):
        training.resume(config().out)


def test_data_that_are_refused_leave_no_folder(config, monkeypatch):
    def refuse(*_, **__):
        raise DataError("no pictures")

    monkeypatch.setattr(data, "load", refuse)
    with pytest.raises(DataError):
        training.train(config("runs/first"))
    assert not config("runs/first").out.parent.exists()


def test_resume_makes_no_folder(tmp_path):
    with pytest.raises(RunError, match="not the folder of a run"):
        training.resume(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@HUP
def test_what_killed_processes_left_half_written_is_removed_on_resume(config):
    run_until(config(), 3)
    dead, alive, out = gone(), os.getpid(), config().out
    for name in (
        f".checkpoint.safetensors.{dead}.tmp",
        f".checkpoint.safetensors.{alive}.tmp",  # of a process that has its number now
        f".curves.png.{dead}.tmp",
        f".report.html.{alive}.tmp",  # somebody is writing it
        f".mine.{dead}",
    ):
        (out / name).write_bytes(b"half")
    training.resume(out)
    left = {path.name for path in out.iterdir() if path.name.startswith(".")}
    assert left == {f".report.html.{alive}.tmp", f".mine.{dead}"}


def test_more_epochs_are_kept_when_the_run_is_stopped_and_resumed_plainly(config, once):
    once()
    stop = At(4, 4, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert training.resume(config().out, stop, epochs=5, ten_crops=False)["interrupted"]
    stored = training.read_config(config().out)
    assert (stored.epochs, stored.ten_crops) == (5, False)
    assert training.resume(config().out)["epochs"] == 5


def test_settings_are_kept_only_after_all_checks(config, once, monkeypatch):
    once()
    before = (config().out / "config.json").read_bytes()
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset("other pixels"))
    with pytest.raises(RunError, match="is not what it was"):
        training.resume(config().out, epochs=5)
    assert (config().out / "config.json").read_bytes() == before


def test_the_summary_of_an_older_checkpoint_is_not_shown(config, once):
    once()
    summary = training.read_summary(config().out)
    stop = At(4, 4, lambda: os.kill(os.getpid(), signal.SIGINT))
    training.resume(config().out, stop, epochs=5)
    with pytest.raises(RunError, match="older checkpoint[\\s\\S]*--resume"):
        training.read_summary(config().out)
    assert training.resume(config().out)["epochs"] == 5
    assert training.read_summary(config().out) != summary


def test_the_summary_of_an_older_version_is_told_by_its_epochs(config, once):
    once()
    path = config().out / "summary.json"
    plain = json.loads(path.read_text())
    del plain["checkpoint_sha256"]
    path.write_text(json.dumps(plain))
    assert training.read_summary(config().out) == plain
    path.write_text(json.dumps(plain | {"epochs": 2}))
    with pytest.raises(RunError, match="older checkpoint"):
        training.read_summary(config().out)


@pytest.mark.parametrize(("asked", "epochs"), [(STEPS + 4, 1), (2 * (STEPS + 2) + 3, 2)])
def test_fewer_epochs_than_the_run_has_are_refused_and_change_nothing(config, asked, epochs):
    run_until(config(), asked)
    before = {p.name: p.read_bytes() for p in config().out.iterdir()}
    with pytest.raises(
        RunError, match=f"--epochs {epochs} is less than the run has: {epochs} done"
    ):
        training.resume(config().out, epochs=epochs)
    assert {p.name: p.read_bytes() for p in config().out.iterdir()} == before
    assert training.resume(config().out, epochs=epochs + 1)["epochs"] == epochs + 1


def test_fewer_epochs_than_a_finished_run_has_are_refused(config, once):
    once()
    with pytest.raises(RunError, match="3 done; nothing is changed"):
        training.resume(config().out, epochs=2)


@HUP
def test_a_closed_terminal_saves_and_the_run_can_go_on(config):
    hang_up = At(2, 4, lambda: os.kill(os.getpid(), signal.SIGHUP))
    summary = training.train(config(), hang_up)
    assert summary["interrupted"] and summary["signal"] == signal.SIGHUP
    assert load_checkpoint(config().out).state["step"] == 4
    assert "signal" not in training.resume(config().out)


@HUP
def test_where_hanging_up_is_ignored_the_run_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignal() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_full_disk_under_metrics_is_told_with_the_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    file = module.MetricsFile(tmp_path / "metrics.jsonl")
    file.write("epoch", {})
    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(RunError, match=r"metrics\.jsonl: cannot be written \(No space left"):
        file.position()
    monkeypatch.undo()
    monkeypatch.setattr(file, "_file", Full(file._file))
    with pytest.raises(RunError, match=r"metrics\.jsonl: cannot be written \(No space left"):
        file.write("epoch", {})
    file.close()  # tries to write it again, and must not hide the error before


class Full:
    """A text file on a full disk."""

    def __init__(self, file):
        self.fileno = file.fileno

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = close = lambda self: self.write("")


def test_lines_are_cut_where_the_checkpoint_was(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": 2}\n{"c')
    file = module.MetricsFile(path, keep_lines=1)
    file.write("epoch", {})
    assert file.position() == 2
    file.close()
    assert path.read_bytes() == b'{"a": 1}\n{"event": "epoch"}\n'
    older = module.MetricsFile(path, keep_bytes=9)
    assert older.position() == 1
    older.close()


@pytest.mark.parametrize("echo", [None, "{", '{"train_seconds": "long"}', '{"wall_seconds": -1}'])
def test_seconds_that_are_lost_stop_no_resume(config, echo):
    run_until(config(), STEPS + 4)
    path = config().out / "checkpoint.json"
    assert load_checkpoint(config().out).clocks.keys() == {"train_seconds", "wall_seconds"}
    path.unlink() if echo is None else path.write_text(echo)
    summary = training.resume(config().out)
    assert summary["wall_seconds"] >= 0 and summary["images_per_second"] < 1e7


def test_seconds_are_added_up_over_processes(config):
    run_until(config(), STEPS + 4)
    path = config().out / "checkpoint.json"
    plain = json.loads(path.read_text())
    path.write_text(json.dumps(plain | {"wall_seconds": 1000.0, "train_seconds": 500.0}))
    assert training.resume(config().out)["wall_seconds"] > 1000
    assert json.loads(path.read_text())["train_seconds"] > 500
    assert "wall_seconds" not in load_checkpoint(config().out).state
