"""Output of all commands: the bar of a run, warnings, numbers, and system errors."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tinyalex import models
from tinyalex.commands.console import Output, bar, command_line, duration
from tinyalex.commands.progress import TrainingProgress

INFO = {
    "model": "tiny",
    "data": "digits",
    "backend": "numpy",
    "parameters": 72_394,
    "epochs": 20,
    "steps_per_epoch": 45,
    "epoch": 3,
    "step": 5,
}
STEP = {"epoch": 4, "epochs": 20, "step": 7, "steps_per_epoch": 45, "loss": 2.302, "lr": 0.01}
STEP |= {"error": 0.9, "images_per_second": 12_345.6}


def on_a_terminal(output):
    screen = io.StringIO()
    output.console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    return screen


def test_the_bar_shows_the_figures_in_eighty_columns():
    output = Output()
    screen = on_a_terminal(output)
    with TrainingProgress(output) as progress:
        progress.start(INFO)
        progress.step(STEP)
        progress.bar.refresh()
    text = screen.getvalue()
    last = text[text.rindex("epoch 4/20") :].splitlines()[0]
    assert "loss 2.302  error 90.0%  12,346 images/s" in last
    assert "left" in last
    assert len(last) <= 80


@pytest.mark.parametrize(("precision", "shown"), [("tf32", " in tf32:"), ("float32", "cuda:")])
def test_a_precision_other_than_float32_is_shown(capsys, precision, shown):
    TrainingProgress(Output()).start({**INFO, "backend": "cuda", "precision": precision})
    assert f"backend cuda{shown.removeprefix('cuda')}" in capsys.readouterr().out


def test_the_bar_of_a_resumed_run_does_not_begin_at_zero():
    progress = TrainingProgress(Output(quiet=True))
    progress.start(INFO)
    (task,) = progress.bar.tasks
    assert (task.completed, task.total) == (3 * 45 + 5, 20 * 45)


def test_warnings_are_shown_even_when_quiet(capsys):
    TrainingProgress(Output(quiet=True)).warning("the loss [stays] at ln(10)")
    TrainingProgress(Output(as_json=True)).warning("again")
    out, err = capsys.readouterr()
    assert out == ""
    assert "warning: the loss [stays] at ln(10)" in err
    assert "warning: again" in err


@pytest.mark.parametrize(("fraction", "full"), [(0, 0), (0.5, 5), (1, 10), (1.5, 10), (-1, 0)])
def test_a_bar_has_the_right_length(fraction, full):
    drawn = bar(fraction, 10, Console(file=io.StringIO()))
    assert len(drawn) == 10
    assert len(drawn.rstrip()) == full


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


def test_a_command_can_be_pasted_into_a_shell():
    assert command_line("evaluate", "my run", 10) == "tinyalex evaluate 'my run' 10"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (MemoryError("Unable to allocate 9 GiB"), "Unable to allocate 9 GiB"),
    ],
)
def test_system_errors_are_printed_without_a_traceback(refused, monkeypatch, error, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(models, "build", fail)
    assert said in refused("model", "tiny")


def test_ctrl_c_before_the_training_ends_with_130(call, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "build", stop)
    result = call("model", "tiny")
    assert result.exit_code == 130
    assert result.stderr == "error: interrupted\n"
