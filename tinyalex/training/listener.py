"""Hearing of a training while it runs."""

from __future__ import annotations

from typing import Any


class Listener:
    """Callbacks of a run, or of a `Trainer`; override those you need. Here they do nothing.

    Examples
    --------
    >>> class Errors(Listener):
    ...     def epoch(self, record):
    ...         print(f"epoch {record['epoch']}: {record['test_error']:.1%}")
    >>> Errors().epoch({"epoch": 1, "test_error": 0.25})  # as `train(config, Errors())` calls it
    epoch 1: 25.0%
    """

    def start(self, info: dict[str, Any]) -> None:
        """Before the first step: model, data, backend, epochs, steps_per_epoch, parameters."""

    def step(self, record: dict[str, Any]) -> None:
        """At each log line and twice a second: epoch, step, steps_per_epoch, epochs, loss, error,
        images_per_second, lr. Epochs and steps count from 1; loss and error are means since the
        last log line.
        """

    def epoch(self, record: dict[str, Any]) -> None:
        """After an epoch: epoch, train_loss, train_error, test_loss, test_error,
        test_top5_error, lr, seconds. Errors are from 0 to 1. Without validation data, a `Trainer`
        has no test figures.
        """

    def phase(self, what: str, done: int, total: int) -> None:
        """While images are tested: "testing" after each epoch, "ten crops" at the end; ``done`` of
        ``total`` images are.
        """

    def warning(self, text: str) -> None:
        """Something looks wrong; the run continues."""

    def end(self, summary: dict[str, Any]) -> None:
        """At the end, with the content of summary.json."""


class Listeners(Listener):
    """Several listeners as one; each hears everything, in their order."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners

    def start(self, info: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.start(info)

    def step(self, record: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.step(record)

    def epoch(self, record: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.epoch(record)

    def warning(self, text: str) -> None:
        for listener in self.listeners:
            listener.warning(text)

    def end(self, summary: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.end(summary)
