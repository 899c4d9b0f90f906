"""Layers through which workers hand each other feature maps forward, and gradients backward.

"Channels" are axis 1: of feature maps (N, C, H, W) or of features (N, F). Each worker holds some
of them: worker r those from ``cuts[r]`` to below ``cuts[r + 1]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from tinyalex.backends import Array
from tinyalex.group import Group
from tinyalex.layers import Dropout, Layer, LocalResponseNorm


class Exchange(Layer):
    """A layer that all workers of a group run at the same time."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group

    def exchange(self, parts: Sequence[Array], shapes: Sequence[Sequence[int]]) -> list[Array]:
        """`Group.exchange` of this backend's arrays."""
        sent = [self.backend.to_host(part) for part in parts]
        return [self.backend.asarray(part) for part in self.group.exchange(sent, shapes)]

    def to_all(self, x: Array, shapes: Sequence[Sequence[int]]) -> list[Array]:
        """Hand every worker the same array."""
        return self.exchange([x] * self.group.size, shapes)

    def sum_of_own(self, parts: Sequence[Array]) -> Array:
        """Hand every worker its part; add up the parts that are for this one, by rank."""
        shape = parts[self.group.rank].shape
        first, *others = self.exchange(parts, [shape] * self.group.size)
        return sum(others, start=first)


class GatherChannels(Exchange):
    """From each worker's channels to all channels on every worker.

    Backward, each worker has a gradient of all channels, from its own filters. Every channel's
    gradients are added up on the worker that holds the channel.
    """

    def __init__(self, group: Group, cuts: Sequence[int]) -> None:
        super().__init__(group)
        self.cuts = list(cuts)

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        shapes = [(x.shape[0], end - first, *x.shape[2:]) for first, end in pairwise(self.cuts)]
        return self.xp.concat(self.to_all(x, shapes), axis=1)

    def backward(self, dy: Array) -> Array:
        return self.sum_of_own([dy[:, first:end, ...] for first, end in pairwise(self.cuts)])


class GatherLogits(GatherChannels):
    """The same for logits. Every worker computes the same loss: nothing is added up."""

    def backward(self, dy: Array) -> Array:
        first, end = self.cuts[self.group.rank :][:2]
        return dy[:, first:end]


class GatherImages(Exchange):
    """From each worker's images to all images on every worker; backward as `GatherChannels`."""

    remembers = ("cuts",)  # of the images

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        images = self.group.gather(x.shape[0])
        self.cuts = list(accumulate(images, initial=0))
        return self.xp.concat(self.to_all(x, [(n, *x.shape[1:]) for n in images]), axis=0)

    def backward(self, dy: Array) -> Array:
        return self.sum_of_own([dy[first:end, ...] for first, end in pairwise(self.cuts)])


class OwnImages(Exchange):
    """From some features of all images to all features of this worker's images.

    Parameters
    ----------
    images : GatherImages
        The layer that has gathered them.
    """

    remembers = ("image_cuts",)

    def __init__(self, group: Group, cuts: Sequence[int], images: GatherImages) -> None:
        super().__init__(group)
        self.cuts, self.images = list(cuts), images

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.image_cuts = list(self.images.cuts)
        first, end = self.image_cuts[self.group.rank :][:2]
        parts = [x[start:stop, :] for start, stop in pairwise(self.image_cuts)]
        shapes = [(end - first, stop - start) for start, stop in pairwise(self.cuts)]
        return self.xp.concat(self.exchange(parts, shapes), axis=1)

    def backward(self, dy: Array) -> Array:
        first, end = self.cuts[self.group.rank :][:2]
        parts = [dy[:, start:stop] for start, stop in pairwise(self.cuts)]
        shapes = [(stop - start, end - first) for start, stop in pairwise(self.image_cuts)]
        return self.xp.concat(self.exchange(parts, shapes), axis=0)


class NormAcross(Exchange):
    """Local response normalisation whose windows reach into the channels of the neighbours.

    The workers hand each other the ``size // 2`` channels next to their border. Backward, they
    hand back those channels' gradients.
    """

    def __init__(self, group: Group, norm: LocalResponseNorm) -> None:
        super().__init__(group)
        self.children = {"norm": norm}
        self.norm, reach = norm, norm.size // 2
        self.left = reach if group.rank > 0 else 0
        self.right = reach if group.rank < group.size - 1 else 0

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        left, right = self._swap(x[:, : self.left, ...], x[:, x.shape[1] - self.right :, ...])
        y = self.norm.forward(self.xp.concat([left, x, right], axis=1))
        return y[:, self.left : self.left + x.shape[1], ...]

    def backward(self, dy: Array) -> Array:
        N, C, H, W = dy.shape
        zeros = [self.xp.zeros((N, n, H, W), dtype=dy.dtype) for n in (self.left, self.right)]
        dx = self.norm.backward(self.xp.concat([zeros[0], dy, zeros[1]], axis=1))
        left, right = self._swap(dx[:, : self.left, ...], dx[:, self.left + C :, ...])
        dx = dx[:, self.left : self.left + C, ...]
        dx[:, : self.left, ...] += left
        dx[:, C - self.right :, ...] += right
        return dx

    def forget(self) -> None:
        super().forget()
        self.norm.forget()

    def _swap(self, to_left: Array, to_right: Array) -> tuple[Array, Array]:
        """Hand both neighbours an array and get one of the same shape from each."""
        rank, size = self.group.rank, self.group.size
        parts = [to_left[:, :0, ...]] * size
        if rank > 0:
            parts[rank - 1] = to_left
        if rank < size - 1:
            parts[rank + 1] = to_right
        got = self.exchange(parts, [part.shape for part in parts])
        return got[max(rank - 1, 0)], got[min(rank + 1, size - 1)]


class DropoutPart(Dropout):
    """The part of `Dropout`'s mask that belongs to this worker's channels.

    Every worker draws the whole mask, so that the network drops what it drops on one worker.

    Parameters
    ----------
    whole : Dropout
    images : GatherImages, optional
        Where the images of all workers come from: each worker's images have a mask of their own.
    """

    def __init__(
        self, whole: Dropout, group: Group, cuts: Sequence[int], images: GatherImages | None
    ) -> None:
        super().__init__(whole.p, whole.mode, seed=whole.seed)
        self.draws, self.group, self.cuts, self.images = whole.draws, group, list(cuts), images

    def forward(self, x: Array) -> Array:
        if not (self.training and self.p > 0):
            return super().forward(x)
        self.check_input(x)
        rank, image_cuts = self.group.rank, [0, x.shape[0]]
        first_draw = self.draws
        if self.images is not None:  # worker r's images are shard r
            image_cuts, first_draw = self.images.cuts, self.draws - rank
        first, end = self.cuts[rank:][:2]
        draws = [
            self.backend.generator(self.seed, first_draw + shard).random(
                (stop - start, self.cuts[-1], *x.shape[2:])
            )[:, first:end, ...]
            for shard, (start, stop) in enumerate(pairwise(image_cuts))
        ]
        self.draws += 1
        draw = self.xp.concat(draws, axis=0)
        y, self.mask = self.backend.dropout(x, draw, self.p, self.mode == "inverted")
        return y
