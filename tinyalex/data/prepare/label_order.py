"""Check by the images that a list of labels counts the classes in sorted order."""

from __future__ import annotations

import numpy as np

from tinyalex.data.file_access import AccessError
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.shard import read_item
from tinyalex.data.prepare.source import Items, Source
from tinyalex.errors import DataError

MOST_CLASSES = 200  # with more, the check takes long, and thumbnails hardly tell them apart
TRAINING, VALIDATION = 8, 20  # images to compare, per class
FAR_BETTER = 2.0  # refuse a list if another order is this many times nearer
_THUMBNAIL = Form(size=4)


def refuse_other_order(source: Source) -> None:
    """Refuse a list whose labels fit the validation images far worse than in another order.

    Each image is compared, as a thumbnail, with the mean training image of each class. One half
    of the validation images chooses the order of classes that fits best; the other half judges
    it. With the right labels the chosen order is no better than the list's. Images that look
    alike, as most photographs do, decide nothing.

    Parameters
    ----------
    source : Source
        ``source.listed`` is the file with the labels of ``val``; without it nothing is checked.

    Raises
    ------
    DataError
        The labels fit far better in another order.
    """
    classes, val = len(source.classes), source.splits.get("val")
    if source.listed is None or val is None or not 2 <= classes <= MOST_CLASSES:
        return
    train = [_thumbnails(source.splits["train"], c, TRAINING) for c in range(classes)]
    if not all(map(len, train)):
        return
    means = np.stack([images.mean(0) for images in train])
    seen = [_thumbnails(val, c, VALIDATION) for c in range(classes)]
    halves = [_distances([images[half::2] for images in seen], means) for half in (0, 1)]
    as_listed = as_chosen = 0.0
    for choosing, judging in (halves, halves[::-1]):
        as_listed += np.trace(judging)
        as_chosen += judging[np.arange(classes), _best_order(choosing)].sum()
    if as_listed > FAR_BETTER * as_chosen:
        raise DataError(
            f"{source.listed}: its labels do not fit the validation images, which look like "
            "other classes of the training images: the list counts the classes in another order",
            "the development kit, or a list with one synset per line",
        )


def _thumbnails(items: Items, label: int, most: int) -> np.ndarray:
    """At most ``most`` images of a class, float64 (n, 48), without those that cannot be read."""
    rows = np.flatnonzero(items.table()[:, 3] == label)
    thumbnails = []
    chosen = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)
    for item in items.take(rows[chosen]):
        try:
            _, pixels = _THUMBNAIL.make(read_item(item))
        except (AccessError, DataError):
            continue  # packing reports it
        thumbnails.append(pixels.reshape(-1).astype(float))
    return np.array(thumbnails).reshape(-1, 48)


def _distances(images: list[np.ndarray], means: np.ndarray) -> np.ndarray:
    """Sum of squared distances from each label's images (row) to each class' mean (column)."""
    return np.array([((x[:, None] - means) ** 2).sum((0, 2)) for x in images])


def _best_order(distances: np.ndarray) -> np.ndarray:
    """The class of each label, each class once, with the smallest sum of distances.

    The labels are placed one after the other, each along the shortest path that may move placed
    ones (H. W. Kuhn, The Hungarian method for the assignment problem, 1955).
    """
    n = len(distances)
    label_of = np.full(n + 1, -1)  # of each class; n is where a label starts
    label_price, class_price = np.zeros(n), np.zeros(n + 1)
    for label in range(n):
        label_of[n], at = label, n
        left, came_from = (
            np.full(n, np.inf),
            np.full(n, n),
        )  # of each class: way left, and from where
        reached = np.zeros(n + 1, bool)
        while label_of[at] >= 0:  # until a class is free
            reached[at] = True
            mover = label_of[at]
            way = distances[mover] - label_price[mover] - class_price[:n]
            shorter = ~reached[:n] & (way < left)
            left[shorter], came_from[shorter] = way[shorter], at
            at = int(np.where(reached[:n], np.inf, left).argmin())
            step = left[at]
            label_price[label_of[reached]] += step
            class_price[reached] -= step
            left[~reached[:n]] -= step
        while at != n:
            label_of[at], at = label_of[came_from[at]], came_from[at]
    return np.argsort(label_of[:n])
