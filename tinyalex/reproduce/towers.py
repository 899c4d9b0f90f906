"""Figure 3: whether one tower learns colour filters and the other grey ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex import recipes, training
from tinyalex.report import first_filters
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.ablations import DATA
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result
from tinyalex.reproduce.statistics import estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETS = {"laptop": "small", "gpu": "small", "imagenet": "paper"}
SHUFFLES = 10_000


def run(lab: Lab) -> tuple[Result, Figure]:
    """Measure how much colour the first filters of each tower have."""
    recipe = recipes.get(NETS[lab.scale])
    runs = lab.train(Arm(recipe.name, recipe.model, recipe, lab.data_or(DATA)))
    each: list[dict[str, Any]] = []
    rows = []
    for seed, folder in zip(lab.seeds, runs, strict=True):
        weight, groups = first_filters(training.load_run(folder, backend="numpy").model)
        colour = colourfulness(np.asarray(weight))
        halves = np.split(colour, max(groups, 2))[:2]
        gap = abs(float(halves[0].mean() - halves[1].mean()))
        chance = by_chance(colour, gap, seed)
        each.append({"columns": [h.tolist() for h in halves], "gap": gap, "chance": chance})
        means = [f"{half.mean():.2f}" for half in halves]
        rows.append([str(seed), *means, f"{gap:.2f}", f"{chance:.3f}"])
    shown = sum(run["chance"] < 0.05 for run in each)
    gaps = estimate([run["gap"] for run in each])
    small = (
        "At this size each tower has 16 filters (the paper: 48) and images of 32 pixels: there may "
        "be too few filters to specialise."
    )
    notes = [] if lab.scale == "imagenet" else [small]
    result = Result(
        "towers",
        "Does one tower learn grey filters and the other colour filters?",
        "yes, in every run, whatever the initial weights (section 6.1, figure 3).",
        f"In {shown} of {len(each)} runs the towers differ more than in 95 % of random splits of "
        f"the filters (mean gap {gaps.mean:.2f}).",
        ("seed", "tower 1", "tower 2", "gap", "probability by chance"),
        rows,
        {"runs": each, "gap": gaps.to_dict()},
        [
            "Colour of a filter: the share of its energy that is not grey, from 0 (R, G and B "
            "equal) to 1. Random filters have two thirds on average.",
            *notes,
        ],
    )
    return result, _draw(each)


def colourfulness(weight: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Share of each filter's energy that is not grey: (F, 3, KH, KW) -> (F,), from 0 to 1."""
    grey = weight.mean(axis=1, keepdims=True)
    total = np.square(weight).sum(axis=(1, 2, 3))
    rest = np.square(weight - grey).sum(axis=(1, 2, 3))
    share: np.ndarray[Any, Any] = rest / np.where(total > 0, total, 1)
    return share


def by_chance(colour: np.ndarray[Any, Any], gap: float, seed: int) -> float:
    """Probability that a random split of the filters has at least this gap."""
    rng = np.random.default_rng(seed)
    half, more = len(colour) // 2, 0
    for _ in range(SHUFFLES):
        dealt = rng.permutation(colour)
        more += abs(float(dealt[:half].mean() - dealt[half:].mean())) >= gap - 1e-12
    return (more + 1) / (SHUFFLES + 1)


def _draw(each: list[dict[str, Any]]) -> Figure:
    figure, axis = new_plot(6.5, 3.6, "First-layer filters of the two towers")
    for i, run in enumerate(each):
        for j, column in enumerate(run["columns"]):
            x = i + 0.25 * j - 0.12 + 0.05 * np.linspace(-1, 1, len(column))
            label = f"tower {j + 1}" if i == 0 else None
            axis.plot(x, sorted(column), ".", color=("#1f77b4", "#d9480f")[j], label=label)
    axis.set_xticks(range(len(each)), [f"seed {i}" for i in range(len(each))])
    axis.set_ylabel("share of a filter's energy that is colour")
    axis.set_ylim(0, 1)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
