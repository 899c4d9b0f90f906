"""The learning rate: too small, right, too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinyalex import recipes
from tinyalex.errors import DivergedError
from tinyalex.reproduce.lab import Lab, Result, with_spread
from tinyalex.reproduce.statistics import estimate
from tinyalex.reproduce.store import Arm
from tinyalex.training import read_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
EPOCHS = 3  # of each rate, at a constant rate
NETS = {"laptop": "cifar-80sec", "gpu": "small", "imagenet": "paper"}


def run(lab: Lab) -> tuple[Result, Figure]:
    """Train for a few epochs at rates around the recipe's."""
    recipe = recipes.get(NETS[lab.scale])
    base = Arm(recipe.name, recipe.model, recipe, lab.data_or("cifar10"))
    rows: list[list[str]] = []
    figures: dict[str, Any] = {}
    for factor in FACTORS:
        rate = recipe.lr * factor
        arm = base.with_recipe(
            f"rate {rate:g}", lr=rate, schedule={"kind": "constant"}, epochs=EPOCHS
        )
        try:
            summaries = [read_summary(run) for run in lab.train(arm)]
        except DivergedError:
            figures[f"{rate:g}"] = {"diverged": True}
            rows.append([f"{rate:g}", "diverged", ""])
            continue
        losses = [float(summary["train_loss"]) for summary in summaries]
        errors = [float(summary["top1_error"]) for summary in summaries]
        figures[f"{rate:g}"] = {
            "loss": estimate(losses).to_dict(),
            "error": estimate(errors).to_dict(),
        }
        rows.append([f"{rate:g}", f"{estimate(losses).mean:.3f}", with_spread(estimate(errors))])
    alive = {r: f["error"]["mean"] for r, f in figures.items() if "error" in f}
    best = min(alive, key=alive.__getitem__) if alive else "none"
    result = Result(
        "lrsweep",
        "How much does the learning rate decide?",
        "0.01 at first, chosen by hand and divided by ten three times (section 5).",
        f"After {EPOCHS} epochs {best} is best; the recipe begins with {recipe.lr:g}.",
        ("rate", "training loss", "test error"),
        rows,
        figures,
        [f"{EPOCHS} epochs at a constant rate: a smaller rate may win in the long run."],
    )
    return result, _draw(figures)


def _draw(figures: dict[str, Any]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained", facecolor="white")
    axis = figure.subplots()
    for rate, found in figures.items():
        if "error" not in found:
            axis.annotate("diverged", (float(rate), 90), rotation=90, ha="center", va="top")
            continue
        for value in found["error"]["values"]:
            axis.plot([float(rate)], [100 * value], "o", color="#1f77b4")
    axis.set_xscale("log")
    axis.set_xlim(0.5 * min(map(float, figures)), 2 * max(map(float, figures)))
    axis.set_ylim(0, 100)
    axis.set_xlabel("learning rate")
    axis.set_ylabel("test error (%)")
    axis.set_title(f"After {EPOCHS} epochs at a constant rate")
    axis.spines[["top", "right"]].set_visible(False)
    return figure
