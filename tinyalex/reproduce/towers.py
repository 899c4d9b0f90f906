"""Figure 3: whether the two columns divide colour between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex import recipes, training
from tinyalex.report import first_filters
from tinyalex.reproduce.ablations import DATA
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result
from tinyalex.reproduce.statistics import estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETS = {"laptop": "small", "gpu": "small", "imagenet": "paper"}
SHUFFLES = 10_000


def run(lab: Lab) -> tuple[Result, Figure]:
    """Measure how much colour the first filters of each column have."""
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
        rows.append(
            [str(seed), *(f"{h.mean():.2f}" for h in halves), f"{gap:.2f}", f"{chance:.3f}"]
        )
    shown = sum(found["chance"] < 0.05 for found in each)
    gaps = estimate([found["gap"] for found in each])
    small = (
        "At this size the columns have 16 filters each, the paper's 48, on images of 32 pixels: "
        "there may be too little to divide."
    )
    notes = [] if lab.scale == "imagenet" else [small]
    result = Result(
        "towers",
        "Does one column learn filters without colour and the other coloured ones?",
        "yes, in every run, whatever the first weights (section 6.1, figure 3).",
        f"In {shown} of {len(each)} runs the columns differ more than filters dealt to them at "
        f"random do in 95 % of cases (mean gap {gaps.mean:.2f}).",
        ("seed", "column 1", "column 2", "gap", "probability by chance"),
        rows,
        {"runs": each, "gap": gaps.to_dict()},
        [
            "Colour of a filter: the share of its energy that is not grey, from 0 (R, G and B "
            "alike) to 1. Filters of random numbers have two thirds on average.",
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
    """How often filters that are dealt to two columns at random differ at least as much."""
    rng = np.random.default_rng(seed)
    half, more = len(colour) // 2, 0
    for _ in range(SHUFFLES):
        dealt = rng.permutation(colour)
        more += abs(float(dealt[:half].mean() - dealt[half:].mean())) >= gap - 1e-12
    return (more + 1) / (SHUFFLES + 1)


def _draw(each: list[dict[str, Any]]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained", facecolor="white")
    axis = figure.subplots()
    for i, found in enumerate(each):
        for j, column in enumerate(found["columns"]):
            x = i + 0.25 * j - 0.12 + 0.05 * np.linspace(-1, 1, len(column))
            axis.plot(
                x,
                sorted(column),
                ".",
                color=("#1f77b4", "#d9480f")[j],
                label=f"column {j + 1}" if i == 0 else None,
            )
    axis.set_xticks(range(len(each)), [f"seed {i}" for i in range(len(each))])
    axis.set_ylabel("share of a filter's energy that is colour")
    axis.set_ylim(0, 1)
    axis.set_title("First-layer filters of the two columns")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return figure
