"""The lines of a metrics.jsonl while a run appends to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.runs.fields import metrics_line
from tinyalex.typed import Mismatch, fields, number, parse_json, whole

_MOST = 1 << 30  # bytes of the file, as `read_metrics` takes
_NEVER_NEGATIVE = number(0, finite=False)
_STEP = fields(
    {
        "epoch": whole(1),
        "step": whole(1),
        "steps_per_epoch": whole(1),
        "epochs": whole(1),
        "loss": number(finite=False),
        "error": number(finite=False),
        "lr": _NEVER_NEGATIVE,
        "images_per_second": _NEVER_NEGATIVE,
        "seconds": _NEVER_NEGATIVE,
    }
)


class Lines:
    """All complete lines, of which each is read once.

    A run that is resumed cuts off what it wrote after its last checkpoint. That is noticed by the
    last line that was read: where it is not what it was, everything is read again.

    Attributes
    ----------
    steps, epochs : list of dict
        The lines of steps and of finished epochs.
    warnings : list of str
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin_again()

    def _begin_again(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.epochs: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._end, self._last = 0, b""

    def read(self) -> None:
        """Read what is new; nothing if there is no file.

        Raises
        ------
        RunError
            A line is not what a run writes.
        """
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(self._end - len(self._last))
                if size < self._end or file.read(len(self._last)) != self._last:
                    self._begin_again()
                    file.seek(0)
                new = file.read(max(0, _MOST - self._end))
        except FileNotFoundError:
            return self._begin_again()
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunError(f"{self.path}: cannot be read ({reason})") from error
        for line in new.splitlines(keepends=True):
            if not line.endswith(b"\n"):  # it is being written
                break
            self._add(line)
            self._end, self._last = self._end + len(line), line

    def _add(self, line: bytes) -> None:
        if not line.strip():
            return
        record = parse_json(line, _line, str(self.path), RunError, finite=False)
        if "test_error" in record:
            self.epochs.append(record)
        elif "images_per_second" in record:
            self.steps.append(record)
        elif record.get("event") == "warning":
            self.warnings.append(str(record.get("text", ""))[:2000])


def _line(value: Any, field: str) -> None:
    metrics_line(value, field)
    if "images_per_second" in value:
        _STEP(value, field)
        if value["step"] > value["steps_per_epoch"]:
            raise Mismatch("step", "at most steps_per_epoch", value["step"])
