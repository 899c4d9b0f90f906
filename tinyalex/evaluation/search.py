"""How much each network's vote should count: coefficients searched on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.evaluation.ensemble import mean_probability
from tinyalex.evaluation.score import topk_wrong
from tinyalex.typed import fields, list_of, maybe, number, read_json, text

HostArray = np.ndarray[Any, Any]

_STEP = 0.05
_PASSES = 5
_TOP = 5
_SEARCH = "the file that `tinyalex evaluate A B --search-weights` wrote"
_EVALUATION = fields(
    {
        "coefficients": list_of(number(0, 1e6), least=1, most=100_000),
        "runs": list_of(fields({"run": text()}), least=1, most=100_000),
    },
    {"search": fields({}, {"data_fingerprint": maybe(text(1000))})},
)


def search_part(labels: HostArray, fraction: float, seed: int = 0) -> HostArray:
    """Choose the images on which coefficients are searched, a share of every class.

    Parameters
    ----------
    labels : int (N,)
    fraction : float
        Between 0 and 1; the chosen images are never reported on.
    seed : int

    Returns
    -------
    bool (N,), True for the search

    Raises
    ------
    ConfigError
        The fraction leaves one of the two parts without an image.
    """
    if not 0 < fraction < 1:
        raise ConfigError(
            f"--search-on must be between 0 and 1 (got {fraction})", "--search-on 0.5"
        )
    # Classes one after the other, each shuffled; then every so many-th image of that line.
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    line = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counted = np.floor(np.arange(len(labels) + 1) * fraction + 1e-9)
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[line[np.diff(counted) > 0]] = True
    if not 0 < chosen.sum() < len(labels):
        raise ConfigError(
            f"--search-on {fraction:g} of {len(labels)} images leaves nothing to search on, or "
            "nothing to report on",
            "--search-on 0.5, or more images",
        )
    return chosen


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes
    ----------
    coefficients : list of float
        One a network, of sum 1.
    passes, tried : int
        Passes over the networks; mixtures that were measured.
    """

    coefficients: list[float]
    passes: int
    tried: int


def search_coefficients(each: Sequence[HostArray], labels: HostArray) -> Found:
    """Search coefficients that give the mixture the smallest top-5 error.

    One network after the other tries 0, 0.05, ... 1 while the rest stay, and keeps what is
    strictly better; until a pass changes nothing, at most five. It starts from equal weights, draws
    nothing at random, and so gives the same answer every time.

    Parameters
    ----------
    each : sequence of float (N, classes)
        Probabilities, an array a network.
    labels : int (N,)

    Notes
    -----
    The authors' script (AlexNet-Source-Code, avg-valid.py, ``find_coeffs``) searches so on the
    validation images, for the top-5 error. Where that is the same, here the top-1 error and then
    the mean loss decide: with few classes the top-5 error says nothing.
    """
    if len(each) < 2:
        raise ConfigError("--search-weights needs at least two runs", "tinyalex evaluate A B")
    grid = [round(i * _STEP, 10) for i in range(round(1 / _STEP) + 1)]
    coefficients = [0.5] * len(each)
    best = _score(sum(0.5 * p for p in each), labels)
    tried, passes = 1, 0
    for passes in range(1, _PASSES + 1):  # noqa: B007 (told afterwards)
        changed = False
        for i, p in enumerate(each):
            rest = [
                (c, q) for j, (c, q) in enumerate(zip(coefficients, each, strict=True)) if j != i
            ]
            others = sum(c * q for c, q in rest)
            for c in grid:
                if c == coefficients[i] or c + sum(c for c, _ in rest) == 0:
                    continue
                tried += 1
                score = _score(others + c * p, labels)
                if score < best:
                    best, coefficients[i], changed = score, c, True
        if not changed:
            break
    total = sum(coefficients)
    return Found([c / total for c in coefficients], passes, tried)


def read_coefficients(
    path: Path, runs: Sequence[str], fingerprint: str
) -> tuple[list[float], str | None]:
    """Read what a search wrote to its file, for these runs.

    Coefficients go by the runs' folders; if those are others, by their order. Also returned is the
    fingerprint of the data on which they were searched.

    Raises
    ------
    ConfigError
        The file cannot be read or holds no coefficients; there is not one a run; or these images
        are the ones on which they were searched.
    """
    try:
        content = read_json(Path(path), _EVALUATION, ConfigError, hint=_SEARCH)
    except FileNotFoundError:
        raise ConfigError(f"--weights-from {path}: no such file", _SEARCH) from None
    except ConfigError as error:
        raise ConfigError(f"--weights-from {error.message}", error.hint) from error
    found = [float(c) for c in content["coefficients"]]
    names = [run["run"] for run in content["runs"]]
    searched_on = content.get("search", {}).get("data_fingerprint")
    if not sum(found) > 0 or len(found) != len(names):
        raise ConfigError(f"--weights-from {path}: its coefficients are not usable ({found})")
    if len(found) != len(runs):
        raise ConfigError(
            f"--weights-from {path}: {len(found)} coefficients for {len(runs)} runs",
            "the same runs, in the same order: " + " ".join(names),
        )
    if searched_on == fingerprint:
        raise ConfigError(
            f"--weights-from {path}: searched on images of this very data set; a test error on "
            "them would flatter",
            "--data OTHER; the file has the error on the images that were held back",
        )
    if sorted(names) == sorted(runs):
        found = [found[names.index(run)] for run in runs]
    return [c / sum(found) for c in found], searched_on


def _score(p: Any, labels: HostArray) -> tuple[float, float, float]:
    """Top-5 and top-1 mistakes, and the mean loss, of a mixture of any total."""
    wrong = [float(topk_wrong(np, p, labels, min(k, p.shape[1]))) for k in (_TOP, 1)]
    right = p[np.arange(len(labels)), labels].astype(np.float64) / p.sum(axis=1)
    return wrong[0], wrong[1], float(-np.log(np.maximum(right, 1e-30)).mean())


def mixed(each: Sequence[HostArray], coefficients: Sequence[float] | None) -> HostArray:
    """The networks' vote with coefficients, equal ones if None."""
    if coefficients is None:
        return mean_probability(each)
    mixture: HostArray = sum(c * p for c, p in zip(coefficients, each, strict=True))  # type: ignore[assignment]
    return mixture
