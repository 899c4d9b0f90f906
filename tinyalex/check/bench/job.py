"""What one worker process is asked to do: plain values, so that they travel as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TASKS = ("train", "infer", "data")
ALONE = ("epoch",)  # tasks in which PyTorch has no part


@dataclass(frozen=True)
class Job:
    """One contestant, one task, one size.

    Attributes
    ----------
    contestant : str
        A backend's name, or ``"torch"``.
    model : str
        A name in `tinyalex.models`.
    task : ``"train"``, ``"infer"``, ``"data"`` or ``"epoch"``
    batch_size, threads : int
    image_size : int or None
        Side of the images; None is the model's own.
    device : ``"cpu"`` or ``"cuda"``
        Where PyTorch computes.
    precision : ``"float32"`` or ``"tf32"``
        Of matrix products, whoever computes.
    workspace_mb : int or None
        Bound of our workspace on a GPU; None is the backend's own.
    overlap : bool
        Whether our GPU gets its next batches while it computes.
    settings : dict of str to bool
        PyTorch's choices, see `tinyalex.check.bench.peer`.
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
    """Something to time.

    Attributes
    ----------
    run : callable
        Does the work once; on a GPU it may only be queued when this returns.
    images : int
        How many images one call treats.
    flop : int
        Useful floating-point operations for one image; 0 where none are counted.
    wait : callable
        Returns when all that was queued is done.
    """

    run: Callable[[], Any]
    images: int
    flop: int = 0
    wait: Callable[[], Any] = lambda: None

    def seconds(self, repeats: int) -> float:
        """Seconds of one call, the mean of ``repeats`` calls in a row.

        The clock stops when the device is done. In between nobody waits for it, as in training.
        """
        self.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            self.run()
        self.wait()
        return (time.perf_counter() - start) / repeats


def stored_side(crop: int) -> int:
    """Side of the stored images that crops of ``crop`` pixels are taken from.

    Those of ImageNet are kept 256 wide (paper, section 2), those of CIFAR-10 are 32 wide.
    """
    return max(crop, 256 if crop > 32 else 32)
