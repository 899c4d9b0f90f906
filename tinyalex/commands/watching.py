"""What `tinyalex train` does for --watch and --tensorboard."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any

from tinyalex.commands.console import Output
from tinyalex.training import Listener
from tinyalex.training.listener import Listeners


class _Watch(Listener):
    """Starts a watcher, which ends soon after this process, however that ends."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def start(self, info: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "tinyalex", "watch", info["out"], "--with-parent"]
        # In a session of its own, so that Ctrl-C ends the training alone.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout is not None
        if address := self.process.stdout.readline().decode().strip():
            self.output.text(f"watch it on {address}")
        else:
            self.output.warning("the page that shows the training could not be started")

    def end(self, summary: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()


def with_others(progress: Listener, output: Output, watch: bool, tensorboard: bool) -> Listener:
    """The listener of a training: its progress, and what else was asked for.

    Raises
    ------
    ConfigError
        The package that TensorBoard's files are written with is missing.
    """
    others: list[Listener] = [_Watch(output)] if watch else []
    if tensorboard:
        from tinyalex.report.tensorboard import TensorBoard

        others.append(TensorBoard())
    return Listeners(progress, *others) if others else progress
