"""The lines of metrics.jsonl: written while a run is trained, and read."""

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


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a metrics.jsonl.

    Raises
    ------
    RunError
        It is missing or cannot be read, or a line has a field that cannot be what it says.
    """
    try:
        return read_json_lines(path, metrics_line, hint="a copy of the run's folder")
    except FileNotFoundError:
        raise RunError(f"{path} does not exist", "the folder of a run") from None


class MetricsFile:
    """metrics.jsonl: one JSON object a line, appended while the run goes on."""

    def __init__(
        self, path: Path, keep_bytes: int | None = None, keep_lines: int | None = None
    ) -> None:
        """Open for appending; cuts off what was written after a checkpoint.

        Parameters
        ----------
        path : Path
        keep_bytes : int, optional
        keep_lines : int, optional
            The same in lines.
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
        """Lines written so far, safely on the disk."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._cannot(error) from error
        return self.lines

    def close(self) -> None:
        """Close the file; what could not be written was told when it was to be written."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _cannot(self, error: OSError) -> RunError:
        return RunError(
            f"{self.path}: cannot be written ({error.strerror}); the last checkpoint is kept",
            "free some space, then --resume the run",
        )
