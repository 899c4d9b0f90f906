"""Large batches: linear scaling of the learning rate, warm-up, LARS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyalex import recipes
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result, with_spread
from tinyalex.reproduce.statistics import different, estimate, paired
from tinyalex.training import read_config, read_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCHES = (128, 1024, 8192)  # the first one is the recipe's
AT_A_TIME = 128  # images whose gradient is computed at once, in as much memory as the first batch
DATA = {"laptop": "cifar10@24570", "gpu": "cifar10"}  # 24,570: three batches of 8,192
EPOCHS = {"laptop": 8, "gpu": 60}

_WARM_UP = {"warmup": 1, "momentum_correction": True}
METHODS: dict[str, Mapping[str, Any]] = {
    "linear scaling": {"lr_scaling": "linear"},
    "linear scaling, warm-up": {"lr_scaling": "linear", **_WARM_UP},
    # nvcaffe (of LARS's authors), models/bvlc_alexnet/solver_8K.prototxt: 10 for 8,192 images.
    "LARS, warm-up": {"lr_scaling": "sqrt", "lr": 1.25, "lars": 0.001, **_WARM_UP},
}
COLOURS = ("#d9480f", "#1f77b4", "#2b8a3e")


def arm(method: str, batch: int, scale: str, data: str) -> Arm:
    """A method at a batch size; everything else is the same."""
    net = recipes.get("cifar-19pct")
    recipe = replace(
        net,
        epochs=EPOCHS[scale],
        batch_size=BATCHES[0],
        lr=0.01,
        weight_decay=5e-4,
        multipliers=(),
        schedule={"kind": "polynomial", "power": 2.0},
        init={"*.weight": ("he_normal",), "*.bias": ("constant", 0.0)},
        scale=1 / 64,
        crop=16,
        mirror=True,
    )
    settings = {**METHODS[method], "batch_size": batch, "shards": max(1, batch // AT_A_TIME)}
    if batch == BATCHES[0]:  # the learning rate is not scaled: nothing to warm up to
        settings = {k: v for k, v in settings.items() if k not in _WARM_UP}
        method = "LARS" if "lars" in settings else "SGD"
    name = f"{method}, batch {batch}"
    return Arm(name, net.model, recipe, data, may_diverge=True, settings=settings)


def run(lab: Lab) -> tuple[Result, Figure]:
    """Train with each method and batch size, for the same number of epochs."""
    data = lab.data_or(DATA[lab.scale])
    arms = {(m, batch): arm(m, batch, lab.scale, data) for batch in BATCHES for m in METHODS}
    lab.train(*arms.values())
    first = arms["linear scaling", BATCHES[0]]
    epochs = first.length(lab.epochs)
    config = read_config(lab.store.path(first, lab.seeds[0], lab.epochs))
    images = int(config.facts["train_images"])
    rows: list[list[str]] = []
    figures: dict[str, dict[str, Any]] = {}
    for batch in BATCHES:
        runs = {m: lab.finished(arms[m, batch]) for m in METHODS}
        found = _outcomes(runs, len(lab.seeds))
        updates = epochs * -(-images // batch)
        figures[f"{batch:,}"] = {"updates": updates, "methods": found}
        rows.append([f"{batch:,}", f"{updates:,}", *map(_cell, found.values())])
    result = Result(
        "large-batch",
        "Do warm-up and LARS make large batches as good as small ones?",
        "nothing of it. Krizhevsky 2014, table 1: with linear scaling AlexNet's top-1 error is "
        "42.33 % at batch 128 and 43.28 % at 1,024. You et al. 2017, abstract: with LARS, AlexNet "
        "loses no accuracy up to a batch size of 8K.",
        _answer(figures),
        ("batch size", "updates", *METHODS),
        rows,
        figures,
        [
            f"Test error after {epochs} epochs, mean and spread over {len(lab.seeds)} seeds. The "
            "same epochs, so a batch 64 times as large has a 64th of the updates. Lower, higher: "
            "than linear scaling at this batch size, paired by seed, 95 % interval.",
            "`cifar-19pct` on random crops of 16 x 16 pixels. No learning rate was tuned: 0.01 at "
            "batch 128 is the paper's; LARS has its authors' 10 at 8,192, less by the square root "
            "at smaller batches.",
            f"At {BATCHES[0]} the learning rate is not scaled, so there is no warm-up.",
        ],
    )
    return result, _draw(figures)


def _outcomes(runs: Mapping[str, Sequence[Path]], seeds: int) -> dict[str, dict[str, Any]]:
    """Each method's errors, without runs that diverged, and the change against the first."""
    found: dict[str, dict[str, Any]] = {}
    for method, folders in runs.items():
        errors = [float(read_summary(folder)["top1_error"]) for folder in folders]
        found[method] = {"diverged": seeds - len(errors)}
        if errors:
            found[method]["error"] = estimate(errors).to_dict()
        base = next(iter(found.values()))
        if not (base is found[method] or base["diverged"] or found[method]["diverged"]):
            change = paired(errors, base["error"]["values"])
            found[method] |= {"change": change.to_dict(), "different": different(change)}
    return found


def _cell(outcome: Mapping[str, Any]) -> str:
    texts = [with_spread(estimate(outcome["error"]["values"]))] if "error" in outcome else []
    if outcome["diverged"]:
        texts.append(f"{outcome['diverged']} diverged")
    if "change" in outcome:
        word = "lower" if outcome["change"]["mean"] < 0 else "higher"
        texts.append(word if outcome["different"] else "not different")
    return ", ".join(texts)


def _answer(figures: Mapping[str, Any]) -> str:
    """The errors with the largest batch, and with the first."""
    small, large = (f"{batch:,}" for batch in (BATCHES[0], BATCHES[-1]))
    said = "; ".join(f"{m} {_cell(found)}" for m, found in figures[large]["methods"].items())
    first = _cell(next(iter(figures[small]["methods"].values())))
    return (
        f"At batch {large} ({figures[large]['updates']:,} updates): {said}. "
        f"At {small} ({figures[small]['updates']:,}): {first}."
    )


def _draw(figures: Mapping[str, Any]) -> Figure:
    figure, axis = new_plot(6.5, 4, "The same epochs with larger batches")
    for colour, method in zip(COLOURS, METHODS, strict=True):
        found = [figures[batch]["methods"][method] for batch in figures]
        means = [each["error"]["mean"] if "error" in each else math.nan for each in found]
        axis.plot(BATCHES, [100 * mean for mean in means], color=colour, label=method)
        for batch, each in zip(BATCHES, found, strict=True):
            values = each["error"]["values"] if "error" in each else []
            axis.plot([batch] * len(values), [100 * v for v in values], "o", color=colour)
    axis.axhline(90, color="#868e96", linestyle=":", label="chance")
    axis.set_xscale("log", base=2)
    axis.set_xticks(BATCHES, list(figures))
    axis.set_ylim(top=100)
    axis.set_xlabel("batch size; the learning rate grows with it")
    axis.set_ylabel("test error on CIFAR-10 (%)")
    axis.legend(loc="best")
    return figure
