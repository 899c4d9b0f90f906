"""The facts of a run that a report shows, measured on its test images."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import data, notice, training
from tinyalex.check.stopwatch import stopwatch
from tinyalex.errors import RunError
from tinyalex.evaluation import confusion_pairs
from tinyalex.evaluation.views import Rows, view_probabilities
from tinyalex.layers import Layer, Linear, ReLU, Tanh
from tinyalex.runs import film, metrics
from tinyalex.runs.film import Film
from tinyalex.runs.moved import in_place
from tinyalex.training import Run

Host = np.ndarray[Any, Any]

MOST_IMAGES = 10_000  # at most this many test images are evaluated; the report says how many


@dataclass(frozen=True)
class Activity:
    """The outputs of one activation layer on the test images.

    Attributes
    ----------
    name : str
    units : int
        Channels, or units of a fully connected layer.
    active : float
        Share of all outputs above 0 (tanh: between -0.95 and 0.95, not saturated).
    dead : int
        Units that were 0 on every image (tanh: saturated on every image).
    """

    name: str
    kind: str
    units: int
    active: float
    dead: int


@dataclass(frozen=True)
class Facts:
    """One run, for its report.

    Attributes
    ----------
    run : Run
    summary : dict
        From its summary.json; of an unfinished run, from its last epoch.
    epochs, weights : list of dict
        Lines of its metrics.jsonl.
    film : Film or None
        The first layer's filters, epoch by epoch; older runs have none.
    train : Split
    test : Split
        The images that were evaluated.
    p : float32 (N, classes)
        Probabilities.
    labels : int64 (N,)
    features : float32 (N, D)
        Outputs of the last hidden layer.
    activity : list of Activity
    all_images : int
        In the test set.
    """

    run: Run
    summary: dict[str, Any]
    epochs: list[dict[str, Any]]
    weights: list[dict[str, Any]]
    film: Film | None
    train: data.Split
    test: data.Split
    p: Host
    labels: Host
    features: Host
    activity: list[Activity]
    all_images: int

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.run.folder.resolve().name

    @property
    def best(self) -> dict[str, Any]:
        """The line of the first epoch with the lowest test error."""
        return min(self.epochs, key=lambda line: line["test_error"])

    @cached_property
    def guesses(self) -> Host:
        found: Host = self.p.argmax(axis=1)
        return found

    @cached_property
    def certainty(self) -> Host:
        """The guesses' probabilities: float32 (N,)."""
        found: Host = self.p.max(axis=1)
        return found

    @cached_property
    def wrong(self) -> Host:
        found: Host = self.guesses != self.labels
        return found

    @cached_property
    def mistakes(self) -> list[tuple[int, int, int]]:
        """True class, predicted class, number of images; the most frequent mistake first."""
        pairs = confusion_pairs(self.labels, self.guesses, len(self.run.classes)).tolist()
        return [(right, guess, count) for right, guess, count in pairs if right != guess]


def gather(
    folder: Path,
    backend: str = "auto",
    threads: int | None = None,
    data_root: Path | None = None,
) -> Facts:
    """Load a run and evaluate its test images.

    Raises
    ------
    RunError, CheckpointError, DataError
        The folder has no run with a finished epoch, or its data are missing.
    """
    run = training.load_run(folder, backend, threads)
    path = folder / metrics.FILE
    epochs = metrics.read_epochs(path)
    if not epochs:
        raise RunError(f"{folder}: has no finished epoch", "train for longer")
    dataset = training.load_dataset(in_place(run.config, None, data_root))
    test = dataset.test
    every = len(test)
    if every > MOST_IMAGES:  # evenly spaced, since images are often sorted by class
        test = test.subset(np.linspace(0, every - 1, MOST_IMAGES).astype(np.int64))
    layers, host = list(run.model.named_layers()), run.backend.to_host
    counters = {name: Counter(name, y) for name, y in layers if isinstance(y, ReLU | Tanh)}
    last = next(name for name, layer in reversed(layers) if isinstance(layer, Linear))
    features = Rows(len(test))

    def look(name: str, method: str, seconds: float, x: Any, y: Any) -> None:
        if name == last:
            features.add(host(x))
        else:
            counters[name].add(host(y))

    calls = [(name, layer, "forward") for name, layer in layers if name in {*counters, last}]
    testing = notice.phase(f"testing {folder.resolve().name}", len(test))
    with stopwatch(calls, run.backend, look), testing as reached:
        loader = run.preprocessing.loader(test, run.backend, batch_size=128)
        p = Rows(len(test))
        for found, _ in view_probabilities(run.model, loader):
            p.add(host(found))
            reached(len(p))
    summary = {**epochs[-1], "top1_error": epochs[-1]["test_error"], "epochs": epochs[-1]["epoch"]}
    with contextlib.suppress(RunError):
        summary |= training.read_summary(folder)
    return Facts(
        run,
        summary,
        epochs,
        _of_one_model([line for line in metrics.read_metrics(path) if "parameters" in line], path),
        film.read(folder),
        dataset.train,
        test,
        p.all(),
        test.labels,
        features.all(),
        [activity for counter in counters.values() if (activity := counter.done()) is not None],
        every,
    )


def _of_one_model(weights: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Refuse lines whose weights have different names."""
    names = [sorted(line["parameters"]) for line in weights]
    if any(other != names[0] for other in names):
        raise RunError(
            f"{path}: its lines have weights of different models",
            "use a copy of the run's folder from before it was changed",
        )
    return weights


class Counter:
    """Counts the active outputs of an activation layer."""

    def __init__(self, name: str, layer: Layer) -> None:
        self.name, self.kind = name, type(layer).__name__
        self.above, self.all = 0, 0
        self.seen: Host | None = None

    def add(self, y: Host) -> None:
        on = y > 0 if self.kind == "ReLU" else np.abs(y) < 0.95
        self.above += int(on.sum())
        self.all += on.size
        ever: Host = np.any(on, axis=tuple(i for i in range(y.ndim) if i != 1))
        self.seen = ever if self.seen is None else np.logical_or(self.seen, ever)

    def done(self) -> Activity | None:
        if self.seen is None:
            return None
        dead = int((~self.seen).sum())
        return Activity(self.name, self.kind, len(self.seen), self.above / self.all, dead)
