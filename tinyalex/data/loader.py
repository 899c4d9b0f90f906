"""Batches for the network: order, augmentation and prefetching."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyalex.backends import Array, Backend, Feed
from tinyalex.data.dataset import Split
from tinyalex.data.image_statistics import centre
from tinyalex.data.prefetch import prefetch
from tinyalex.data.read_ahead import Wanted, read_ahead, usable_cores
from tinyalex.data.views import centre_corner, crop_size, nine_views, ten_views
from tinyalex.errors import ConfigError, ShapeError, unknown
from tinyalex.group import Shards

WHOLE = Shards()  # a batch in one piece

_SEVERAL = {"ten": ten_views, "nine": nine_views}

# Each kind of random number has its own stream: switching one off does not change the others.
_ORDER, _TOPS, _LEFTS, _MIRRORS, _COLOUR = range(5)

# Files whose images are mixed with each other: with 512 MB per file, 2 GB that the system's file
# cache should hold while they are used.
WINDOW = 4


@dataclass(frozen=True)
class _Plan:
    """What happens to the image at each position of an epoch."""

    order: np.ndarray  # int64 (N,), index of the image
    tops: np.ndarray  # int64 (N,)
    lefts: np.ndarray  # int64 (N,)
    mirrors: np.ndarray  # bool (N,)
    colour: np.ndarray | None  # float32 (N, C)


class Loader:
    """Batches of a split, as float32 NCHW on a backend.

    ``for x, labels in loader`` goes through one epoch; the next such loop through the next one.
    `epoch` gives any epoch by its number.

    Parameters
    ----------
    split : Split
    backend : Backend
    batch_size : int
        The last batch of an epoch may be smaller.
    seed : int
    crop : int, optional
        Side of the crop in pixels: at a random position in training, otherwise at the centre.
        By default the whole image.
    random_crop : bool
        If False, training crops are at the centre too.
    mirror : bool
        Flip half of the training images horizontally.
    mean : float32 (C, 1, 1) or (C, H, W), optional
        Subtracted from the pixels (0 to 255); of a mean image larger than the crop, the centre
        is used. See `Statistics.mean`.
    scale : float, or one float per channel
        Multiplied with the result.
    colour : float32 (C, C), optional
        Colour shift of training images, see `Statistics.colour`.
    training : bool
        Shuffle, and draw crops, flips and colours. Otherwise the images come in order.
    views : ``"center"``, ``"ten"`` or ``"nine"``
        With the last two, x is an iterator over the paper's ten views of a batch, or
        cuda-convnet's nine, one array per view; see `ten_views`, `nine_views`. Not for training.
    prefetch : int
        Batches prepared ahead.
    shuffle : ``"full"`` or ``"shard"``
        Shuffle all training images; or the files of a packed data set, and within a few files
        their images. See `epoch_order`.
    workers : int, optional
        Threads that read and decode files; by default one per core. They change no result.
    shards : Shards, optional
        Each batch is cut into shards, and only this worker's shards are yielded; see `steps`.

    Raises
    ------
    ConfigError
        The batch size or the number of workers is below 1, the seed is negative, the crop is
        larger than the image, or there are no files to shuffle by.
    ShapeError
        The mean or the colour matrix does not fit the images.

    Notes
    -----
    What happens to the image at position p of epoch e depends on (seed, e, p) alone: not on the
    batches before it, on threads or on the backend. So a run can resume in the middle of an
    epoch. Augmentation: paper, section 4.1.

    Examples
    --------
    >>> from tinyalex import backends, data
    >>> loader = data.Loader(data.load("digits").train, backends.get("numpy"), 128)
    >>> for x, labels in loader:
    ...     last = x.shape
    >>> last, len(loader)
    ((29, 1, 16, 16), 12)
    """

    def __init__(
        self,
        split: Split,
        backend: Backend,
        batch_size: int,
        seed: int = 0,
        crop: int | None = None,
        mirror: bool = False,
        mean: np.ndarray | None = None,
        scale: float | Sequence[float] = 1.0,
        colour: np.ndarray | None = None,
        training: bool = True,
        views: str = "center",
        prefetch: int = 2,
        shuffle: str = "full",
        workers: int | None = None,
        random_crop: bool = True,
        shards: Shards = WHOLE,
    ) -> None:
        H, W, C = split.image_shape
        if batch_size < 1:
            raise ConfigError(f"batch size must be at least 1 (got {batch_size})", "128")
        if seed < 0:
            raise ConfigError(f"seed must not be negative (got {seed})", "--seed 0")
        if views not in ("center", *_SEVERAL):
            raise unknown("views", views, ["center", *_SEVERAL])
        if training and views in _SEVERAL:
            raise ConfigError(f"{views} views are for testing, not for training", "training=False")
        if shuffle not in ("full", "shard"):
            raise unknown("shuffle", shuffle, ["full", "shard"])
        if training and shuffle == "shard" and split.shards is None:
            raise ConfigError("only packed data have shards to shuffle by", "--shuffle full")
        if workers is not None and workers < 1:
            raise ConfigError(f"workers must be at least 1 (got {workers})", "--workers 1")
        self.split, self.backend, self.batch_size, self.seed = split, backend, batch_size, seed
        self.crop = crop_size(crop, (H, W))
        self.mirror, self.training, self.views = mirror, training, views
        self.random_crop = training and random_crop
        self.prefetch, self.shuffle, self.shards = prefetch, shuffle, shards
        self.workers = usable_cores() if workers is None else workers
        self._mean = None if mean is None else backend.asarray(self._check_mean(mean))
        if np.shape(scale) not in ((), (1,), (C,)):
            raise ShapeError(f"Loader: scale must be a number or {C} of them (got {scale})")
        self._scale = backend.asarray(np.full(C, scale, np.float32))
        if colour is not None and colour.shape != (C, C):
            raise ShapeError(f"Loader: colour must be ({C}, {C}) (got {colour.shape})")
        self._colour = colour
        self._running: Generator[tuple[Any, Array], None, None] | None = None
        self._next_epoch = 0

    def __len__(self) -> int:
        """Batches per epoch."""
        return -(-len(self.split) // self.batch_size)

    def __iter__(self) -> Generator[tuple[Any, Array], None, None]:
        """Begin the next epoch; the first is epoch 0."""
        return self.epoch(self._next_epoch)

    def images_of(self, step: int) -> slice:
        """The positions in an epoch that a batch takes, all shards together."""
        first = step * self.batch_size
        return slice(first, min(first + self.batch_size, len(self.split)))

    def steps(self, start_batch: int = 0) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each batch, its images and which of its shards `epoch` yields here."""
        for step in range(start_batch, len(self)):
            at = self.images_of(step)
            n = at.stop - at.start
            yield n, [s for s in self.shards.mine if not self.shards.is_empty((s, s + 1), n)]

    def epoch(self, epoch: int, start_batch: int = 0) -> Generator[tuple[Any, Array], None, None]:
        """Yield the batches of an epoch, beginning with ``start_batch``.

        Yields
        ------
        x : float32 (N, C, CH, CW), or an iterator over several of these
        labels : int64 (N,)

        Raises
        ------
        DataError
            An image is damaged; raised when its batch is asked for.

        Notes
        -----
        Only one epoch at a time: a new one ends the previous one.
        """
        self.close()
        self._next_epoch = epoch + 1
        # Several views of a batch are computed one by one, when the caller takes them.
        ahead = self.prefetch
        several = self.views in _SEVERAL
        feed = Feed(self.backend.asarray) if several else self.backend.feed(ahead)
        batches = self._batches(self._plan(epoch), start_batch, feed)
        self._running = prefetch(batches, ahead, feed, self.backend.use_device)
        return self._running

    def close(self) -> None:
        """Stop the thread of the current epoch, if there is one."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def _check_mean(self, mean: np.ndarray) -> np.ndarray:
        C, crop = self.split.image_shape[2], self.crop
        mean = np.asarray(mean, np.float32)
        if mean.shape == (C, *self.split.image_shape[:2]) and crop[0] == crop[1]:
            mean = centre(mean, crop[0])
        if mean.shape not in ((C, 1, 1), (C, *crop)):
            raise ShapeError(
                f"Loader: mean must be ({C}, 1, 1) or ({C}, {crop[0]}, {crop[1]}) "
                f"(got {mean.shape})",
                "data.statistics(split, crop).mean('image')",
            )
        return mean

    def _rng(self, epoch: int, stream: int) -> np.random.Generator:
        """A counter-based generator on the host, so that every backend gets the same numbers."""
        key = np.random.SeedSequence([self.seed, epoch, stream])
        return np.random.Generator(np.random.Philox(key))

    def _plan(self, epoch: int) -> _Plan:
        N, (H, W, C), (CH, CW) = len(self.split), self.split.image_shape, self.crop
        top, left = centre_corner((H, W), self.crop)
        tops, lefts = np.full(N, top), np.full(N, left)
        if not self.training:
            return _Plan(np.arange(N), tops, lefts, np.zeros(N, bool), None)
        if self.random_crop:
            tops = self._rng(epoch, _TOPS).integers(0, H - CH + 1, N)
            lefts = self._rng(epoch, _LEFTS).integers(0, W - CW + 1, N)
        mirrors = np.zeros(N, bool)
        if self.mirror:
            mirrors = self._rng(epoch, _MIRRORS).random(N) < 0.5
        shards = self.split.shards if self.shuffle == "shard" else None
        colour = None
        if self._colour is not None:
            colour = self._rng(epoch, _COLOUR).standard_normal((N, C), np.float32) @ self._colour
        return _Plan(epoch_order(N, self._rng(epoch, _ORDER), shards), tops, lefts, mirrors, colour)

    def _batches(
        self, plan: _Plan, start_batch: int, feed: Feed
    ) -> Generator[tuple[Any, Array], None, None]:
        slices = [
            self.shards.images(self.images_of(start_batch + i), shard)
            for i, (_, shards) in enumerate(self.steps(start_batch))
            for shard in shards
        ]
        if not self.split.concurrent:
            for at in slices:
                chosen = plan.order[at]
                room = feed.room((len(chosen), *self.split.image_shape), np.uint8)
                images = self.split.images(chosen, room)
                yield self._batch(plan, at, images, plan.tops[at], plan.lefts[at], feed)
            return
        whole = self.split.image_shape[:2]
        zeros = np.zeros(self.batch_size, np.int64)

        def wanted() -> Iterator[Wanted]:
            for at in slices:
                chosen = plan.order[at]
                if self.views in _SEVERAL:
                    corner = zeros[: len(chosen)]
                    yield Wanted(chosen, corner, corner, whole)
                else:
                    yield Wanted(chosen, plan.tops[at], plan.lefts[at], self.crop)

        with contextlib.closing(read_ahead(self.split, wanted(), self.workers)) as read:
            for at, images in zip(slices, read, strict=True):
                corner = zeros[: len(images)]
                yield self._batch(plan, at, images, corner, corner, feed)

    def _batch(
        self,
        plan: _Plan,
        at: slice,
        images: np.ndarray,
        tops: np.ndarray,
        lefts: np.ndarray,
        feed: Feed,
    ) -> tuple[Any, Array]:
        """Augment the images at positions ``at``, cropped at ``tops`` and ``lefts``."""
        asarray = self.backend.asarray
        labels = asarray(self.split.labels[plan.order[at]])
        if (several := _SEVERAL.get(self.views)) is not None:
            return several(images, self.backend, self.crop, self._mean, self._scale), labels
        x = self.backend.augment(
            feed.bring(images),
            asarray(tops),
            asarray(lefts),
            asarray(plan.mirrors[at]),
            self.crop,
            self._mean,
            None if plan.colour is None else asarray(plan.colour[at]),
            self._scale,
        )
        return x, labels


def epoch_order(N: int, rng: np.random.Generator, shards: np.ndarray | None = None) -> np.ndarray:
    """Draw a random order of N images.

    Parameters
    ----------
    N : int
    rng : Generator
    shards : int64 (N,), optional
        The file of each image. The files are shuffled, then the images of every `WINDOW` files:
        a disk reads a few large files one after the other, instead of small pieces of all of
        them. By default all images are shuffled.

    Returns
    -------
    int64 (N,)
        Each number from 0 to N - 1 once.
    """
    if shards is None:
        return rng.permutation(N)
    numbers, which = np.unique(shards, return_inverse=True)
    window = rng.permutation(len(numbers))[which] // WINDOW  # of each image
    shuffled = rng.permutation(N)
    return shuffled[np.argsort(window[shuffled], kind="stable")]
