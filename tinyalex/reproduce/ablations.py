"""What each of the paper's ideas is worth: the net without it, compared with the whole net."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyalex import evaluation, recipes
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result, with_spread
from tinyalex.reproduce.statistics import different, estimate, paired
from tinyalex.training import read_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# 26 weights per training image. The paper's net has 50; with all of CIFAR-10 it would be 5.
DATA = "cifar10@10000"
RECIPES = {"laptop": "small", "gpu": "small", "imagenet": "paper"}

SAME = "not different"

# The authors' result without it, in their words, and the increase of their top-1 error
# (percentage points). The nets are those with logs in their code; net 145 is the whole net.
SAID: dict[str, tuple[str, float | None]] = {
    "no normalisation": ("net 148: 42.03 against 40.66 %; section 3.3: 1.4 %", 1.37),
    "pooling that does not overlap": ("net 147: 41.06 against 40.66 %; section 3.4: 0.4 %", 0.39),
    "no exchange between columns": ("net 150: 41.83 against 40.66 %", 1.16),
    "no dropout": ("substantial overfitting (section 4.2)", None),
    "no crops, no mirrors": ("substantial overfitting, much smaller nets (section 4.1)", None),
    "no colour shift": ("over 1 % (section 4.1)", 1.0),
    "tanh": ("six times slower on CIFAR-10 (section 3.1)", None),
}


def arms(data: str, scale: str = "laptop") -> tuple[Arm, tuple[Arm, ...]]:
    """The whole net, and the nets with one idea left out."""
    recipe = recipes.get(RECIPES[scale])
    whole = Arm("with everything", recipe.model, recipe, data)

    def net(name: str, model: str) -> Arm:
        return replace(whole, name=name, model=f"{recipe.model}-{model}")

    without = (
        net("no normalisation", "no-norm"),
        net("pooling that does not overlap", "no-overlap"),
        net("no exchange between columns", "no-exchange"),
        net("no dropout", "no-dropout"),
        whole.with_recipe("no crops, no mirrors", crop_at="center", mirror=False),
        whole.with_recipe("no colour shift", colour=None, colour_scale=1.0),
        net("tanh", "tanh"),
    )
    return whole, without


def run(lab: Lab) -> tuple[Result, Figure]:
    """Train all arms with the same seeds and compare them seed by seed."""
    whole, without = arms(lab.data_or(DATA), lab.scale)
    lab.train(whole, *without)
    crops = 10 if lab.scale == "imagenet" else 1  # as in the authors' logs
    baseline = [_errors(folder, crops) for folder in lab.train(whole)]
    base = [test for test, _ in baseline]
    whole_error = estimate(base)
    trained = with_spread(estimate([train for _, train in baseline]))
    rows = [[whole.name, with_spread(whole_error), trained, "", "", "", ""]]
    figures: dict[str, Any] = {"baseline": whole_error.to_dict(), "without": {}}
    for arm in without:
        errors = [_errors(folder, crops) for folder in lab.train(arm)]
        tests, trains = ([pair[i] for pair in errors] for i in (0, 1))
        change = paired(tests, base)
        words, theirs = SAID[arm.name]
        figures["without"][arm.name] = {
            "error": estimate(tests).to_dict(),
            "training_error": estimate(trains).to_dict(),
            "change": change.to_dict(),
            "different": different(change),
            "said": words,
            "theirs": theirs,
        }
        interval = "one seed"
        if change.low is not None and change.high is not None:
            interval = f"{100 * change.low:+.2f} to {100 * change.high:+.2f}"
        verdict = _verdict(change.mean, different(change))
        row = [arm.name, with_spread(estimate(tests)), with_spread(estimate(trains))]
        row += [f"{100 * change.mean:+.2f} ({interval})", verdict]
        rows.append([*row, "" if theirs is None else f"{theirs:+.2f}", words])
    answer = _answer(figures["without"], len(lab.seeds))
    result = Result(
        "ablations",
        "What is each of the paper's ideas worth?",
        "each lowers the error or makes training faster; the last columns show the change of the "
        "authors' top-1 error on ImageNet, and their words.",
        answer,
        (
            "net",
            "test error",
            "training error",
            "change (95 %)",
            "verdict",
            "theirs",
            "the authors",
        ),
        rows,
        figures,
        [
            *_notes(lab.scale),
            "All arms have the same learning rate and number of epochs; none was tuned.",
        ],
    )
    return result, _draw(figures)


def _answer(without: dict[str, Any], seeds: int) -> str:
    """All arms by verdict, also those that contradict the paper."""
    names: dict[str, list[str]] = {}
    for name, comparison in without.items():
        verdict = _verdict(comparison["change"]["mean"], comparison["different"])
        names.setdefault(verdict, []).append(name)
    said = {"worse": "Worse", "better": "Better", SAME: f"Not shown to differ with {seeds} seeds"}
    return " ".join(f"{said[v]}: {', '.join(names[v])}." for v in said if v in names)


def _notes(scale: str) -> list[str]:
    if scale == "imagenet":
        return ["Top-1 errors, ten crops, as in the authors' logs."]
    return [
        "Eight layers with a hundredth of AlexNet's units, on a fifth of CIFAR-10's training "
        "images, tested on all test images: half as many weights per image as AlexNet, and fewer "
        "epochs. A net that hardly overfits gains little from methods against overfitting."
    ]


def _errors(folder: Path, crops: int) -> tuple[float, float]:
    summary = read_summary(folder)
    tested = summary if crops == 1 else evaluation.evaluate([folder], crops=crops)
    return float(tested["top1_error"]), float(summary["train_error"])


def _verdict(mean: float, shown: bool) -> str:
    if not shown:
        return SAME
    return "worse" if mean > 0 else "better"


def _draw(figures: dict[str, Any]) -> Figure:
    figure, axis = new_plot(7.5, 4, "What leaving one idea out does")
    for i, comparison in enumerate(figures["without"].values()):
        change = comparison["change"]
        values = [100 * v for v in change["values"]]
        if change["low"] is not None:
            axis.plot([100 * change["low"], 100 * change["high"]], [i, i], color="#9aa5b1", lw=3)
        axis.plot(values, [i] * len(values), "o", color="#1f77b4", markersize=4)
        axis.plot([100 * change["mean"]], [i], "D", color="#d9480f")
    axis.axvline(0, color="#495057", linewidth=1)
    axis.set_yticks(range(len(figures["without"])), list(figures["without"]))
    axis.invert_yaxis()
    axis.set_xlabel("change of the test error (percentage points); bars: 95 % interval of the mean")
    return figure
