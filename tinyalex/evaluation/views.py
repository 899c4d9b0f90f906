"""A network's probabilities for images, from the centre crop or averaged over several crops."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

import numpy as np

from tinyalex import data, notice
from tinyalex.backends import Array
from tinyalex.errors import ConfigError
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Alone, Group, Shards
from tinyalex.models import Model
from tinyalex.runs.load import Run

VIEWS = {1: "center", 9: "nine", 10: "ten"}
_CROPS = {1: "centre crop", 9: "nine crops", 10: "ten crops"}


def view_probabilities(
    model: Model, loader: data.Loader, start_batch: int = 0
) -> Generator[tuple[Array, Array], None, None]:
    """Yield (probabilities (n, classes), labels (n,)) per batch, on the backend.

    ``model`` must be in test mode. Over several views the softmax outputs are averaged, not the
    logits (paper, section 4.1).
    """
    backend = loader.backend
    xp = backend.xp
    crops = next(number for number, name in VIEWS.items() if name == loader.views)
    with closing(loader.epoch(0, start_batch)) as batches:  # ends the thread that prepares batches
        for x, labels in batches:
            views = [x] if crops == 1 else x
            logits = (backend.widened(model.forward(view)) for view in views)
            yield sum(softmax(xp, z) for z in logits) / crops, labels


def probabilities(
    run: Run,
    split: data.Split,
    crops: int = 1,
    batch_size: int = 128,
    group: Group | None = None,
) -> np.ndarray[Any, Any]:
    """The class probabilities that a run's network gives each image.

    Parameters
    ----------
    run : Run
    split : data.Split
    crops : int
        1: the centre. 10: the four corners and the centre, also flipped; the ten softmax outputs
        are averaged, not the logits (paper, section 4.1). 9: corners, edges and centre, not
        flipped, as in cuda-convnet's tests. Networks trained on whole images get their crops from
        an image enlarged by reflection; see `data.ten_views`, `data.nine_views`.
    batch_size : int
        Images that the network sees at a time.
    group : Group, optional
        The workers that share the batches; all of them must call this, and all get the same
        bytes as one worker.

    Returns
    -------
    float32 (N, classes), rows that sum to 1

    Raises
    ------
    ConfigError
        ``crops`` is not 1, 9 or 10.

    Examples
    --------
    >>> from tinyalex import training
    >>> run = training.load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> p = probabilities(run, data.load("digits").test.subset(np.arange(4)), crops=10)
    >>> p.shape, p.sum(axis=1).round(3)
    ((4, 10), array([1., 1., 1., 1.], dtype=float32))
    """
    check_crops(crops)
    loader = run.preprocessing.loader(split, run.backend, batch_size, views=VIEWS[crops])
    group = group or Alone()
    # Whole batches: products of other shapes may be rounded in another way.
    first, end = (len(loader) * rank // group.size for rank in (group.rank, group.rank + 1))
    p = np.zeros((len(split), run.model.num_classes), np.float32)
    name = run.folder.resolve().name
    start, stop = loader.images_of(first).start, min(end * batch_size, len(split))
    with (
        notice.phase(f"testing {name}, {_CROPS[crops]}", stop - start) as reached,
        closing(view_probabilities(run.model, loader, first)) as batches,
    ):
        for step, (rows, _) in zip(range(first, end), batches, strict=False):
            place = loader.images_of(step)
            p[place] = run.backend.to_host(rows)
            reached(place.stop - start)
    # Where others have their rows this worker has zeros, so that the sum is exact.
    shards = Shards(group.size, group.rank, group.size)
    total: np.ndarray[Any, Any] = group.sum([p.reshape(-1)], shards, group.size)
    return total.reshape(p.shape)


class Rows:
    """Batches put into one array of ``count`` rows: joining a list of them needs twice the memory.

    The probabilities of 10,000 images in 10,000 classes take 400 MB.
    """

    def __init__(self, count: int) -> None:
        self._count, self._filled = count, 0
        self._rows: np.ndarray[Any, Any] = np.empty((0, 0), np.float32)

    def add(self, batch: np.ndarray[Any, Any]) -> None:
        """Append a batch (n, ...), which is copied."""
        if not self._filled:
            self._rows = np.empty((self._count, *batch.shape[1:]), batch.dtype)
        self._rows[self._filled : self._filled + len(batch)] = batch
        self._filled += len(batch)

    def __len__(self) -> int:
        return self._filled

    def all(self) -> np.ndarray[Any, Any]:
        """All rows added, in the first batch's dtype."""
        return self._rows[: self._filled]


def check_crops(crops: int) -> None:
    """Refuse a number of crops that is not supported."""
    if crops not in VIEWS:
        raise ConfigError(f"crops must be 1, 9 or 10 (got {crops})", "--crops 10")


def ten_crop_errors(
    model: Model,
    loader: data.Loader,
    stop: Callable[[], bool],
    group: Group,
    reached: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, float] | None:
    """Top-1 and top-5 error (0 to 1) over a loader's views; None once ``stop()`` is true.

    All workers of the group must call this; each tests on its own shards. ``reached`` is called
    after each batch, with how many of all images are tested.
    """
    most = min(5, model.num_classes)
    totals = ShardSums(loader.backend, group, loader.shards, (1, most))
    was_training = model.training
    model.eval()
    try:
        with closing(view_probabilities(model, loader)) as batches:
            for step, (_, shards) in enumerate(loader.steps()):
                if stop():
                    return None
                for shard in shards:
                    totals.add(shard, 0.0, *next(batches))
                reached(loader.images_of(step).stop, len(loader.split))
    finally:
        model.train(was_training)
    total = totals.total()
    return {"top1_error_ten_crops": total.error(), "top5_error_ten_crops": total.error(most)}


def softmax(xp: Any, logits: Array) -> Array:
    """Probabilities (N, classes) of logits (N, classes), both arrays of the module ``xp``.

    Examples
    --------
    >>> softmax(np, np.array([[0, np.log(3)]])).round(4)
    array([[0.25, 0.75]])
    """
    e = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)
