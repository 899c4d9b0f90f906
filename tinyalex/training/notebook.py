"""A progress bar and curves in a Jupyter notebook."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tinyalex.outside import as_html
from tinyalex.runs.curves import curves
from tinyalex.training.callbacks import figures
from tinyalex.training.listener import Listener


class NotebookProgress(Listener):
    """Shows a bar, the latest figures and the curves below the notebook's cell.

    `Trainer` and `train` use it by themselves in a notebook. It needs IPython, which every notebook
    has, and no widgets.

    Examples
    --------
    >>> from tinyalex.training import Trainer
    >>> progress = NotebookProgress()  # trainer.fit(5, callbacks=[progress]) shows it anywhere
    >>> isinstance(progress, Listener)
    True
    """

    def start(self, info: dict[str, Any]) -> None:
        self.display: Any = importlib.import_module("IPython.display")
        self.warnings: list[str] = []
        self.epochs, self.steps = info["epochs"], info["steps_per_epoch"]
        self.records: list[dict[str, Any]] = list(info.get("history", ()))
        self.last = "starts"
        self.done = float(info["epoch"])
        self.shown = self.display.display(self._html(), display_id=True)

    def step(self, record: dict[str, Any]) -> None:
        self.done = record["epoch"] - 1 + record["step"] / self.steps
        self.last = self._line(record)
        self.shown.update(self._html())

    def epoch(self, record: dict[str, Any]) -> None:
        self.done = record["epoch"]
        self.last = self._line(record)
        self.records.append(record)
        self.shown.update(self._html())

    def warning(self, text: str) -> None:
        self.warnings.append(text)
        self.shown.update(self._html())

    def page(self) -> str:
        """What is shown now."""
        bar = (
            f"<progress value='{self.done:.3f}' max='{self.epochs}' style='width:20em'></progress>"
        )
        notes = "".join(f"<p>warning: {as_html(text)}</p>" for text in self.warnings)
        return f"<div>{bar} {as_html(self.last)}</div>{curves(self.records)}{notes}"

    def _html(self) -> Any:
        return self.display.HTML(self.page())

    def _line(self, record: dict[str, Any]) -> str:
        where = f"epoch {record['epoch']} of {self.epochs}"
        return ", ".join([where, *figures(record), f"{record['seconds']:.0f} s"])


def default_listener() -> Listener:
    """What hears of a run where the caller names nothing."""
    return NotebookProgress() if in_notebook() else Listener()


def in_notebook() -> bool:
    """Whether this program is a notebook's kernel, and not a terminal."""
    ipython = sys.modules.get("IPython")  # a notebook has imported it
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None
