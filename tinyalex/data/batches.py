"""Batches of arrays in memory, and of whatever else a `Trainer` is given."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.backends.foreign import to_numpy
from tinyalex.data.dataset import Split
from tinyalex.data.loader import WHOLE, Loader
from tinyalex.data.prefetch import prefetch
from tinyalex.errors import ConfigError, DataError
from tinyalex.group import Shards

Host = np.ndarray[Any, Any]
Transform = Callable[[Any, np.random.Generator], Any]
Epoch = Generator[tuple[Any, Array], None, None]

_ORDER, _TRANSFORM = 0, 5  # streams of random numbers; those between are the Loader's
_PIXEL = np.float32(1 / 255)
_COLOURS = (1, 3, 4)  # channels of grey images, of colours, and with transparency


class Batches(Protocol):
    """What training and tests need of a loader; see `Loader`.

    Examples
    --------
    >>> from tinyalex import backends
    >>> x, labels = np.zeros((5, 2)), np.zeros(5, np.int64)
    >>> batches: Batches = ArrayLoader(x, labels, backends.get("numpy"), batch_size=2)
    >>> len(batches), [images for images, _ in batches.steps()]
    (3, [2, 2, 1])
    """

    backend: Backend
    shards: Shards

    def __len__(self) -> int:
        """Batches per epoch."""

    def steps(self, start_batch: int = 0) -> Iterator[tuple[int, list[int]]]:
        """Yield the images of each batch, and its shards."""

    def epoch(self, epoch: int, start_batch: int = 0) -> Epoch:
        """Yield the batches of an epoch."""


class ArrayLoader:
    """Batches of arrays in memory: of images of any size, or of features.

    Parameters
    ----------
    x : uint8 (N, H, W, C), or float (N, ...)
        Pixels become float32 (N, C, H, W) from 0 to 1. Floats stay as they are.
    labels : int64 (N,)
    backend : Backend
    batch_size : int
        The last batch of an epoch may be smaller.
    seed : int
        Of the order; that of epoch e depends on (seed, e) alone.
    training : bool
        Shuffle. Otherwise the images come in order.

    Examples
    --------
    >>> from tinyalex import backends
    >>> x = np.zeros((5, 8, 8, 3), np.uint8)
    >>> loader = ArrayLoader(x, np.arange(5), backends.get("numpy"), batch_size=2)
    >>> [batch.shape for batch, labels in loader.epoch(0)]
    [(2, 3, 8, 8), (2, 3, 8, 8), (1, 3, 8, 8)]
    """

    shards: Shards = WHOLE

    def __init__(
        self,
        x: Host,
        labels: Host,
        backend: Backend,
        batch_size: int,
        seed: int = 0,
        training: bool = True,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1 (got {batch_size})", "batch_size=32")
        self.x, self.labels, self.backend = x, labels, backend
        self.batch_size, self.seed, self.training = batch_size, seed, training

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)

    def steps(self, start_batch: int = 0) -> Iterator[tuple[int, list[int]]]:
        for step in range(start_batch, len(self)):
            yield min(self.batch_size, len(self.x) - step * self.batch_size), [0]

    def epoch(self, epoch: int, start_batch: int = 0) -> Epoch:
        order = np.arange(len(self.x))
        if self.training:
            order = generator(self.seed, epoch, _ORDER).permutation(len(self.x))
        for step in range(start_batch, len(self)):
            rows = order[step * self.batch_size :][: self.batch_size]
            asarray = self.backend.asarray
            yield asarray(as_network_takes(self.x[rows])), asarray(self.labels[rows])


class Transformed:
    """The batches of another loader, each changed by a function in a thread of its own."""

    def __init__(self, loader: Batches, transform: Transform, seed: int) -> None:
        self.loader, self.transform, self.seed = loader, transform, seed
        self.backend, self.shards = loader.backend, loader.shards

    def __len__(self) -> int:
        return len(self.loader)

    def steps(self, start_batch: int = 0) -> Iterator[tuple[int, list[int]]]:
        return self.loader.steps(start_batch)

    def epoch(self, epoch: int, start_batch: int = 0) -> Epoch:
        return prefetch(self._changed(epoch, start_batch), begin=self.backend.use_device)

    def _changed(self, epoch: int, start_batch: int) -> Epoch:
        batches = self.loader.epoch(epoch, start_batch)
        try:
            for step, (x, labels) in enumerate(batches, start_batch):
                rng = generator(self.seed, epoch, _TRANSFORM, step)
                changed = to_numpy(self.transform(self.backend.to_host(x), rng), "transform")
                if len(changed) != len(x):
                    raise DataError(
                        f"transform must give as many images as it gets (got {len(changed)} "
                        f"for {len(x)})"
                    )
                yield self.backend.asarray(changed.astype(x.dtype, copy=False)), labels
        finally:
            batches.close()


def generator(*key: int) -> np.random.Generator:
    """Random numbers that depend on the key alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def as_network_takes(x: Host) -> Host:
    """Images uint8 NHWC as float32 NCHW from 0 to 1; floats as they are, but not as float16."""
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2)) * _PIXEL
    return x if x.dtype == np.float64 else x.astype(np.float32, copy=False)


def batches_of(
    data: Any, backend: Backend, batch_size: int, seed: int = 0, training: bool = False
) -> Batches:
    """A loader of ``(x, labels)``, of a `Split`, or the `Loader` that is given.

    Raises
    ------
    DataError
        The arrays are not images or features with one label each.
    """
    if isinstance(data, Loader):
        if data.views != "center":
            raise ConfigError(f"Trainer: one view per image (got views={data.views!r})", "'center'")
        return data
    if isinstance(data, Split):
        return Loader(data, backend, batch_size, seed, scale=float(_PIXEL), training=training)
    if not (isinstance(data, tuple | list) and len(data) == 2):
        raise DataError(
            f"data must be (x, labels), a Dataset, a Split or a Loader (got {type(data).__name__})",
            "Trainer(net, (images, labels))",
        )
    x, labels = inputs_of(data[0]), to_numpy(data[1], "labels")
    if labels.shape != (len(x),):
        raise DataError(
            f"labels must be (N,), one for each of the {len(x)} images (got {labels.shape})",
            "labels.argmax(axis=1), if they are one-hot rows",
        )
    if not _whole(labels):
        raise DataError(
            f"labels must be whole numbers (got {labels.dtype})",
            "numpy.unique(names, return_inverse=True)[1] makes class numbers of names",
        )
    return ArrayLoader(x, labels.astype(np.int64), backend, batch_size, seed, training)


def untransformed(batches: Batches) -> Loader | ArrayLoader:
    """The loader itself, without a transform."""
    loader: Any = batches.loader if isinstance(batches, Transformed) else batches
    given: Loader | ArrayLoader = loader
    return given


def inputs_of(given: Any) -> Host:
    """Images or features as a NumPy array; DataError if the network could not take them."""
    x = to_numpy(given, "data")
    if x.dtype == np.uint8 and x.ndim == 4 and len(x):
        if x.shape[1] in _COLOURS and x.shape[3] not in _COLOURS:
            raise DataError(
                f"uint8 images must be (N, H, W, C) (got {x.shape}: it looks like (N, C, H, W))",
                "x.transpose(0, 2, 3, 1)",
            )
        return x
    if x.dtype.kind == "f" and x.ndim > 1 and len(x):
        if not np.isfinite(x).all():
            raise DataError(
                f"x has {np.count_nonzero(~np.isfinite(x)):,} numbers that are NaN or infinite",
                "numpy.argwhere(~numpy.isfinite(x)) shows where",
            )
        return x
    raise DataError(
        f"x must be images, uint8 (N, H, W, C) or float (N, C, H, W), or features, float "
        f"(N, features), and not empty (got {x.dtype} {x.shape})",
        "x.astype('float32') for other numbers; x[:, None] for grey images without a channel axis",
    )


def _whole(labels: Host) -> bool:
    return labels.dtype.kind in "iu" or bool(labels.dtype.kind == "f" and (labels % 1 == 0).all())
