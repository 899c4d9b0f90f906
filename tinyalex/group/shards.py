"""A batch in logical shards, and the one order in which their gradients are added.

A sum of floats depends on its order. So a batch is always cut into the same V shards, however many
workers there are, and the V gradients are always added along the same binary tree. A worker
computes V/N neighbouring shards. Then N workers give the bytes of one worker that computes all
shards one after the other, for every N that divides V.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from tinyalex.errors import ConfigError

T = TypeVar("T")
Array = Any  # of the backend that computes
Node = tuple[int, int]  # the shards from the first number to below the second


@dataclass(frozen=True)
class Shards:
    """The ``count`` shards of a batch, shared out to ``size`` workers.

    Raises
    ------
    ConfigError
        The number of shards is not a multiple of the number of workers.
    """

    count: int = 1
    rank: int = 0
    size: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"shards must be at least 1 (got {self.count})", "shards=4")
        if self.count % self.size:
            raise ConfigError(
                f"{self.count} shards cannot be shared out evenly to {self.size} workers",
                f"a number of workers that divides {self.count}; or, for a new run, "
                f"shards={-(-self.count // self.size) * self.size}",
            )

    def of(self, rank: int) -> range:
        """The shards that a worker computes."""
        each = self.count // self.size
        return range(rank * each, (rank + 1) * each)

    @property
    def mine(self) -> range:
        """The shards that this worker computes."""
        return self.of(self.rank)

    def images(self, batch: slice, shard: int) -> slice:
        """The positions of one shard in a batch; empty where there are more shards than images."""
        n = batch.stop - batch.start
        first, end = (n * s // self.count for s in (shard, shard + 1))
        return slice(batch.start + first, batch.start + end)

    def is_empty(self, node: Node, n: int) -> bool:
        """Whether a batch of ``n`` images has none in these shards."""
        first, end = node
        return n * first // self.count == n * end // self.count

    def batch_for_all(self, images: int, most: int) -> int:
        """The largest batch size up to ``most`` with which no batch leaves a shard empty.

        Raises
        ------
        ConfigError
            There is none.
        """
        for size in range(min(images, most), self.count - 1, -1):
            if images % size == 0 or images % size >= self.count:
                return size
        raise ConfigError(
            f"{images} images cannot be shared out to {self.count} workers so that each has some",
            "fewer workers",
        )

    @cached_property
    def nodes(self) -> list[list[Node]]:
        """By worker: the largest nodes of the tree whose shards are all its own, left to right."""
        return [self._nodes(self.of(rank), (0, self.count)) for rank in range(self.size)]

    def _nodes(self, own: range, node: Node) -> list[Node]:
        first, end = node
        if own.start <= first and end <= own.stop:
            return [node]
        if end <= own.start or own.stop <= first:
            return []
        return [part for child in children(node) for part in self._nodes(own, child)]

    def total(
        self,
        value: Callable[[Node], T | None],
        n: int,
        add: Callable[[T, T], T],
        node: Node | None = None,
    ) -> T | None:
        """Add up the values of a node's shards along the tree, from left to right.

        Parameters
        ----------
        value : callable
            The value of a node; None where it is the sum of its halves'.
        n : int
            Images in the batch. Shards without images are left out.
        add : callable
            Returns the sum of two values; it may overwrite the first.
        node : pair of int, optional
            By default the whole tree.

        Returns
        -------
        value, or None if there are no images
        """
        node = (0, self.count) if node is None else node
        if self.is_empty(node, n):
            return None
        if (known := value(node)) is not None:
            return known
        left, right = (self.total(value, n, add, child) for child in children(node))
        if left is None or right is None:
            return left if right is None else right
        return add(left, right)

    def added(self, parts: Sequence[Array], n: int, xp: Any) -> Array:
        """Add up this worker's parts, one for each of its nodes; zeros if it has no images."""
        total = xp.zeros_like(parts[0])
        for node, part in zip(self.nodes[self.rank], parts, strict=True):
            if not self.is_empty(node, n):
                total += part
        return total


def children(node: Node) -> tuple[Node, Node]:
    """The two halves of a node of more than one shard; the left one is the smaller."""
    first, end = node
    middle = (first + end) // 2
    return (first, middle), (middle, end)
