"""Hostile files: pictures, archives, packed data, CIFAR, weights and a run's own files."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.campaign.jobs import run
from tests.data.prepare.damage import hunt
from tests.data.test_cifar import CONTENT, FEW, archive, official, write_folder
from tests.typed.edits import edits
from tests.weights.test_hostile_files import KINDS, changed, make_small
from tinyalex import data, training
from tinyalex.data import cifar
from tinyalex.errors import TinyalexError
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.runs.metrics import FILE as METRICS
from tinyalex.runs.state import check_complete, parse_state

_DAMAGED = 100  # files of each kind, for each of ``times``

Found = Iterator[tuple[str, str]]


def campaign(folder: Path, times: int, seed: int) -> Found:
    """Damage files of every kind that is read; yields (the kind, what came of it)."""
    warnings.simplefilter("ignore")
    count = _DAMAGED * times
    yield from _of_data(folder / "data", count, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cifar, "RECORDS", FEW)
        yield from _of_cifar(folder / "cifar", count, seed)
        make_small(patch)
        yield from _of_weights(folder / "weights", count, seed)
    yield from _of_runs(folder / "runs")


def _outcome(read: Callable[[], object], where: str) -> str:
    """Read something; anything but an error of ours, or success, breaks a promise."""
    try:
        read()
    except TinyalexError:
        return "refused"
    except Exception as error:
        return f"BROKEN: {type(error).__name__}: {error} ({where})"
    return "read"


def _of_data(folder: Path, count: int, seed: int) -> Found:
    try:
        for found, _ in hunt(folder, count, seed):
            for outcome in found.elements():
                kind, _, what = outcome.partition(": ")
                yield kind, what
    except Exception as error:
        yield "data", f"BROKEN: {type(error).__name__}: {error}; {error.__notes__}"


def _of_cifar(folder: Path, count: int, seed: int) -> Found:
    rng = np.random.default_rng(seed)
    packed = archive(official())
    place = write_folder(folder / "unpacked")
    for i in range(count):
        if i % 2:
            (folder / cifar.ARCHIVE).write_bytes(changed(packed, rng))
            yield "CIFAR's archive", _outcome(lambda: _images(folder), f"file {i}")
            continue
        name = list(CONTENT)[i // 2 % len(CONTENT)]
        (place / name).write_bytes(changed(CONTENT[name], rng))
        yield "CIFAR's files", _outcome(lambda: _images(place), f"file {i}")
        (place / name).write_bytes(CONTENT[name])


def _images(place: Path) -> None:
    dataset = data.load("cifar10", root=place)
    for split in (dataset.train, dataset.test):
        split.images(np.arange(len(split)))


def _of_weights(folder: Path, count: int, seed: int) -> Found:
    folder.mkdir()
    for kind, (make, read) in KINDS.items():
        try:
            whole = make(folder)
        except TinyalexError as error:  # a package is missing
            yield kind, f"left out: {error.message}"
            continue
        path, rng = folder / f"net{kind}", np.random.default_rng(seed)
        for i in range(count):
            path.write_bytes(changed(whole, rng))
            yield f"weights, {kind}", _outcome(lambda p=path, r=read: r(p), f"file {i}")


def _of_runs(folder: Path) -> Found:
    """Every field of a run's files, in every way that `edits` knows."""
    folder.mkdir()
    run(folder, "train", "--epochs", "1", "--backend", "numpy", "--quiet", "--out", "run")
    place = folder / "run"
    readers: dict[str, Callable[[], Any]] = {
        "config.json": lambda: training.read_config(place),
        "summary.json": lambda: training.read_summary(place),
    }
    for name, read in readers.items():
        text = (place / name).read_text()
        for what, other in edits(json.loads(text)):
            (place / name).write_text(other)
            yield f"a run's {name}", _outcome(read, what)
        (place / name).write_text(text)
    for what, other in edits(load_checkpoint(place).state):
        yield (
            "a checkpoint's state",
            _outcome(lambda t=other: check_complete(parse_state(t, "state"), "state"), what),
        )
    lines = (place / METRICS).read_text().splitlines()
    for line in {json.loads(line)["event"]: line for line in lines}.values():
        for what, other in edits(json.loads(line)):
            (place / METRICS).write_text(other + "\n")
            read = lambda: list(training.read_metrics(place / METRICS))  # noqa: E731
            yield "a line of metrics.jsonl", _outcome(read, what)
