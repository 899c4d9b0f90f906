"""The job of a worker process: plain values, so that it can be sent as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TASKS = ("train", "infer", "data")
ALONE = ("epoch",)  # tasks without PyTorch


@dataclass(frozen=True)
class Job:
    """One implementation, one task, one size.

    Attributes
    ----------
    contestant : str
        A backend's name, or ``"torch"``.
    model : str
        A name in `tinyalex.models`.
    task : ``"train"``, ``"infer"``, ``"data"`` or ``"epoch"``
    batch_size, threads : int
    image_size : int or None
        Side of the images; None is the model's default.
    device : ``"cpu"`` or ``"cuda"``
        PyTorch's device.
    precision : ``"float32"`` or ``"tf32"``
        Precision of matrix products, for all implementations.
    workspace_mb : int or None
        Maximum workspace of our GPU backend; None is its default.
    overlap : bool
        Whether our GPU backend copies batches while it computes.
    settings : dict of str to bool
        PyTorch's settings, see `tinyalex.check.bench.peer`.
    """

    contestant: str
    model: str
    task: str
    batch_size: int
    threads: int
    image_size: int | None = None
    device: str = "cpu"
    precision: str = "float32"
    workspace_mb: int | None = None
    overlap: bool = True
    settings: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """Work to time.

    Attributes
    ----------
    run : callable
        Does the work once; on a GPU it may only queue the work.
    images : int
        Number of images per call.
    flop : int
        Useful floating-point operations per image; 0 if none are counted.
    wait : callable
        Returns when all queued work is done.
    """

    run: Callable[[], Any]
    images: int
    flop: int = 0
    wait: Callable[[], Any] = lambda: None

    def seconds(self, repeats: int) -> float:
        """Return the seconds per call, the mean of ``repeats`` calls in a row.

        The clock stops when the device is done. Between calls nothing waits, as in training.
        """
        self.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            self.run()
        self.wait()
        return (time.perf_counter() - start) / repeats


def stored_side(crop: int) -> int:
    """Return the side of the stored images for crops of ``crop`` pixels.

    ImageNet is stored 256 pixels wide (paper, section 2), CIFAR-10 32.
    """
    return max(crop, 256 if crop > 32 else 32)
