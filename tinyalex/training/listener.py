"""What the training loop tells while it runs."""

from __future__ import annotations

from typing import Any


class Listener:
    """Hears about a run. Override what you need; each method does nothing here."""

    def start(self, info: dict[str, Any]) -> None:
        """Before the first step: model, data, backend, epochs, steps_per_epoch, parameters."""

    def step(self, record: dict[str, Any]) -> None:
        """Now and then: epoch, step, steps_per_epoch, epochs, loss, error, images_per_second, lr.

        ``epoch`` and ``step`` count from 1; loss and error are means since the last log line.
        """

    def epoch(self, record: dict[str, Any]) -> None:
        """After an epoch: epoch, train_loss, train_error, test_loss, test_error,
        test_top5_error, lr, seconds. Errors are from 0 to 1.
        """

    def warning(self, text: str) -> None:
        """Something looks wrong, but the run goes on."""

    def end(self, summary: dict[str, Any]) -> None:
        """At the end, with what summary.json holds."""
