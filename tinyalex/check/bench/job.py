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
    implementation : a backend's name, or ``"torch"``
    model : a name in `tinyalex.models`
    task : ``"train"``, ``"infer"``, ``"data"`` or ``"epoch"``
    image_size : side of the images; None is the model's default
    device : PyTorch's device, ``"cpu"`` or ``"cuda"``
    precision : ``"float32"``, ``"tf32"`` (of matrix products) or ``"bf16"``
    workspace_mb : maximum workspace of our GPU backend; None is its default
    overlap : whether our GPU backend copies batches while it computes
    compile : whether torch.compile is tried for PyTorch
    settings : PyTorch's settings, see `tinyalex.check.bench.torch_settings`; empty: its fastest
    """

    implementation: str
    model: str
    task: str
    batch_size: int
    threads: int
    image_size: int | None = None
    device: str = "cpu"
    precision: str = "float32"
    workspace_mb: int | None = None
    overlap: bool = True
    compile: bool = True
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """Work to time.

    Attributes
    ----------
    run : does the work once; on a GPU it may only queue the work
    images : number of images per call
    flop : useful floating-point operations per image; 0 if none are counted
    wait : returns when all queued work is done
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
