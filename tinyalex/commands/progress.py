"""What a training run shows while it runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.progress import (
    BarColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tinyalex.commands.bar import Bar
from tinyalex.commands.console import Output, duration, percent
from tinyalex.training import Listener

LEAST_WIDTH = 80  # of a terminal that has room for all figures beside the bar
PLAIN_SECONDS = 60.0  # an epoch longer than this gets lines in between


class TrainingProgress(Listener):
    """Listener of the training loop that prints through an `Output`.

    Use it as a context manager, so that the bar leaves the terminal whatever happens.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        console = output.console
        self.live = not output.quiet and console.is_terminal and not console.is_dumb_terminal
        # Where there is no room, whole figures are left out; none is cut.
        self.has_room = console.width >= LEAST_WIDTH
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            *([_TimeLeft()] if self.has_room else []),
            console=console,
            transient=True,
            disable=not self.live,
            expand=True,
            speed_estimate_period=120,  # seconds; a step of AlexNet takes many
        )
        self.task = self.bar.add_task("reading the data", total=None, figures="")
        self.last_line = time.monotonic()

    def __enter__(self) -> TrainingProgress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def start(self, info: dict[str, Any]) -> None:
        """Say what is going to run, and on what: ``auto`` may have picked a backend."""
        precision = (
            "" if info.get("precision", "float32") == "float32" else f" in {info['precision']}"
        )
        self._line(
            f"{info['model']} on {info['data']}, backend {info['backend']}{precision}:"
            f" {info['parameters']:,} parameters,"
            f" {info['epochs']} epochs of {info['steps_per_epoch']} steps"
        )
        # Time left counts from here: a resumed run does not start at zero.
        steps = info["steps_per_epoch"]
        self.bar.remove_task(self.task)
        self.task = self.bar.add_task(
            f"epoch {info['epoch'] + 1}/{info['epochs']}",
            total=info["epochs"] * steps,
            completed=info["epoch"] * steps + info["step"],
            figures="",
        )

    def step(self, record: dict[str, Any]) -> None:
        """Move the bar; piped, print a line now and then within a long epoch."""
        if self.live:
            self._move_bar(record)
        elif time.monotonic() - self.last_line > PLAIN_SECONDS:
            self._line(
                f"epoch {record['epoch']:>3}/{record['epochs']}"
                f" step {record['step']}/{record['steps_per_epoch']}"
                f"  loss {record['loss']:.4f}  error {percent(record['error'])}"
                f"  {record['images_per_second']:,.0f} images/s"
            )

    def epoch(self, record: dict[str, Any]) -> None:
        """Print the epoch's figures on a line of their own, above the bar."""
        self._line(
            f"epoch {record['epoch']:>3}"
            f"  loss {record['train_loss']:.4f}  error {percent(record['train_error']):>7}"
            f"  |  test loss {record['test_loss']:.4f}"
            f"  error {percent(record['test_error']):>7}"
            f"  |  {duration(record['seconds'])}"
        )

    def warning(self, text: str) -> None:
        """Print a warning, in quiet mode too."""
        self.output.warning(text)

    def _move_bar(self, record: dict[str, Any]) -> None:
        done = (record["epoch"] - 1) * record["steps_per_epoch"] + record["step"]
        figures = f"loss {record['loss']:.3f}  error {record['error']:.1%} "
        if self.has_room:
            figures += f" {record['images_per_second']:,.0f} images/s "
        epoch = f"epoch {record['epoch']}/{record['epochs']}"
        self.bar.update(self.task, completed=done, description=epoch, figures=figures)

    def _line(self, text: str) -> None:
        self.output.text(text)
        self.last_line = time.monotonic()


class _TimeLeft(ProgressColumn):
    """Time left, with its meaning: ``0:01:23 left``."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = TimeRemainingColumn()

    def render(self, task: Task) -> Text:
        return self.inner.render(task) + Text(" left", style="progress.remaining")
