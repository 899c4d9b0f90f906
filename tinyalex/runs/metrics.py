"""metrics.jsonl: one JSON object per line, written while a run is trained."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from tinyalex.errors import RunError
from tinyalex.runs.fields import metrics_line
from tinyalex.typed import read_json_lines

FILE = "metrics.jsonl"


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All lines of a metrics.jsonl: of steps, epochs, weights and warnings.

    Raises
    ------
    RunError
        The file is missing or cannot be read, or a field has a value that it cannot have.

    Examples
    --------
    >>> lines = read_metrics(Path("runs/tiny-digits-seed0/metrics.jsonl"))
    >>> "step" in {line["event"] for line in lines}
    True
    """
    try:
        return read_json_lines(path, metrics_line, hint="a copy of the run's folder")
    except FileNotFoundError:
        raise RunError(f"{path} does not exist", "the folder of a run") from None


def read_epochs(path: Path) -> list[dict[str, Any]]:
    """The lines of the finished epochs: losses, errors and learning rate; see `read_metrics`.

    Examples
    --------
    >>> first, *_ = read_epochs(Path("runs/tiny-digits-seed0/metrics.jsonl"))
    >>> first["epoch"], 0 <= first["test_error"] <= 1
    (1, True)
    """
    return [line for line in read_metrics(path) if "test_error" in line]


class NoMetricsFile:
    """What a worker has that writes no files."""

    def write(self, event: str, record: Mapping[str, Any]) -> None:
        """Do nothing."""

    def position(self) -> int:
        """Do nothing."""
        return 0

    def close(self) -> None:
        """Do nothing."""


class MetricsFile(NoMetricsFile):
    """A metrics.jsonl, to which a run appends."""

    def __init__(
        self, path: Path, keep_bytes: int | None = None, keep_lines: int | None = None
    ) -> None:
        """Open for appending, and cut off what was written after a checkpoint.

        Parameters
        ----------
        path : Path
        keep_bytes, keep_lines : int, optional
            Where the checkpoint was: bytes in older runs, lines since.
        """
        self.path, self.lines = path, 0
        self._file: TextIO
        try:
            if path.exists():
                self._cut(keep_bytes, keep_lines)
            self._file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._cannot(error) from error

    def _cut(self, keep_bytes: int | None, keep_lines: int | None) -> None:
        with self.path.open("r+b") as file:
            keep = file.seek(0, os.SEEK_END) if keep_bytes is None else keep_bytes
            kept = file.seek(0)
            for line in file:
                kept += len(line)
                if kept > keep or self.lines == keep_lines:
                    kept -= len(line)
                    break
                self.lines += 1
            file.truncate(kept)

    def write(self, event: str, record: Mapping[str, Any]) -> None:
        """Append one line."""
        try:
            self._file.write(json.dumps({"event": event, **record}) + "\n")
            self._file.flush()
        except OSError as error:
            raise self._cannot(error) from error
        self.lines += 1

    def position(self) -> int:
        """Number of lines written so far; they are on the disk now."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._cannot(error) from error
        return self.lines

    def close(self) -> None:
        """Close the file; `write` has raised whatever could not be written."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _cannot(self, error: OSError) -> RunError:
        return RunError(
            f"{self.path}: cannot be written ({error.strerror}); the last checkpoint is kept",
            "free some space, then --resume the run",
        )
