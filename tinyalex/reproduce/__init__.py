"""The paper's claims, each rerun by one command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyalex.errors import unknown
from tinyalex.reproduce import (
    ablations,
    ensembles,
    fig1,
    fig1_why,
    ladder,
    large_batch,
    lrsweep,
    towers,
)
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import SCALES, Lab, Result, jobs_for, seeds_of, write
from tinyalex.reproduce.store import Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "SCALES",
    "Arm",
    "Experiment",
    "Lab",
    "Result",
    "Store",
    "get",
    "jobs_for",
    "names",
    "seeds_of",
    "write",
]


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Attributes
    ----------
    name : str
    what : str
        Description for the list.
    seeds : int
        Default number of seeds.
    run : callable
        ``run(lab)`` gives the result and a picture.
    scales : tuple of str
        The `SCALES` that it has; those that use CIFAR-10 in the paper have no imagenet.
    """

    name: str
    what: str
    seeds: int
    run: Callable[[Lab], tuple[Result, Figure]]
    scales: tuple[str, ...] = SCALES


_CIFAR = ("laptop", "gpu")
_EXPERIMENTS = {
    e.name: e
    for e in (
        Experiment("fig1", "figure 1: ReLU against tanh", 3, fig1.run, _CIFAR),
        Experiment(
            "fig1-why",
            "figure 1 with other learning rates, initial weights, inputs",
            1,
            fig1_why.run,
            _CIFAR,
        ),
        Experiment("ladder", "cuda-convnet's nets on CIFAR-10", 1, ladder.run, _CIFAR),
        Experiment("ablations", "each of the paper's ideas left out", 3, ablations.run),
        Experiment(
            "before2012", "hand-crafted features, one net, seven nets", 7, ensembles.before2012
        ),
        Experiment(
            "ensemble", "ensembles of one, three, five and seven nets", 7, ensembles.ensemble
        ),
        Experiment("tencrop", "one crop and ten crops", 3, ensembles.tencrop),
        Experiment("towers", "figure 3: colour filters in the two towers", 3, towers.run),
        Experiment("lrsweep", "five learning rates", 3, lrsweep.run),
        Experiment("large-batch", "large batches: warm-up and LARS", 3, large_batch.run, _CIFAR),
    )
}


def names() -> list[str]:
    """Names of all experiments."""
    return list(_EXPERIMENTS)


def get(name: str) -> Experiment:
    """Find an experiment; an unknown name raises ConfigError."""
    if name not in _EXPERIMENTS:
        raise unknown("experiment", name, _EXPERIMENTS)
    return _EXPERIMENTS[name]
