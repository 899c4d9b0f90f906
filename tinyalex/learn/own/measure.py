"""A run's test errors, measured by a student's own answers to the exercises on evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinyalex import backends, training
from tinyalex.evaluation.views import probabilities
from tinyalex.learn.own.calling import Array
from tinyalex.learn.own.operations import OwnOperations
from tinyalex.learn.own.train import one_thread
from tinyalex.runs.moved import in_place
from tinyalex.training import Run

TEN_CROPS = "20_ten_crops"
TOPK = "21_ensemble"
MOST_IMAGES = 500  # that ten crops are taken of


def own_errors(folder: Path, operations: OwnOperations) -> list[str]:
    """Lines with the errors that the student's functions find; empty without exercises 20 and 21.

    Raises
    ------
    OwnError
        A function of the student raises, or returns something unusable.
    """
    if not {TEN_CROPS, TOPK} & operations.answers.keys():
        return []
    run = training.load_run(folder, "numpy", threads=1)
    run.backend = operations.backend(backends.get("numpy", threads=1))
    run.model.to(run.backend)
    test = training.load_dataset(in_place(run.config, None, None)).test
    lines = []
    with one_thread():
        if TOPK in operations.answers:
            p = probabilities(run, test)
            lines.append(
                f"test error by your topk_error: {_percent(_error(operations, p, test.labels))}"
            )
        if TEN_CROPS in operations.answers and run.preprocessing.suits_ten_crops:
            part = test.subset(np.arange(min(len(test), MOST_IMAGES)))
            averaged = _ten_crops(run, operations, part.images(np.arange(len(part))))
            wrong = _percent(_error(operations, averaged, part.labels))
            lines.append(f"with your ten crops: {wrong} of {len(part)} images")
    return lines


def _error(operations: OwnOperations, p: Array, labels: Array) -> float:
    """By the student's topk_error, or by argmax without it."""
    if TOPK not in operations.answers:
        return float((p.argmax(axis=1) != labels).mean())
    own = operations.own(TOPK, "topk_error")
    result = np.asarray(own(p, labels, 1))
    return float(own.checked(result, np.zeros(()), (), (p, labels, 1)))


def _ten_crops(run: Run, operations: OwnOperations, images: Array) -> Array:
    """The probabilities of images, uint8 (N, H, W, C), averaged over the student's ten crops."""
    how, crops = run.preprocessing, operations.own(TEN_CROPS, "ten_crops")
    side = how.crop or images.shape[1]
    mean = 0.0 if how.mean is None else how.mean
    scale = np.asarray(how.scale, np.float32).reshape(-1, 1, 1)
    logits = []
    for image in images:
        ten = crops.array(image, (10, side, side, image.shape[2]), image, (side, side))
        x = (ten.transpose(0, 3, 1, 2).astype(np.float32) - mean) * scale
        logits.append(run.model.forward(x))
    z = np.stack(logits)
    return operations.own(TEN_CROPS, "ten_crop_average").array(z, (len(z), z.shape[2]), z)


def _percent(error: float) -> str:
    return f"{100 * error:.2f} %"
