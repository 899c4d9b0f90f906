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
    "MACHINE",
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
    took : str
        How long its runs took with the default seeds on `MACHINE`; empty if that was not measured.
    """

    name: str
    what: str
    seeds: int
    run: Callable[[Lab], tuple[Result, Figure]]
    scales: tuple[str, ...] = SCALES
    took: str = ""


_CIFAR = ("laptop", "gpu")
# docs/results/README.md has the times, with what else is known of the machine.
MACHINE = "two cores of an AMD EPYC (Zen 3), a shared machine, --scale laptop"
_EXPERIMENTS = {
    e.name: e
    for e in (
        Experiment(
            "fig1",
            "figure 1: epochs to 25 % training error, ReLU against tanh",
            3,
            fig1.run,
            _CIFAR,
        ),
        Experiment(
            "fig1-why",
            "figure 1's factor with other learning rates, initial weights and inputs",
            1,
            fig1_why.run,
            _CIFAR,
        ),
        Experiment(
            "ladder",
            "test errors of cuda-convnet's nets on CIFAR-10, and those that its author states",
            1,
            ladder.run,
            _CIFAR,
        ),
        Experiment(
            "ablations",
            "test error without one of the paper's ideas at a time, and with all",
            3,
            ablations.run,
            took="24 runs of 14 to 24 min, two at a time",
        ),
        Experiment(
            "before2012",
            "test errors of hand-crafted features, one net and seven nets",
            7,
            ensembles.before2012,
            took="7 runs of 450 to 1,160 s",
        ),
        Experiment(
            "ensemble",
            "test errors of one, three, five and seven nets",
            7,
            ensembles.ensemble,
            took="7 runs of 450 to 1,160 s",
        ),
        Experiment(
            "tencrop",
            "test errors of one crop and of ten",
            3,
            ensembles.tencrop,
            took="3 runs of 450 to 1,160 s",
        ),
        Experiment(
            "towers",
            "figure 3: the share of colour in the filters of the two towers",
            3,
            towers.run,
            took="3 runs of 14 to 24 min, two at a time",
        ),
        Experiment("lrsweep", "test errors with five learning rates", 3, lrsweep.run),
        Experiment(
            "large-batch",
            "test errors at batch 128, 1,024 and 8,192, with warm-up and LARS or without",
            3,
            large_batch.run,
            _CIFAR,
        ),
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
