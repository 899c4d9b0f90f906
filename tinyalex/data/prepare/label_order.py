"""Whether the labels of a list fit the pictures: its numbers may count the classes otherwise."""

from __future__ import annotations

import numpy as np

from tinyalex.data.access import AccessError
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.shard import read_item
from tinyalex.data.prepare.source import Items, Source
from tinyalex.errors import DataError

MOST_CLASSES = 200  # with more a look takes long, and what the pictures look like decides little
TRAINING, VALIDATION = 8, 20  # pictures of a class that are looked at
FAR_BETTER = 2.0  # as many times nearer in another order than as the list has it
_THUMBNAIL = Form(size=4)


def refuse_other_order(source: Source) -> None:
    """Refuse a list whose labels fit the validation pictures far worse than in another order.

    Pictures are compared as thumbnails with their class' mean in training. Half of the
    validation pictures say which class each label of the list means by their looks; the other
    half, which had no say, is then far nearer to these classes than to the list's. With right
    labels it is not. Few pictures that look alike, as most photographs do, decide nothing.

    Parameters
    ----------
    source : Source
        ``listed`` is where the labels of ``val`` come from.

    Raises
    ------
    DataError
        They fit far better in another order.
    """
    classes, val = len(source.classes), source.splits.get("val")
    if source.listed is None or val is None or not 2 <= classes <= MOST_CLASSES:
        return
    trained = [_seen(source.splits["train"], c, TRAINING) for c in range(classes)]
    if not all(map(len, trained)):
        return
    means = np.stack([pictures.mean(0) for pictures in trained])
    seen = [_seen(val, c, VALIDATION) for c in range(classes)]
    halves = [_distances([pictures[half::2] for pictures in seen], means) for half in (0, 1)]
    listed = found = 0.0
    for one, other in (halves, halves[::-1]):
        listed += np.trace(other)
        found += other[np.arange(classes), _nearest(one)].sum()
    if listed > FAR_BETTER * found:
        raise DataError(
            f"{source.listed}: its labels do not fit the validation pictures, which look like "
            "other classes of the training pictures: the list counts the classes in another order",
            "the development kit, or a list with a synset a line",
        )


def _seen(items: Items, label: int, most: int) -> np.ndarray:
    """Thumbnails (N, 48) of at most so many pictures of a class; none of what cannot be read."""
    rows = np.flatnonzero(items.table()[:, 3] == label)
    thumbnails = []
    chosen = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)
    for item in items.take(rows[chosen]):
        try:
            _, pixels = _THUMBNAIL.make(read_item(item))
        except (AccessError, DataError):
            continue  # packing them says what is wrong
        thumbnails.append(pixels.reshape(-1).astype(float))
    return np.array(thumbnails).reshape(-1, 48)


def _distances(pictures: list[np.ndarray], means: np.ndarray) -> np.ndarray:
    """Of a label's pictures together (row) from a class' mean (column): squared, summed."""
    return np.array([((p[:, None] - means) ** 2).sum((0, 2)) for p in pictures])


def _nearest(distances: np.ndarray) -> np.ndarray:
    """The class that each label means, no class twice, for the smallest sum of distances."""
    from scipy.optimize import linear_sum_assignment  # slow to import; comes with scikit-learn

    return linear_sum_assignment(distances)[1]  # type: ignore[no-any-return]
