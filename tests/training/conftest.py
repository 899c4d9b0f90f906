"""A data set and a net so small that an epoch takes a moment, and runs on them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from tinyalex import data, recipes, training
from tinyalex.data import from_arrays
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.runs.metrics import MetricsFile
from tinyalex.training.loop import Loop
from tinyalex.training.setup import assemble
from tinyalex.training.stop import StopSignal

IMAGES, BATCH = 44, 8  # five full batches and one of four
STEPS = 6


def small_dataset(fingerprint="small"):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES + 12, 16, 16, 1), dtype=np.uint8)
    labels = np.arange(IMAGES + 12) % 4
    images[np.arange(len(labels)), labels * 4] = 255  # something to learn
    return from_arrays(
        "small",
        list("abcd"),
        (images[:IMAGES], labels[:IMAGES]),
        (images[IMAGES:], labels[IMAGES:]),
        fingerprint,
    )


@pytest.fixture
def small(monkeypatch):
    """`data.load` gives the small data set."""
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset())


@pytest.fixture
def config(small, tmp_path):
    """Make a configuration of a short run with crops, mirrors and dropout."""

    def make(name="run", **changes):
        recipe = replace(
            recipes.get("tiny"),
            crop=14,
            mirror=True,
            label_smoothing=0.0,  # so that the networks are sure of something
            multipliers=(("*.bias", 2.0, 0.0),),
            schedule={"kind": "plateau", "factor": 0.1, "patience": 1, "drops": 2},
        )
        settings = {"epochs": 3, "batch_size": BATCH, "threads": 1, "log_every": 4}
        settings |= {"recipe": recipe, "out": tmp_path / name} | changes
        return training.RunConfig(**settings)

    return make


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory):
    """A folder for runs that several tests begin with, and their places by their settings."""
    return tmp_path_factory.mktemp("kept"), {}


@pytest.fixture
def once(config, kept_runs):
    """Train a configuration; from the second time on, copy the run. Returns its folder."""
    folder, runs = kept_runs

    def run(name="run", **changes):
        made, key = config(name, **changes), repr(sorted(changes.items()))
        if key not in runs:
            training.train(made)
            runs[key] = shutil.copytree(made.out, folder / str(len(runs)))
        else:
            shutil.copytree(runs[key], made.out)
        return made.out

    return run


class StopAfter(StopSignal):
    """Says stop when it was asked ``n`` times."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def __call__(self):
        self.n -= 1
        return self.n < 0


def run_until(config, asked):
    """Start a run that is stopped when it has asked ``asked`` times whether to stop."""
    resolved = config.resolved()
    resolved.out.mkdir(parents=True)
    parts = assemble(resolved)
    text = json.dumps(parts.config.to_dict())
    (resolved.out / "config.json").write_text(text)
    metrics = MetricsFile(resolved.out / "metrics.jsonl", keep_bytes=0)
    finished = Loop(parts, metrics, training.Listener(), StopAfter(asked)).run()
    metrics.close()
    return finished


def bytes_of(folder):
    """A digest of each array, every number, and the files: all that decides how a run goes on.

    Digests, because pytest takes minutes to show how two long byte strings differ.
    """
    found = load_checkpoint(folder)
    groups = (found.weights, found.momentum, found.statistics)
    arrays = [{k: sha256(v.tobytes()).hexdigest() for k, v in g.items()} for g in groups]
    names = ("checkpoint.safetensors", "filters.safetensors")
    return arrays, found.state, [sha256((folder / n).read_bytes()).hexdigest() for n in names]


def lines_of(folder):
    """The lines of metrics.jsonl without the times."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    times = ("seconds", "images_per_second")
    return [{k: v for k, v in json.loads(line).items() if k not in times} for line in lines]
