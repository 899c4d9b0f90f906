"""What the page shows of a run, read from the run's folder. Nothing is written there."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from threading import Lock
from typing import Any

from tinyalex import lock
from tinyalex.data import Statistics
from tinyalex.errors import CheckpointError, RunError, TinyalexError
from tinyalex.files import is_running
from tinyalex.outside import shown
from tinyalex.report.augmented import Augmented, batch_sheet
from tinyalex.report.sheet import filters_sheet
from tinyalex.report.watch.charts import charts
from tinyalex.report.watch.lines import Lines
from tinyalex.runs import checkpoint, config, film, metrics, summary
from tinyalex.runs.config import ResolvedConfig, read_config
from tinyalex.runs.load import load_dataset
from tinyalex.runs.moved import in_place
from tinyalex.typed import open_tensors

FILES = (config.FILE, metrics.FILE, summary.FILE, film.FILE, checkpoint.ECHO, lock.FILE)
SILENT = 120.0  # seconds without a new line, after which an unknown process counts as ended


class Watched:
    """A run in a folder, which may not have begun yet. Several threads may ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines = Lines(folder / metrics.FILE)
        self._augmented: tuple[str, Augmented] | None = None
        self._one_at_a_time = Lock()

    def version(self) -> str:
        """Another text as soon as a file of the run has changed, or its process has ended."""
        stamps = [_stamp(self.folder / name) for name in FILES]
        return ".".join([*stamps, "trains" if self._trains() else "rests"])

    def document(self) -> dict[str, Any]:
        """All that the page shows, except for the pictures."""
        with self._one_at_a_time:
            found: dict[str, Any] = {"version": self.version(), "title": self._name, "facts": []}
            found |= {"charts": "", "points": 0, "film": [], "batch": None, "warnings": []}
            if not (self.folder / config.FILE).is_file():
                return found | {"status": "waiting", "said": "no run here yet"}
            try:
                return found | self._of_run(read_config(self.folder))
            except TinyalexError as error:
                return found | {"status": "error", "said": shown(error.message)}

    def filters(self, epoch: int) -> bytes | None:
        """The filters after an epoch, as PNG; None if the film does not have it."""
        kept = film.read(self.folder)
        if kept is None or epoch not in kept.epochs:
            return None
        return filters_sheet(kept.filters[list(kept.epochs).index(epoch)], kept.groups)

    def batch(self, epoch: int) -> bytes | None:
        """The first images of an epoch, which counts from 1, as PNG; None if there are none.

        Raises
        ------
        RunError, DataError, CheckpointError
            The run or its data cannot be read.
        """
        with self._one_at_a_time:
            found = read_config(self.folder)
            if not 1 <= epoch <= found.epochs:
                return None
            stamp = _stamp(self.folder / config.FILE)
            if self._augmented is None or self._augmented[0] != stamp:
                data = load_dataset(in_place(found, None, None))
                self._augmented = stamp, Augmented(found, _statistics(self.folder), data.train)
            return batch_sheet(self._augmented[1].images(epoch - 1))

    @property
    def _name(self) -> str:
        return shown(self.folder.resolve().name)

    def _of_run(self, found: ResolvedConfig) -> dict[str, Any]:
        self._lines.read()
        lines, kept = self._lines, film.read(self.folder)
        last = lines.steps[-1] if lines.steps else None
        status = self._status(found, last)
        begun = len(lines.epochs) + 1 if last is None else int(last["epoch"])
        return {
            "title": f"{self._name}: {found.model} on {shown(found.facts.get('data_name', '?'))}",
            "status": status,
            "said": _position(found, last, len(lines.epochs)),
            "facts": self._facts(found, last, status),
            "charts": charts(lines.steps, lines.epochs),
            "points": len(lines.steps),
            "film": [] if kept is None else kept.epochs.tolist(),
            "batch": min(begun, found.epochs) if (self.folder / checkpoint.FILE).exists() else None,
            "warnings": [shown(text, keep="\n") for text in lines.warnings[-5:]],
        }

    def _status(self, found: ResolvedConfig, last: dict[str, Any] | None) -> str:
        if self._trains():
            done = len(self._lines.epochs)
            tests = last is not None and last["step"] == last["steps_per_epoch"]
            return "testing" if last is not None and tests and last["epoch"] > done else "training"
        with contextlib.suppress(RunError, CheckpointError):
            if summary.read_summary(self.folder)["epochs"] == found.epochs:
                return "finished"
        return "stopped"

    def _trains(self) -> bool:
        """Whether a training runs; the process may be on another machine that shares the folder."""
        process, work = lock.last_holder(self.folder) or (0, "")
        lives = is_running(process) or time.time() - _newest(self.folder) < SILENT
        return work == "train" and lives

    def _facts(
        self, found: ResolvedConfig, last: dict[str, Any] | None, status: str
    ) -> list[list[str]]:
        """Names and values, as text."""
        facts = []
        if self._lines.epochs:
            error = self._lines.epochs[-1]["test_error"]
            best = min(self._lines.epochs, key=lambda line: line["test_error"])
            facts.append(["test error", f"{100 * error:.2f} %"])
            facts.append([f"lowest, epoch {best['epoch']}", f"{100 * best['test_error']:.2f} %"])
        if last is not None:
            facts.append(["training loss", f"{last['loss']:.4f}"])
            facts.append(["learning rate", f"{last['lr']:.3g}"])
            speed = last["images_per_second"]
            facts.append(["images/s", f"{speed:,.{0 if speed >= 10 else 1}f}"])
            if status in ("training", "testing"):
                facts.append(["time left", clock(seconds_left(self._lines.steps, found.epochs))])
        return facts


def seconds_left(steps: list[dict[str, Any]], epochs: int) -> float:
    """How long the rest will take, at the pace of the last two epochs, with tests and checkpoints.

    Parameters
    ----------
    steps : list of dict
        Lines of steps, at least one.
    epochs : int
        Of the whole run.
    """
    last = steps[-1]
    per_epoch = last["steps_per_epoch"]

    def at(line: dict[str, Any]) -> int:
        return int((line["epoch"] - 1) * per_epoch + line["step"])

    earlier = [line for line in steps[:-1] if line["epoch"] >= last["epoch"] - 2]
    begin = earlier[0] if earlier else {"epoch": 1, "step": 0, "seconds": 0.0}
    done = at(last) - at(begin)
    left = epochs * per_epoch - at(last)
    return float(left * max(0.0, last["seconds"] - begin["seconds"]) / done) if done > 0 else 0.0


def clock(seconds: float) -> str:
    """``45 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes} min {rest:02d} s"
        if minutes < 60
        else f"{minutes // 60} h {minutes % 60:02d} min"
    )


def _position(found: ResolvedConfig, last: dict[str, Any] | None, done: int) -> str:
    if last is None:
        return f"{done} of {found.epochs} epochs"
    return (
        f"epoch {last['epoch']} of {found.epochs}, step {last['step']} of {last['steps_per_epoch']}"
    )


def _statistics(folder: Path) -> Statistics:
    """The statistics of the training images, without reading the weights."""
    begin = "statistics/"
    with open_tensors(folder / checkpoint.FILE) as file:
        names = [name for name in file.keys() if name.startswith(begin)]  # noqa: SIM118
        return Statistics.from_arrays({n.removeprefix(begin): file.get_tensor(n) for n in names})


def _stamp(path: Path) -> str:
    with contextlib.suppress(OSError):
        found = path.stat()
        return f"{found.st_mtime_ns:x}-{found.st_size:x}"
    return "0"


def _newest(folder: Path) -> float:
    times = [0.0]
    for name in FILES:
        with contextlib.suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times)
