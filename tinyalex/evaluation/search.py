"""Coefficients of the networks in an ensemble, searched on held-out images."""

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
_SEARCH = "the file that `tinyalex evaluate A B --search-coefficients` wrote"
_EVALUATION = fields(
    {
        "coefficients": list_of(number(0, 1e6), least=1, most=100_000),
        "runs": list_of(fields({"run": text()}), least=1, most=100_000),
    },
    {"search": fields({}, {"data_fingerprint": maybe(text(1000))})},
)


def search_part(labels: HostArray, fraction: float, seed: int = 0) -> HostArray:
    """Choose a fraction of each class's images for the search.

    Parameters
    ----------
    labels : int (N,)
    fraction : float
        Above 0 and below 1.
    seed : int
        Which images are chosen.

    Returns
    -------
    bool (N,)
        True for the search; reported errors are those of the other images.

    Raises
    ------
    ConfigError
        The fraction is not allowed, or one of the two parts has no image.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1])
    >>> labels[search_part(labels, fraction=0.5)]
    array([0, 1])
    """
    if not 0 < fraction < 1:
        raise ConfigError(
            f"--search-on must be between 0 and 1 (got {fraction})", "--search-on 0.5"
        )
    # Sort shuffled images by class, and choose from the sequence at equal distances.
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counted = np.floor(np.arange(len(labels) + 1) * fraction + 1e-9)
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[by_class[np.diff(counted) > 0]] = True
    if not 0 < chosen.sum() < len(labels):
        raise ConfigError(
            f"--search-on {fraction:g} of {len(labels)} images leaves nothing to search on, or "
            "nothing to report on",
            "--search-on 0.5, or more images",
        )
    return chosen


@dataclass(frozen=True)
class Found:
    """The result of a search."""

    coefficients: list[float]  # one per network; their sum is 1
    passes: int  # over the networks
    tried: int  # mixtures measured


def search_coefficients(each: Sequence[HostArray], labels: HostArray) -> Found:
    """Search the coefficients with which the mixture's top-5 error is smallest.

    Coordinate descent from equal coefficients: each network in turn tries 0, 0.05, ... 1 and keeps
    what is strictly better. It ends when a pass changes nothing, after at most five passes.

    Parameters
    ----------
    each : sequence of float (N, classes)
        Probabilities, one array per network.
    labels : int (N,)

    Notes
    -----
    The authors' script (AlexNet-Source-Code, avg-valid.py, ``find_coeffs``) does the same on the
    validation images. Where the top-5 error is equal, here the top-1 error and then the mean loss
    decide: with few classes the top-5 error says nothing.

    Examples
    --------
    >>> right, wrong = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.1, 0.9], [0.8, 0.2]])
    >>> search_coefficients([right, wrong], np.array([0, 1])).coefficients
    [1.0, 0.0]
    """
    if len(each) < 2:
        raise ConfigError("--search-coefficients needs at least two runs", "tinyalex evaluate A B")
    grid = [round(i * _STEP, 10) for i in range(round(1 / _STEP) + 1)]
    coefficients = [0.5] * len(each)
    best = _score(sum(0.5 * p for p in each), labels)
    tried, passes = 1, 0
    for passes in range(1, _PASSES + 1):  # noqa: B007 (told afterwards)
        changed = False
        for i, p in enumerate(each):
            rest = [(coefficients[j], q) for j, q in enumerate(each) if j != i]
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
    """Read the coefficients that a search has written, and the fingerprint of its data.

    Coefficients are matched by the runs' folders, or by their order where the folders differ.

    Raises
    ------
    ConfigError
        The file cannot be read, does not hold one coefficient per run, or the search was on these
        very data.
    """
    try:
        content = read_json(Path(path), _EVALUATION, ConfigError, hint=_SEARCH)
    except FileNotFoundError:
        raise ConfigError(f"--coefficients-from {path}: no such file", _SEARCH) from None
    except ConfigError as error:
        raise ConfigError(f"--coefficients-from {error.message}", error.hint) from error
    coefficients = [float(c) for c in content["coefficients"]]
    names = [run["run"] for run in content["runs"]]
    searched_on = content.get("search", {}).get("data_fingerprint")
    if not sum(coefficients) > 0 or len(coefficients) != len(names):
        raise ConfigError(
            f"--coefficients-from {path}: its coefficients are not usable ({coefficients})"
        )
    if len(coefficients) != len(runs):
        raise ConfigError(
            f"--coefficients-from {path}: {len(coefficients)} coefficients for {len(runs)} runs",
            "the same runs, in the same order: " + " ".join(names),
        )
    if searched_on == fingerprint:
        raise ConfigError(
            f"--coefficients-from {path}: searched on images of this very data set; a test error "
            "on them would be too low",
            "--data OTHER; the file has the error on the held-out images",
        )
    if sorted(names) == sorted(runs):
        coefficients = [coefficients[names.index(run)] for run in runs]
    return [c / sum(coefficients) for c in coefficients], searched_on


def _score(p: Any, labels: HostArray) -> tuple[float, float, float]:
    """Top-5 and top-1 mistakes, and the mean loss, of a mixture with any sum of coefficients."""
    wrong = [float(topk_wrong(np, p, labels, min(k, p.shape[1]))) for k in (_TOP, 1)]
    right = p[np.arange(len(labels)), labels].astype(np.float64) / p.sum(axis=1)
    return wrong[0], wrong[1], float(-np.log(np.maximum(right, 1e-30)).mean())


def mixed(each: Sequence[HostArray], coefficients: Sequence[float] | None) -> HostArray:
    """The mean of the probabilities, weighted by coefficients; None means equal ones."""
    if coefficients is None:
        return mean_probability(each)
    mixture: HostArray = sum(c * p for c, p in zip(coefficients, each, strict=True))  # type: ignore[assignment]
    return mixture
