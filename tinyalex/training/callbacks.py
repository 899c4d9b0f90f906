"""Callbacks of a `Trainer`: one's own, early stopping, and a line of text per epoch."""

from __future__ import annotations

import sys
from typing import Any

from tinyalex.training.listener import Listener
from tinyalex.training.schedule import check


class Callback(Listener):
    """A listener that may also end the training of a `Trainer`.

    Set ``stop_training`` to True: the training ends before the next step, and ``fit`` returns. The
    next ``fit`` begins with False.

    Examples
    --------
    >>> from tinyalex.training import Callback
    >>> class GoodEnough(Callback):
    ...     def epoch(self, record):
    ...         self.stop_training = record["train_error"] < 0.01
    """

    stop_training = False


class EarlyStopping(Callback):
    """Ends the training once a figure no longer falls.

    Parameters
    ----------
    patience : int
        Epochs in a row without a new best value.
    figure : str
        ``"test_error"``, ``"test_loss"``, or another key of the epoch's record. Where the record
        has none (there is no validation data), the training figure of the same kind is used.
    min_delta : float
        A value is a new best one only if it is lower by more than this.

    Notes
    -----
    Prechelt 1998 (Early Stopping, but when?), class UP. The weights stay those of the last epoch.

    Examples
    --------
    >>> from tinyalex.training import EarlyStopping
    >>> stopping = EarlyStopping(patience=2)
    >>> for error in (0.5, 0.4, 0.4, 0.45):
    ...     stopping.epoch({"test_error": error})
    >>> stopping.stop_training
    True
    """

    def __init__(
        self, patience: int = 3, figure: str = "test_error", min_delta: float = 0.0
    ) -> None:
        self.patience = check("patience", patience, at_least=1)
        self.figure, self.min_delta = figure, check("min_delta", min_delta, at_least=0)
        self.start({})

    def start(self, info: dict[str, Any]) -> None:
        self.best, self.waited = float("inf"), 0

    def epoch(self, record: dict[str, Any]) -> None:
        value = record.get(self.figure, record.get(self.figure.replace("test", "train")))
        if value is None:
            raise KeyError(f"EarlyStopping: no {self.figure!r} among {', '.join(record)}")
        if value < self.best - self.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        self.stop_training = self.waited >= self.patience


class TextProgress(Listener):
    """Prints one line per epoch.

    Examples
    --------
    >>> from tinyalex.training import TextProgress
    >>> progress = TextProgress()
    >>> progress.start({"epochs": 5})
    >>> progress.epoch({"epoch": 1, "train_loss": 1.5, "train_error": 0.25, "seconds": 2.0})
    epoch 1 of 5  loss 1.500  error 25.00 %  2.0 s
    """

    def start(self, info: dict[str, Any]) -> None:
        self.epochs = info["epochs"]

    def epoch(self, record: dict[str, Any]) -> None:
        parts = [f"epoch {record['epoch']} of {self.epochs}", *figures(record)]
        print("  ".join(parts), f" {record['seconds']:.1f} s", flush=True)

    def warning(self, text: str) -> None:
        print(f"warning: {text}", file=sys.stderr)


def figures(record: dict[str, Any]) -> list[str]:
    """The figures of a step's or an epoch's record, for people."""
    texts = []
    for name in ("loss", "error"):
        for key, what in ((name, name), (f"train_{name}", name), (f"test_{name}", f"test {name}")):
            if key in record:
                value = record[key]
                texts.append(
                    f"{what} {100 * value:.2f} %" if name == "error" else f"{what} {value:.3f}"
                )
    return texts
