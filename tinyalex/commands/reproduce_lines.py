"""What `tinyalex reproduce` prints while it trains."""

from __future__ import annotations

import time
from typing import Any

from tinyalex.commands.console import Output, duration
from tinyalex.reproduce import Arm
from tinyalex.training import Listener


class EpochLines(Listener):
    """A line an epoch, with the time that the run still takes."""

    def __init__(self, output: Output, arm: Arm, seed: int) -> None:
        self.output, self.arm, self.seed = output, arm, seed
        self.began, self.first, self.epochs = time.monotonic(), 0, 0

    def start(self, info: dict[str, Any]) -> None:
        self.began, self.first, self.epochs = time.monotonic(), info["epoch"], info["epochs"]

    def epoch(self, record: dict[str, Any]) -> None:
        done = record["epoch"]
        left = (time.monotonic() - self.began) / (done - self.first) * (self.epochs - done)
        self.output.text(
            f"  {self.arm.name}, seed {self.seed}, epoch {done}/{self.epochs}: training error "
            f"{record['train_error']:.2%}, test error {record['test_error']:.2%}; "
            f"{duration(left)} left of this run"
        )

    def warning(self, text: str) -> None:
        self.output.warning(f"{self.arm.name}, seed {self.seed}: {text}")


def epoch_lines(as_json: bool, quiet: bool, arm: Arm, seed: int) -> EpochLines:
    """The lines of one run, in whatever process it is trained."""
    return EpochLines(Output(as_json, quiet), arm, seed)
