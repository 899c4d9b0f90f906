"""The test error of one run, or of several as an ensemble."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import data as datasets
from tinyalex import notice
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import ConfigError
from tinyalex.evaluation import inverted as negatives
from tinyalex.evaluation.confusion import MATRIX_CLASSES, confusion, confusion_pairs
from tinyalex.evaluation.doubts import doubts
from tinyalex.evaluation.score import topk_wrong
from tinyalex.evaluation.search import (
    HostArray,
    mixed,
    read_coefficients,
    search_coefficients,
    search_part,
)
from tinyalex.evaluation.views import check_crops, probabilities
from tinyalex.group import Alone, Group
from tinyalex.runs.checkpoint import read_head
from tinyalex.runs.config import versions
from tinyalex.runs.load import Run, load_dataset, load_run
from tinyalex.runs.moved import in_place
from tinyalex.weights.classes import synset_of


def evaluate(
    runs: Sequence[Path | str],
    data: str | None = None,
    data_root: Path | None = None,
    crops: int = 1,
    backend: str = "auto",
    threads: int | None = None,
    precision: str | None = None,
    search_on: float | None = None,
    coefficients_from: Path | None = None,
    invert: bool = False,
    group: Group | None = None,
    batch_size: int = 128,
) -> dict[str, Any]:
    """Measure runs on test images: each alone, and all as an ensemble (mean probability).

    Parameters
    ----------
    runs : sequence of folders
    data : str, optional
        By default the first run's own; other data must have the same classes.
    data_root : Path, optional
    crops : int
        1, 9 or 10 crops per image; see `probabilities`.
    backend, threads, precision : optional
    search_on : float, optional
        Search the runs' coefficients on this fraction of the images (`search_coefficients`), and
        report errors on the others. By default the runs count equally.
    coefficients_from : file, optional
        Use the coefficients from the evaluation.json of a search on other data.
    invert : bool
        Exchange light and dark in the images; see `predict`.
    group : Group, optional
        The workers that share the images; all of them must call this, and all get the same
        result as one worker.
    batch_size : int
        Images that a worker computes at once.

    Returns
    -------
    dict
        ``top1_error`` and ``top5_error`` (0 to 1) of the ensemble, ``n`` test images, ``crops``,
        ``runs`` (one dict per run, with its own errors), ``classes``, ``confusion_pairs``,
        ``warnings``; with at most 100 classes also ``confusion``. Where the data have only some of
        the network's classes, ``classes_measured``: their number, and the errors among these
        alone. With coefficients also ``coefficients`` (of sum 1), ``equal_weights`` (the errors
        without them) and ``search`` (where and how they were found).

    Raises
    ------
    ConfigError
        No run is named, ``crops`` is not 1, 9 or 10, coefficients do not fit, or the runs and the
        data differ in their classes or image sizes.
    GroupError
        The workers differ in their versions, runs or data.

    Examples
    --------
    >>> from tinyalex import training
    >>> errors = evaluate(["runs/tiny-digits-seed0"], backend="numpy")
    >>> summary = training.read_summary("runs/tiny-digits-seed0")
    >>> errors["n"], errors["top1_error"] == summary["top1_error"]
    (360, True)
    """
    if not runs:
        raise ConfigError("evaluate: no run is named", "runs/tiny-digits-seed0")
    check_crops(crops)
    if search_on is not None and coefficients_from is not None:
        text = "--search-coefficients and --coefficients-from exclude each other"
        raise ConfigError(text, "only one of them")
    group = group or Alone()
    threads = group.share_of(usable_cores()) if threads is None else threads
    loaded = [load_run(folder, backend, threads, precision) for folder in runs]
    trained_on: list[str] | None = None
    if data is None:
        data = in_place(loaded[0].config, None, data_root).data
    elif os.path.realpath(data) not in {os.path.realpath(run.config.data) for run in loaded}:
        trained_on = [run.config.facts.get("data_fingerprint", "") for run in loaded]
    sets: dict[tuple[Any, ...], datasets.Dataset] = {}
    each, warned = [], []
    labels: HostArray = np.zeros(0, dtype=np.int64)
    for run in loaded:
        dataset = _dataset(run, data, data_root, sets, trained_on)
        if len(labels) and not np.array_equal(labels, dataset.test.labels):
            raise ConfigError(
                f"{run.folder}: its test images are not those of {loaded[0].folder}",
                "runs on the same data",
            )
        labels = dataset.test.labels
        if invert:
            dataset = replace(dataset, test=negatives.inverted(run, dataset.test))
        elif (warning := negatives.warning(run, dataset.test)) and warning not in warned:
            warned.append(warning)
        _check_workers(group, run, dataset)
        p = probabilities(run, dataset.test, crops, batch_size, group)
        warned += doubts(run, dataset, p)
        each.append(p)
    coefficients: list[float] | None = None
    more: dict[str, Any] = {}
    fingerprint = dataset.fingerprint
    if search_on is not None:
        chosen = search_part(labels, search_on)
        more["search"] = _search([p[chosen] for p in each], labels[chosen])
        more["search"] |= {"fraction": search_on, "data_fingerprint": fingerprint}
        coefficients = more["search"]["coefficients"]
        each, labels = [p[~chosen] for p in each], labels[~chosen]
    elif coefficients_from is not None:
        folders = [str(run.folder) for run in loaded]
        coefficients, searched_on = read_coefficients(coefficients_from, folders, fingerprint)
        more["search"] = {"file": str(coefficients_from), "data_fingerprint": searched_on}
    if coefficients is not None:
        more["coefficients"] = coefficients
        more["equal_weights"] = errors(mixed(each, None), labels)
    together = mixed(each, coefficients)
    classes = loaded[0].classes
    if min(len(used.classes) for used in sets.values()) < len(classes):
        more["classes_measured"] = _alone(together, labels, data)
    answers = labels, together.argmax(axis=1), len(classes)
    more["confusion_pairs"] = confusion_pairs(*answers).tolist()
    if len(classes) <= MATRIX_CLASSES:
        more["confusion"] = confusion(*answers).tolist()
    return {
        **errors(together, labels),
        "n": len(labels),
        "crops": crops,
        "data": data,
        "data_fingerprint": fingerprint,
        "runs": [
            {"run": str(run.folder), "model": run.model.name, **errors(p, labels)}
            for run, p in zip(loaded, each, strict=True)
        ],
        **more,
        "classes": classes,
        "warnings": warned,
    }


def _check_workers(group: Group, run: Run, dataset: datasets.Dataset) -> None:
    """Refuse workers that would measure different things."""
    if group.size == 1:
        return
    here = versions()
    here.pop("platform")
    group.check_same(here, "the same environment for all workers")
    checkpoint, _ = read_head(run.folder) or ("", {})
    group.check_same({"weights": checkpoint}, f"the same {run.folder} for all workers")
    group.check_same({"data": dataset.fingerprint}, "the same data for all workers")


def _alone(p: HostArray, labels: HostArray, data: str) -> dict[str, Any]:
    """The errors where only the classes of the data may be predicted; the user is told of them."""
    known, labels = np.unique(labels, return_inverse=True)
    alone = errors(p[:, known], labels)
    notice.tell(
        f"{data}: {len(known)} of the network's {p.shape[1]} classes are measured. Errors are "
        f"among all {p.shape[1]} outputs; among these {len(known)} alone top-1 is "
        f"{100 * alone['top1_error']:.2f} %"
    )
    return {"classes": len(known), **alone}


def _search(each: list[HostArray], labels: HostArray) -> dict[str, Any]:
    """Search coefficients; also gives the mixture's errors on the images of the search."""
    best = search_coefficients(each, labels)
    return {
        **errors(mixed(each, best.coefficients), labels),
        "equal_weights": errors(mixed(each, None), labels),
        "n": len(labels),
        "coefficients": best.coefficients,
        "passes": best.passes,
        "tried": best.tried,
    }


def errors(p: HostArray, labels: HostArray) -> dict[str, float]:
    """Top-1 and top-5 error, 0 to 1; top-C with fewer than five classes.

    Parameters
    ----------
    p : float (N, classes)
        Probabilities.
    labels : int (N,)

    Examples
    --------
    >>> errors(np.array([[0.9, 0.1], [0.2, 0.8]]), labels=np.array([0, 0]))
    {'top1_error': 0.5, 'top5_error': 0.0}
    """
    n, classes = p.shape
    return {f"top{k}_error": float(topk_wrong(np, p, labels, min(k, classes))) / n for k in (1, 5)}


def _dataset(
    run: Run,
    name: str,
    root: Path | None,
    sets: dict[tuple[Any, ...], datasets.Dataset],
    trained_on: Sequence[str] | None,
) -> datasets.Dataset:
    """The data as this run's network takes them; ``sets`` keeps what was loaded.

    ``trained_on``, the fingerprints of the runs' own data, is given for other data than these: they
    may consist of test images only, and may lack classes.
    """
    config = replace(run.config, data=name, data_root=root or run.config.data_root)
    key = (config.data, config.data_root, config.recipe.image_size, tuple(run.classes))
    if key not in sets:
        measured = None if trained_on is None else run.classes
        sets[key] = load_dataset(config, measured, trained_on or ())
    dataset = datasets.among(sets[key], run.classes, synset_of)
    if list(dataset.classes) != run.classes and set(dataset.classes) == set(run.classes):
        raise ConfigError(
            f"{run.folder}: trained on the same classes in another order ({_few(run.classes)}; "
            f"{name} has {_few(dataset.classes)}): its outputs would be given wrong names",
            "`tinyalex train --init-from` it, which puts the classes in order; ImageNet's are "
            "sorted by synset, the development kit's own ids are not",
        )
    if list(dataset.classes) != run.classes:
        raise ConfigError(
            f"{run.folder}: trained on the classes {_few(run.classes)}; {name} has "
            f"{_few(dataset.classes)}",
            "data with the classes that the run was trained on",
        )
    if list(dataset.image_shape) != list(run.config.facts["image_shape"]):
        raise ConfigError(
            f"{run.folder}: trained on {tuple(run.config.facts['image_shape'])} images "
            f"(height, width, channels); those of {name} are {dataset.image_shape}"
        )
    return dataset


def _few(classes: Sequence[str]) -> str:
    return f"{', '.join(classes[:3])}{', ...' if len(classes) > 3 else ''} ({len(classes)})"
