"""What figure 1's factor hangs on: the same race with other rates, first weights and inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tinyalex import recipes
from tinyalex.reproduce import fig1
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HALVINGS = (2, 4)  # epochs after which the slower half of a net's rates is given up
LATEST = 20  # epochs in another setting than figure 1's; who has not arrived then never does
PIXELS = 64.0  # about the standard deviation of CIFAR-10's pixels less the mean image
INPUTS = {"conv1": 3 * 5 * 5, "conv2": 32 * 5 * 5, "conv3": 32 * 5 * 5, "fc10": 64 * 4 * 4}
GAINS = {"ReLU": math.sqrt(2), "tanh": 1.0}
SLOWER = (2,)  # tanh's best rate is divided by these as well


@dataclass(frozen=True)
class Setting:
    """How nets start: whether weights go by a unit's inputs, and what pixels are divided by.

    By inputs, weights have the standard deviation sqrt(2 / n) before ReLU (He et al. 2015) and
    sqrt(1 / n) before tanh (LeCun et al. 1998) for n inputs of deviation 1. Whatever pixels are
    divided by, the first layer's weights are multiplied by, so that a net computes the same at
    first; then a step moves the first layer less, in proportion to the divisor's square.
    """

    name: str
    by_inputs: bool
    pixels: float
    first_rates: Mapping[str, tuple[float, ...]]

    def arm(self, net: str, rate: float, data: str) -> Arm:
        """A net with a rate, started so."""
        recipe = recipes.get(fig1.MODELS[net])
        sigmas = {layer: float(recipe.init[f"{layer}.weight"][-1]) for layer in INPUTS}
        if self.by_inputs:
            sigmas = {layer: GAINS[net] / math.sqrt(n) for layer, n in INPUTS.items()}
            sigmas["conv1"] /= PIXELS
        sigmas["conv1"] *= self.pixels
        init = dict(recipe.init) | {f"{k}.weight": ("normal", s) for k, s in sigmas.items()}
        recipe = replace(recipe, lr=rate, init=init, scale=1 / self.pixels)
        name = f"{net}, {self.name}, rate {rate:g}"
        return Arm(name, fig1.MODELS[net], recipe, data, growing=True, may_diverge=True)


_OF_BYTES = {"ReLU": (0.0000625, 0.000125, 0.00025), "tanh": (0.00025, 0.0005, 0.001)}
_OF_ONES = {"ReLU": (0.01, 0.02, 0.04), "tanh": (0.02, 0.04, 0.08)}
SETTINGS = (
    Setting("as in figure 1", False, 1.0, fig1.RATES),
    Setting("weights by inputs", True, 1.0, _OF_BYTES),
    Setting("pixels / 64", False, PIXELS, _OF_ONES),
    Setting("weights by inputs, pixels / 64", True, PIXELS, _OF_ONES),
)


def run(lab: Lab) -> tuple[Result, Figure]:
    """Search each net's rate in every setting, then slow tanh down in the first."""
    data, longest = lab.data_or("cifar10"), lab.epochs or fig1.LONGEST
    searched = _search(lab, data, longest, (0,), fig1.HALVINGS)
    searched |= _search(lab, data, min(longest, LATEST), range(1, len(SETTINGS)), HALVINGS)
    best = {group: fig1.fastest(curves) for group, curves in searched.items()}
    rate = best[0, "tanh"]
    slow = {r: (SETTINGS[0].arm("tanh", rate / r, data), lab.seeds[0]) for r in SLOWER}
    return _result(searched, best, fig1.race(lab, slow, longest))


Group = tuple[int, str]  # which of `SETTINGS`, and the net


def _search(
    lab: Lab, data: str, longest: int, settings: Iterable[int], halvings: Sequence[int]
) -> dict[Group, dict[float, fig1.Curve]]:
    """Race rates, a factor of two apart, until none at an end of a net's list is the best."""
    rates = {(i, net): set(SETTINGS[i].first_rates[net]) for i in settings for net in GAINS}
    while True:
        arms = {
            (group, rate): (SETTINGS[group[0]].arm(group[1], rate, data), lab.seeds[0])
            for group, each in rates.items()
            for rate in sorted(each)
        }
        raced = fig1.race(lab, arms, longest, lambda key: key[0], halvings)
        found = {group: {r: raced[group, r] for r in sorted(each)} for group, each in rates.items()}
        more = {group: _beyond(curves) for group, curves in found.items()}
        if not any(more.values()):
            return found
        for group, rate in more.items():
            rates[group] |= rate


def _beyond(curves: Mapping[float, fig1.Curve]) -> set[float]:
    """The next rate, if the fastest is the first or last one tried."""
    rate = fig1.fastest(curves)
    if fig1.arrival(curves[rate]) is None:
        return set()
    if rate == min(curves):
        return {rate / 2}
    return {rate * 2} if rate == max(curves) else set()


def _result(
    searched: dict[Group, dict[float, fig1.Curve]],
    best: dict[Group, float],
    slow: dict[int, fig1.Curve],
) -> tuple[Result, Figure]:
    arrivals = {
        group: {rate: fig1.arrival(curve) for rate, curve in curves.items()}
        for group, curves in searched.items()
    }
    settings: list[dict[str, Any]] = []
    for i, setting in enumerate(SETTINGS):
        there = {net: arrivals[i, net][best[i, net]] for net in GAINS}
        settings.append(
            {
                "name": setting.name,
                "rates": {net: None if there[net] is None else best[i, net] for net in GAINS},
                "arrivals": there,
                "factor": _ratio(there["tanh"], there["ReLU"]),
                "searched": {
                    net: {f"{rate:g}": found for rate, found in arrivals[i, net].items()}
                    for net in GAINS
                },
            }
        )
    usual = settings[0]
    slower = [
        {
            "divisor": divisor,
            "arrival": fig1.arrival(curve),
            "factor": _ratio(fig1.arrival(curve), usual["arrivals"]["ReLU"]),
        }
        for divisor, curve in slow.items()
    ]
    rows = [
        [
            s["name"],
            *(_text(s["rates"][net], s["arrivals"][net]) for net in GAINS),
            _factor(s["factor"]),
        ]
        for s in settings
    ]
    for one in slower:
        best_rate = usual["rates"]["tanh"]
        rate = None if best_rate is None else best_rate / one["divisor"]
        rows.append(
            [
                f"{usual['name']}, tanh's rate divided by {one['divisor']}",
                _text(usual["rates"]["ReLU"], usual["arrivals"]["ReLU"]),
                _text(rate, one["arrival"]),
                _factor(one["factor"]),
            ]
        )
    result = Result(
        "fig1-why",
        "What does figure 1's factor hang on?",
        "six times, each net at a rate of its own; first weights, inputs and rates are not named "
        "(section 3.1).",
        _answer(settings, slower),
        ("setting", "ReLU: rate, epochs", "tanh: rate, epochs", "factor"),
        rows,
        {"settings": settings, "slower": slower, "target": fig1.TARGET},
        [
            "One seed. In every setting each net's rate was searched, a factor of two apart, until "
            "the best had one on either side or nobody arrived; the slower half was given up after "
            f"{' and '.join(map(str, HALVINGS))} epochs (searches: result.json), and who had not "
            f"arrived after {LATEST} counts as never.",
            "Weights by inputs: deviations of sqrt(2 / n) before ReLU and sqrt(1 / n) before tanh "
            "for n inputs (He et al. 2015, LeCun et al. 1998), else cuda-convnet's. Where pixels "
            "are divided by 64 the first layer's weights are multiplied by it.",
        ],
    )
    return result, _draw(settings, slower)


def _ratio(tanh: float | None, relu: float | None) -> float | None:
    return None if tanh is None or relu is None else tanh / relu


def _text(rate: float | None, epochs: float | None) -> str:
    return "never" if rate is None or epochs is None else f"{rate:g}, {epochs:.1f}"


def _factor(factor: float | None) -> str:
    return "none, not both are there" if factor is None else f"{factor:.1f}"


def _answer(settings: list[dict[str, Any]], slower: list[dict[str, Any]]) -> str:
    """In a sentence: the factor in each setting, and what a slower tanh makes of it."""
    factors = [f"{_factor(s['factor'])} ({s['name']})" for s in settings]
    said = f"Each at its best rate, ReLU is sooner by a factor of {', '.join(factors)}"
    late = [
        f"{_factor(one['factor'])} with tanh at 1/{one['divisor']} of its best rate"
        for one in slower
    ]
    return f"{said}; as in figure 1 but {' or '.join(late)}."


def _draw(settings: list[dict[str, Any]], slower: list[dict[str, Any]]) -> Figure:
    from matplotlib.figure import Figure

    bars = [(s["name"], s["factor"], "#1f77b4") for s in settings]
    bars += [(f"tanh's best rate / {one['divisor']}", one["factor"], "#9aa5b1") for one in slower]
    figure = Figure(figsize=(7, 0.5 * len(bars) + 1.3), layout="constrained", facecolor="white")
    axis = figure.subplots()
    for i, (_, factor, colour) in enumerate(bars):
        axis.barh(i, factor or 0, color=colour)
        axis.annotate(f" {_factor(factor)}", (factor or 0, i), va="center")
    axis.axvline(6, color="#d9480f", linewidth=1, linestyle=":", label="the paper: about 6")
    axis.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15 * max(6, *(factor or 0 for _, factor, _ in bars)))
    axis.set_xlabel(f"how many times sooner ReLU reaches {fig1.TARGET:.0%} training error")
    axis.set_title("Figure 1 from other starts")
    axis.legend(loc="center right")
    axis.spines[["top", "right"]].set_visible(False)
    return figure
