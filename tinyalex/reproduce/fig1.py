"""Figure 1: how much sooner a ReLU net reaches 25 % training error than a tanh net."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from tinyalex import recipes
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result
from tinyalex.reproduce.statistics import estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET = 0.25
RATES = {
    "ReLU": (0.0005, 0.001, 0.002, 0.004),
    "tanh": (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016),
}
MODELS = {"ReLU": "cifar-fig1-relu", "tanh": "cifar-fig1-tanh"}
LONGEST = 60  # epochs; a run that has not reached the error by then never does
STEP = 2  # epochs to train before the next comparison
HALVINGS = (4, 8, 16)  # after these epochs the slower half of a net's learning rates is dropped

Curve = list[dict[str, Any]]
Key = TypeVar("Key", bound=Hashable)


def run(lab: Lab) -> tuple[Result, Figure]:
    """Search each net's learning rate with the first seed, then train it with every seed."""
    longest = lab.epochs or LONGEST
    tried = {(name, rate): _arm(lab, name, rate) for name in MODELS for rate in RATES[name]}
    first = {key: (arm, lab.seeds[0]) for key, arm in tried.items()}
    searches = race(lab, first, longest, lambda key: key[0])
    best: dict[str, Arm] = {}
    searched: dict[str, dict[str, dict[str, Any]]] = {}
    for name in MODELS:
        of_rate = {rate: searches[name, rate] for rate in RATES[name]}
        searched[name] = {
            f"{rate:g}": {"arrival": arrival(curve), "epochs": len(curve)}
            for rate, curve in of_rate.items()
        }
        best[name] = tried[name, fastest(of_rate)]
    every = {(name, seed): (arm, seed) for name, arm in best.items() for seed in lab.seeds}
    runs = race(lab, every, longest)
    curves = {name: [runs[name, seed] for seed in lab.seeds] for name in MODELS}
    return _result(lab, best, searched, curves), _draw(curves)


def arrival(curve: Curve) -> float | None:
    """Epochs, with a fraction, until the training error is 25 %; None if it never is.

    The error of an epoch is its mean during the epoch, so it belongs to the epoch's middle.
    """
    before_x, before_y = 0.0, 0.9  # ten classes, before the first step
    for record in curve:
        x, y = record["epoch"] - 0.5, record["train_error"]
        if y <= TARGET:
            return float(before_x + (x - before_x) * (before_y - TARGET) / (before_y - y))
        before_x, before_y = x, y
    return None


def fastest(curves: Mapping[float, Curve]) -> float:
    """The learning rate of the curve that reaches the error first."""
    return min(curves, key=lambda rate: arrival(curves[rate]) or math.inf)


def _arm(lab: Lab, name: str, rate: float) -> Arm:
    recipe, data = replace(recipes.get(MODELS[name]), lr=rate), lab.data_or("cifar10")
    return Arm(f"{name}, rate {rate:g}", MODELS[name], recipe, data, growing=True, may_diverge=True)


def race(
    lab: Lab,
    runs: Mapping[Key, tuple[Arm, int]],
    longest: int,
    group: Callable[[Key], Hashable] | None = None,
    halvings: Sequence[int] = HALVINGS,
) -> dict[Key, Curve]:
    """Train all runs, two epochs at a time, until each has reached the error.

    With ``group``, the runs of a group race: after each of ``halvings`` the slower half is dropped
    (successive halving), and a run stops when it can no longer be the first. A run that diverges
    stops, too.
    """
    curves: dict[Key, Curve] = {key: [] for key in runs}
    diverged: set[Key] = set()
    while True:
        ends = dict.fromkeys(runs, longest)
        for key, curve in curves.items():
            if group is None or (there := arrival(curve)) is None:
                continue
            for other in runs:
                if group(other) == group(key):
                    ends[other] = min(ends[other], math.ceil(there + 1))
        lost = set(diverged)
        if group is not None:
            for name in {group(key) for key in runs}:
                racing = [key for key in runs if group(key) == name and key not in diverged]
                lost |= _slower({key: curves[key] for key in racing}, halvings)
        unfinished = [
            key
            for key in runs
            if arrival(curves[key]) is None and len(curves[key]) < ends[key] and key not in lost
        ]
        if not unfinished:
            return curves
        wanted = {key: min(len(curves[key]) + STEP, longest) for key in unfinished}
        lab.store.train_all([(*runs[key], epochs) for key, epochs in wanted.items()])
        for key, epochs in wanted.items():
            curves[key] = lab.store.epochs(*runs[key])[:longest]
            if len(curves[key]) < epochs:
                diverged.add(key)


def _slower(curves: Mapping[Key, Curve], halvings: Sequence[int] = HALVINGS) -> set[Key]:
    """The runs of a group to drop, by their training error after each of ``halvings``."""
    left = list(curves)
    for epochs in halvings:
        if any(len(curves[k]) < epochs and arrival(curves[k]) is None for k in left):
            break
        errors = {
            k: curves[k][epochs - 1]["train_error"] if len(curves[k]) >= epochs else 0.0
            for k in left
        }
        left = sorted(left, key=errors.__getitem__)[: -(-len(left) // 2)]
    return set(curves) - set(left)


def _result(
    lab: Lab,
    best: dict[str, Arm],
    searched: dict[str, dict[str, dict[str, Any]]],
    curves: dict[str, list[Curve]],
) -> Result:
    arrivals = {name: [arrival(curve) for curve in each] for name, each in curves.items()}
    figures: dict[str, Any] = {"searched": searched, "arrivals": arrivals, "target": TARGET}
    figures["rates"] = {name: arm.recipe.lr for name, arm in best.items()}
    pairs = list(zip(arrivals["tanh"], arrivals["ReLU"], strict=True))
    ratios = [t / r for t, r in pairs if t is not None and r is not None]
    if len(ratios) == len(lab.seeds):
        factor = estimate(ratios)
        figures["factor"] = factor.to_dict()
        answer = f"ReLU reaches it {factor.mean:.1f} times sooner (one seed)."
        if factor.low is not None and factor.high is not None:
            answer = (
                f"ReLU reaches it {factor.mean:.1f} times sooner (mean of {len(ratios)} seeds, "
                f"95 % interval {factor.low:.1f} to {factor.high:.1f})."
            )
    else:
        answer = f"Not every run reached {TARGET:.0%} training error: no factor."
    rows = []
    for name in curves:
        epochs = ", ".join("never" if e is None else f"{e:.1f}" for e in arrivals[name])
        rows.append([name, f"{best[name].recipe.lr:g}", epochs])

    def needed(rate: str, search: dict[str, Any]) -> str:
        if search["arrival"] is None:
            return f"{rate} not within {search['epochs']}"
        return f"{rate} {search['arrival']:.1f}"

    tried = "; ".join(
        f"{name}: " + ", ".join(needed(rate, search) for rate, search in each.items())
        for name, each in searched.items()
    )
    return Result(
        "fig1",
        "How much sooner does a ReLU net reach 25 % training error than a tanh net?",
        "six times, with four layers on CIFAR-10, each net with its own learning rate "
        "(section 3.1).",
        answer,
        ("units", "learning rate", f"epochs to {TARGET:.0%} training error, by seed"),
        rows,
        figures,
        [
            f"Learning rates were searched with seed {lab.seeds[0]} (epochs needed): {tried}.",
            "The paper does not state the net's sizes, learning rates or initial weights; these "
            "are from cuda-convnet's examples.",
        ],
    )


def _draw(curves: dict[str, list[Curve]]) -> Figure:
    figure, axis = new_plot(7, 4.2, "A four-layer net on CIFAR-10 (paper, figure 1)")
    for name, style, colour in (("ReLU", "-", "#1f77b4"), ("tanh", "--", "#d9480f")):
        for i, curve in enumerate(curves[name]):
            x: Sequence[float] = [record["epoch"] - 0.5 for record in curve]
            y = [100 * record["train_error"] for record in curve]
            axis.plot(x, y, style, color=colour, label=name if i == 0 else None, alpha=0.8)
    axis.axhline(100 * TARGET, color="#868e96", linewidth=1, linestyle=":")
    axis.set_xlabel("epochs")
    axis.set_ylabel("training error (%)")
    axis.set_ylim(0, 100 * max(0.75, TARGET))
    axis.legend()
    return figure
