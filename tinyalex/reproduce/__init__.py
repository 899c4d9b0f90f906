"""The reproduction lab: the paper's claims, each rerun by one command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyalex.errors import unknown
from tinyalex.reproduce import ablations, ensembles, fig1, fig1_why, ladder, lrsweep, towers
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import SCALES, Lab, Result, jobs_for, leave, seeds_of
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
    "leave",
    "names",
    "seeds_of",
]


@dataclass(frozen=True)
class Experiment:
    """An experiment of the lab.

    Attributes
    ----------
    name : str
    what : str
        For the list.
    seeds : int
        How many it needs; more are welcome.
    run : callable
        Does it: ``run(lab)`` gives the result and a picture.
    scales : tuple of str
        Those of `SCALES` that it has; some are about CIFAR-10 in the paper as well.
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
            "fig1-why", "figure 1 with other rates, first weights, inputs", 1, fig1_why.run, _CIFAR
        ),
        Experiment("ladder", "cuda-convnet's nets on CIFAR-10", 1, ladder.run, _CIFAR),
        Experiment("ablations", "the paper's ideas, left out one by one", 3, ablations.run),
        Experiment("before2012", "features by hand, one net, seven nets", 7, ensembles.before2012),
        Experiment("ensemble", "one, three, five, seven nets", 7, ensembles.ensemble),
        Experiment("tencrop", "one view against ten", 3, ensembles.tencrop),
        Experiment("towers", "figure 3: colour in the two columns", 3, towers.run),
        Experiment("lrsweep", "the learning rate", 3, lrsweep.run),
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
