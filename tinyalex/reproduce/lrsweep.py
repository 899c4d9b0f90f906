"""Learning rates: too small, right, too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinyalex import recipes
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result, with_spread
from tinyalex.reproduce.statistics import estimate
from tinyalex.training import read_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
EPOCHS = 3  # with each learning rate, which stays constant
NETS = {"laptop": "cifar-80sec", "gpu": "small", "imagenet": "paper"}


def run(lab: Lab) -> tuple[Result, Figure]:
    """Train for three epochs with learning rates around the recipe's."""
    recipe = recipes.get(NETS[lab.scale])
    base = Arm(recipe.name, recipe.model, recipe, lab.data_or("cifar10"), may_diverge=True)
    constant = base.with_recipe(base.name, schedule={"kind": "constant"}, epochs=EPOCHS)
    rates = [recipe.lr * factor for factor in FACTORS]
    arms = [constant.with_recipe(f"rate {rate:g}", lr=rate) for rate in rates]
    lab.train(*arms)
    epochs = constant.length(lab.epochs)
    rows: list[list[str]] = []
    figures: dict[str, dict[str, Any]] = {}
    for rate, arm in zip(rates, arms, strict=True):
        summaries = [read_summary(run) for run in lab.finished(arm)]
        diverged = len(lab.seeds) - len(summaries)
        outcome: dict[str, Any] = {"diverged": diverged}
        cells = ["", ""]
        if summaries:
            losses = estimate([float(summary["train_loss"]) for summary in summaries])
            errors = estimate([float(summary["top1_error"]) for summary in summaries])
            outcome |= {"loss": losses.to_dict(), "error": errors.to_dict()}
            cells = [f"{losses.mean:.3f}", with_spread(errors)]
        figures[f"{rate:g}"] = outcome
        rows.append([f"{rate:g}", *cells, f"{diverged} of {len(lab.seeds)}" if diverged else ""])
    whole = {r: f["error"]["mean"] for r, f in figures.items() if not f["diverged"]}
    best = min(whole, key=whole.__getitem__) if whole else "none"
    result = Result(
        "lrsweep",
        "How much does the learning rate matter?",
        "0.01 at first, chosen by hand and divided by ten three times (section 5).",
        f"After {epochs} epochs {best} is best; the recipe begins with {recipe.lr:g}.",
        ("learning rate", "training loss", "test error", "diverged"),
        rows,
        figures,
        [
            f"{epochs} epochs with a constant learning rate: a smaller one may win after more "
            "epochs.",
            "A learning rate with which a seed diverged cannot be the best.",
        ],
    )
    return result, _draw(figures, epochs)


def _draw(figures: dict[str, dict[str, Any]], epochs: int) -> Figure:
    figure, axis = new_plot(6, 3.6, f"After {epochs} epochs with a constant learning rate")
    for rate, outcome in figures.items():
        if count := outcome["diverged"]:
            text = f"{count} diverged"
            axis.annotate(text, (float(rate), 97), rotation=90, ha="center", va="top")
        for value in outcome["error"]["values"] if "error" in outcome else ():
            axis.plot([float(rate)], [100 * value], "o", color="#1f77b4")
    axis.set_xscale("log")
    axis.set_xlim(0.5 * min(map(float, figures)), 2 * max(map(float, figures)))
    axis.set_ylim(0, 100)
    axis.set_xlabel("learning rate")
    axis.set_ylabel("test error (%)")
    return figure
