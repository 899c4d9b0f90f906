"""Ensembles, ten crops, and hand-crafted features (before 2012)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex import evaluation, recipes, training
from tinyalex.evaluation import mean_probability, probabilities
from tinyalex.files import write_json
from tinyalex.report.figure import new_plot
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.features import COST, linear_errors
from tinyalex.reproduce.lab import Lab, Result, percent, with_spread
from tinyalex.reproduce.statistics import different, estimate, paired, proportion
from tinyalex.typed import fields, number, read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (1, 3, 5, 7)
NETS = {"laptop": "cifar-80sec", "gpu": "cifar-18pct", "imagenet": "paper"}
BY_HAND = "HOG + LBP, linear classifier"
# On ImageNet: the published error of the second in ILSVRC-2012.
PUBLISHED = ("SIFT and others, Fisher vectors (as published)", 0.262)


def arm(lab: Lab) -> Arm:
    """The net that is trained several times."""
    recipe = recipes.get(NETS[lab.scale])
    return Arm(recipe.name, recipe.model, recipe, lab.data_or("cifar10"))


def ensemble(lab: Lab) -> tuple[Result, Figure]:
    """Ensembles of one, three, five and seven nets."""
    runs = lab.train(arm(lab))
    each, labels = _probabilities(runs, lab.scale)
    k = _k(lab.scale)
    sizes = [n for n in SIZES if n <= len(runs)]
    singles = [_error(p, labels, k) for p in each]
    rows: list[list[str]] = []
    figures: dict[str, Any] = {"singles": estimate(singles).to_dict(), "together": {}}
    for n in sizes:
        # every net is in the same number of groups
        groups = [[(first + i) % len(each) for i in range(n)] for first in range(len(each))]
        groups = groups if n < len(each) else groups[:1]
        errors = [_error(mean_probability([each[i] for i in group]), labels, k) for group in groups]
        figures["together"][str(n)] = {"errors": errors, "mean": float(np.mean(errors))}
        rows.append([str(n), percent(float(np.mean(errors))), str(len(groups))])
    first, last = figures["together"]["1"]["mean"], figures["together"][str(sizes[-1])]["mean"]
    result = Result(
        "ensemble",
        "How much better are several nets than one?",
        "top-5 error 18.2 % with one net, 16.4 % with five, 15.4 % with seven (section 6, with "
        "two nets trained differently).",
        f"{percent(first)} with one, {percent(last)} with {sizes[-1]}"
        + (f": a factor of {last / first:.2f} (the paper's five: 0.90)." if first else "."),
        ("nets", "error", "groups averaged"),
        rows,
        figures,
        [
            *_how(lab.scale),
            "The nets differ only in the seed; two of the paper's seven were pre-trained.",
        ],
    )
    return result, _draw_sizes(figures)


def tencrop(lab: Lab) -> tuple[Result, Figure]:
    """One crop of each image compared with ten."""
    runs = lab.train(arm(lab))
    one, ten = (
        [evaluation.evaluate([run], crops=crops)["top1_error"] for run in runs] for crops in (1, 10)
    )
    change = paired(ten, one)
    verdict = "lower" if different(change) and change.mean < 0 else "not shown to differ"
    result = Result(
        "tencrop",
        "What are ten crops worth?",
        "top-1 error 39.0 % from the centre, 37.5 % from ten crops (section 4.1).",
        f"{with_spread(estimate(one))} and {with_spread(estimate(ten))}: {verdict}.",
        ("seed", "one crop", "ten crops", "change"),
        [
            [str(seed), percent(a), percent(b), f"{100 * (b - a):+.2f}"]
            for seed, a, b in zip(lab.seeds, one, ten, strict=True)
        ],
        {"one": one, "ten": ten, "change": change.to_dict()},
        ["A net trained on whole images is tested on crops of images padded by reflection."],
    )
    return result, _draw_pairs(one, ten)


def before2012(lab: Lab) -> tuple[Result, Figure]:
    """Hand-crafted features, one net, and an ensemble, on the same test images."""
    chosen = arm(lab)
    runs = lab.train(chosen)
    each, labels = _probabilities(runs, lab.scale)
    k = _k(lab.scale)
    singles = [_error(p, labels, k) for p in each]
    together = _error(mean_probability(each), labels, k)
    n = len(labels)
    name, by_hand = PUBLISHED
    if lab.scale != "imagenet":
        name, by_hand = BY_HAND, _by_hand(lab, runs[0])
    errors = {
        name: by_hand,
        "one net (mean)": float(np.mean(singles)),
        f"{len(each)} nets together": together,
    }
    intervals = {name: proportion(round(error * n), n) for name, error in errors.items()}
    names = list(errors)
    apart = all(
        intervals[worse][0] > intervals[better][1]
        for worse, better in zip(names, names[1:], strict=False)
    )
    in_order = list(errors.values()) == sorted(errors.values(), reverse=True)
    answer = "in the paper's order" if in_order else "not in the paper's order"
    answer += "; the confidence intervals " + ("do not overlap." if apart else "overlap.")
    result = Result(
        "before2012",
        "Are hand-crafted features worse than one net, and one net worse than several?",
        "top-5 error 26.2 % for the best of the others, 18.2 % with one net, 15.3 % with seven "
        "(sections 1 and 6).",
        f"{', '.join(percent(e) for e in errors.values())}: {answer}",
        ("classifier", "error", "95 % interval"),
        [
            [name, percent(error), " to ".join(map(percent, intervals[name]))]
            for name, error in errors.items()
        ],
        {"errors": errors, "intervals": intervals, "singles": singles, "apart": apart, "n": n},
        [
            *_how(lab.scale),
            f"Wilson intervals for {n:,} test images; the nets differ in their seeds.",
        ],
    )
    return result, _draw_order(errors, intervals)


def _by_hand(lab: Lab, run: Path) -> float:
    """The linear classifier's error on a run's data, kept in a file."""
    dataset = training.load_dataset(training.read_config(run))
    name = f"by-hand-{dataset.fingerprint[:8]}-cost{COST:g}-seed{lab.seeds[0]}.json"
    cache = lab.store.folder / name
    if not cache.exists():
        lab.say("HOG and LBP with a linear classifier ...")
        write_json(cache, {"error": linear_errors(dataset, lab.seeds[0])[0]})
    kept = read_json(
        cache, fields({"error": number(0, 1)}), hint=f"remove {cache}; it is made again"
    )
    return float(kept["error"])


def _how(scale: str) -> list[str]:
    return ["Top-5 errors, ten crops, as in the paper."] if scale == "imagenet" else []


def _k(scale: str) -> int:
    return 5 if scale == "imagenet" else 1


def _probabilities(
    runs: list[Path], scale: str
) -> tuple[list[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    loaded = [training.load_run(run) for run in runs]
    test = training.load_dataset(loaded[0].config).test
    crops = 10 if scale == "imagenet" else 1
    return [probabilities(run, test, crops=crops) for run in loaded], test.labels


def _error(p: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], k: int) -> float:
    """Fraction of images whose class is not among the ``k`` most probable."""
    return evaluation.errors(p, labels)[f"top{k}_error"]


def _draw_sizes(figures: dict[str, Any]) -> Figure:
    figure, axis = new_plot(6, 3.8, "Ensembles")
    for n, group in figures["together"].items():
        errors = [100 * error for error in group["errors"]]
        axis.plot([int(n)] * len(errors), errors, ".", color="#9aa5b1")
    sizes = [int(n) for n in figures["together"]]
    axis.plot(sizes, [100 * f["mean"] for f in figures["together"].values()], "o-", color="#1f77b4")
    axis.set_xticks(sizes)
    axis.set_xlabel("nets whose probabilities are averaged")
    axis.set_ylabel("test error (%)")
    return figure


def _draw_pairs(one: list[float], ten: list[float]) -> Figure:
    figure, axis = new_plot(4.5, 3.8, "One crop and ten, one line per seed")
    for a, b in zip(one, ten, strict=True):
        axis.plot([0, 1], [100 * a, 100 * b], "o-", color="#9aa5b1", markersize=4)
    means = [100 * float(np.mean(one)), 100 * float(np.mean(ten))]
    axis.plot([0, 1], means, "D-", color="#1f77b4", label="mean")
    axis.set_xticks([0, 1], ["one crop", "ten crops"])
    axis.set_xlim(-0.3, 1.3)
    axis.set_ylabel("test error (%)")
    axis.legend()
    return figure


def _draw_order(errors: dict[str, float], intervals: dict[str, tuple[float, float]]) -> Figure:
    figure, axis = new_plot(7, 2.8, "Before 2012, one net, several nets")
    for i, (name, error) in enumerate(errors.items()):
        low, high = intervals[name]
        axis.barh(i, 100 * error, color="#a5d8ff")
        axis.plot([100 * low, 100 * high], [i, i], color="#1864ab", linewidth=3)
        axis.annotate(f" {100 * error:.1f} %", (100 * high, i), va="center")
    axis.set_yticks(range(len(errors)), list(errors))
    axis.invert_yaxis()
    axis.set_xlim(right=115 * max(high for _, high in intervals.values()))
    axis.set_xlabel("test error (%); lines: 95 % intervals")
    return figure
