"""What figure 1's factor depends on: learning rates, initial weights and inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tinyalex import recipes
from tinyalex.report.figure import new_plot
from tinyalex.reproduce import fig1
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.lab import Lab, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HALVINGS = (2, 4)  # after these epochs the slower half of a net's learning rates is dropped
LATEST = 20  # epochs in settings other than figure 1's; a later run never reaches the error
PIXELS = 64.0  # about the standard deviation of CIFAR-10's pixels minus the mean image
INPUTS = {"conv1": 3 * 5 * 5, "conv2": 32 * 5 * 5, "conv3": 32 * 5 * 5, "fc10": 64 * 4 * 4}
GAINS = {"ReLU": math.sqrt(2), "tanh": 1.0}
SLOWER = (2,)  # tanh is also trained with its best learning rate divided by these


@dataclass(frozen=True)
class Setting:
    """Initial weights and inputs: ``by_inputs`` scales weights, ``pixels`` divides the pixels.

    By inputs, weights have the standard deviation sqrt(2 / n) before ReLU (He et al. 2015) and
    sqrt(1 / n) before tanh (LeCun et al. 1998) for n inputs of deviation 1. The first layer's
    weights are multiplied by the pixels' divisor, so that a net first computes the same. Then a
    step changes the first layer less, in proportion to the divisor's square.
    """

    name: str
    by_inputs: bool
    pixels: float
    first_rates: Mapping[str, tuple[float, ...]]

    def arm(self, net: str, rate: float, data: str) -> Arm:
        """A net with these initial weights and inputs, and a learning rate."""
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
    """Search each net's learning rate in every setting, then slow tanh down in the first."""
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
    """Try learning rates, a factor of two apart, until the best is not the first or the last."""
    rates = {(i, net): set(SETTINGS[i].first_rates[net]) for i in settings for net in GAINS}
    while True:
        arms = {
            (group, rate): (SETTINGS[group[0]].arm(group[1], rate, data), lab.seeds[0])
            for group, each in rates.items()
            for rate in sorted(each)
        }
        raced = fig1.race(lab, arms, longest, lambda key: key[0], halvings)
        tried = {group: {r: raced[group, r] for r in sorted(each)} for group, each in rates.items()}
        more = {group: _beyond(curves) for group, curves in tried.items()}
        if not any(more.values()):
            return tried
        for group, rate in more.items():
            rates[group] |= rate


def _beyond(curves: Mapping[float, fig1.Curve]) -> set[float]:
    """The next learning rate to try, if the fastest is the first or the last."""
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
    for i, start in enumerate(SETTINGS):
        there = {net: arrivals[i, net][best[i, net]] for net in GAINS}
        settings.append(
            {
                "name": start.name,
                "rates": {net: None if there[net] is None else best[i, net] for net in GAINS},
                "arrivals": there,
                "factor": _ratio(there["tanh"], there["ReLU"]),
                "searched": {
                    net: {f"{rate:g}": epochs for rate, epochs in arrivals[i, net].items()}
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
    rows = []
    for setting in settings:
        nets = [_text(setting["rates"][net], setting["arrivals"][net]) for net in GAINS]
        rows.append([setting["name"], *nets, _factor(setting["factor"])])
    for tanh in slower:
        best_rate = usual["rates"]["tanh"]
        rate = None if best_rate is None else best_rate / tanh["divisor"]
        name = f"{usual['name']}, tanh's learning rate / {tanh['divisor']}"
        relu = _text(usual["rates"]["ReLU"], usual["arrivals"]["ReLU"])
        rows.append([name, relu, _text(rate, tanh["arrival"]), _factor(tanh["factor"])])
    result = Result(
        "fig1-why",
        "What does figure 1's factor depend on?",
        "six times, each net with its own learning rate; initial weights, inputs and learning "
        "rates are not stated (section 3.1).",
        _answer(settings, slower),
        ("setting", "ReLU: learning rate, epochs", "tanh: learning rate, epochs", "factor"),
        rows,
        {"settings": settings, "slower": slower, "target": fig1.TARGET},
        [
            "One seed. In every setting each net's learning rate was searched in factors of two, "
            "until the best had a neighbour on either side or no run reached the error. The slower "
            f"half was dropped after {' and '.join(map(str, HALVINGS))} epochs (searches: "
            f"result.json); a run that needs more than {LATEST} epochs counts as never.",
            "Weights by inputs: deviations of sqrt(2 / n) before ReLU and sqrt(1 / n) before tanh "
            "for n inputs (He et al. 2015, LeCun et al. 1998), else cuda-convnet's. Where pixels "
            "are divided by 64, the first layer's weights are multiplied by 64.",
        ],
    )
    return result, _draw(settings, slower)


def _ratio(tanh: float | None, relu: float | None) -> float | None:
    return None if tanh is None or relu is None else tanh / relu


def _text(rate: float | None, epochs: float | None) -> str:
    return "never" if rate is None or epochs is None else f"{rate:g}, {epochs:.1f}"


def _factor(factor: float | None) -> str:
    return "undefined" if factor is None else f"{factor:.1f}"


def _answer(settings: list[dict[str, Any]], slower: list[dict[str, Any]]) -> str:
    """One sentence: the factor in each setting, and with a slower tanh."""
    factors = [f"{_factor(s['factor'])} ({s['name']})" for s in settings]
    said = f"With its best learning rate, ReLU is sooner by a factor of {', '.join(factors)}"
    late = [
        f"{_factor(tanh['factor'])} with 1/{tanh['divisor']} of tanh's best learning rate"
        for tanh in slower
    ]
    return f"{said}; as in figure 1, but {' or '.join(late)}."


def _draw(settings: list[dict[str, Any]], slower: list[dict[str, Any]]) -> Figure:
    bars = [(s["name"], s["factor"], "#1f77b4") for s in settings]
    bars += [(f"tanh's best rate / {s['divisor']}", s["factor"], "#9aa5b1") for s in slower]
    title = "Figure 1 with other initial weights and inputs"
    figure, axis = new_plot(7, 0.5 * len(bars) + 1.3, title)
    for i, (_, factor, colour) in enumerate(bars):
        axis.barh(i, factor or 0, color=colour)
        axis.annotate(f" {_factor(factor)}", (factor or 0, i), va="center")
    axis.axvline(6, color="#d9480f", linewidth=1, linestyle=":", label="the paper: about 6")
    axis.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15 * max(6, *(factor or 0 for _, factor, _ in bars)))
    axis.set_xlabel(f"how many times sooner ReLU reaches {fig1.TARGET:.0%} training error")
    axis.legend(loc="center right")
    return figure
