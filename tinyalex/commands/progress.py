"""What training runs show while they run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tinyalex import notice
from tinyalex.commands.console import Output, duration, in_epochs, percent
from tinyalex.training import Listener

if TYPE_CHECKING:
    from tinyalex.reproduce import Arm

FULL_WIDTH = 80  # columns of a terminal that has room for the bar and all figures
PLAIN_SECONDS = 60.0  # without a bar, a line is printed this often within an epoch


class TrainingProgress(Listener):
    """Listener of one training run. As a context manager it removes its bar at the end."""

    def __init__(self, output: Output) -> None:
        self.output, self.live = output, output.is_watched
        # On a narrow terminal figures are left out; none is cut.
        self.has_room = output.console.width >= FULL_WIDTH
        self.bar = output.bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            *([_TimeLeft()] if self.has_room else []),
            transient=True,
            expand=True,
            speed_estimate_period=120,  # seconds; one step of AlexNet can take many
        )
        self.task = self.bar.add_task("reading the data", total=None, figures="")
        self.last_line = time.monotonic()

    def __enter__(self) -> TrainingProgress:
        self.bar.start()
        if self.live:
            notice.follow(self._other)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        notice.follow(self.output.phases)

    def start(self, info: dict[str, Any]) -> None:
        """Print what will run, and on which backend: ``auto`` may have chosen one."""
        precision = info.get("precision", "float32")
        precision = "" if precision == "float32" else f" in {precision}"
        self._line(
            f"{info['model']} on {info['data']}, backend {info['backend']}{precision}:"
            f" {info['parameters']:,} parameters,"
            f" {in_epochs(info['epochs'])} of {info['steps_per_epoch']} steps"
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
        """Move the bar; without a terminal, print a line once a minute."""
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
        """Print the epoch's figures in a line above the bar."""
        self._line(
            f"epoch {record['epoch']:>3}"
            f"  loss {record['train_loss']:.4f}  error {percent(record['train_error']):>7}"
            f"  |  test loss {record['test_loss']:.4f}"
            f"  error {percent(record['test_error']):>7}"
            f"  |  {duration(record['seconds'])}"
        )

    def phase(self, what: str, done: int, total: int) -> None:
        """Show how much is tested; without a terminal, print a line once a minute."""
        if self.live:
            self.bar.update(self.task, description=f"{what} {done / total:.0%}", figures="")
        elif time.monotonic() - self.last_line > PLAIN_SECONDS:
            self._line(f"{what}: {done:,} of {total:,} images")

    def warning(self, text: str) -> None:
        """Print a warning, in quiet mode too."""
        self.output.warning(text)

    def _other(self, phase: notice.Phase | None) -> None:
        """Show what the run waits for, such as kernels that are compiled."""
        if phase is not None:
            self.bar.update(self.task, description=phase.what, figures="")

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
    """Time left, with the word: ``0:01:23 left``."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = TimeRemainingColumn()

    def render(self, task: Task) -> Text:
        return self.inner.render(task) + Text(" left", style="progress.remaining")


class EpochLines(Listener):
    """Listener of one of several runs: a line per epoch, with the time left."""

    def __init__(self, output: Output, arm: Arm, seed: int) -> None:
        self.output, self.arm, self.seed = output, arm, seed
        self.began, self.first, self.epochs = time.monotonic(), 0, 0
        self.last_line = self.began

    def start(self, info: dict[str, Any]) -> None:
        self.began, self.first, self.epochs = time.monotonic(), info["epoch"], info["epochs"]

    def epoch(self, record: dict[str, Any]) -> None:
        done = record["epoch"]
        left = (time.monotonic() - self.began) / (done - self.first) * (self.epochs - done)
        self.output.text(
            f"  {self.arm.name}, seed {self.seed}, epoch {done}/{self.epochs}: training error "
            f"{record['train_error']:.2%}, test error {record['test_error']:.2%}; "
            f"{duration(left)} left for this run"
        )
        self.last_line = time.monotonic()

    def phase(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self.last_line > PLAIN_SECONDS:
            self.last_line = time.monotonic()
            self.output.text(
                f"  {self.arm.name}, seed {self.seed}, {what}: {done:,} of {total:,} images"
            )

    def warning(self, text: str) -> None:
        self.output.warning(f"{self.arm.name}, seed {self.seed}: {text}")


def epoch_lines(as_json: bool, quiet: bool, arm: Arm, seed: int) -> EpochLines:
    """Make the listener of one run, in the process that trains it."""
    return EpochLines(Output(as_json, quiet), arm, seed)
