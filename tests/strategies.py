"""Hypothesis strategies: shapes and configurations that layers and kernels must handle.

Sizes are tiny on purpose: an example takes about a millisecond, so that ten thousand are feasible,
and an off-by-one shows at the border, of which small arrays have the most. Height and width are
drawn apart, so that a swap of the two cannot hide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from tinyalex.check import permuted_grid

Pair = tuple[int, int]
seeds = st.integers(0, 2**16)
batches = st.integers(1, 3)


def normal(shape: tuple[int, ...], seed: int) -> np.ndarray[Any, Any]:
    """Standard normal float64 values."""
    return np.random.default_rng(seed).standard_normal(shape)


def grid(shape: tuple[int, ...], seed: int) -> np.ndarray[Any, Any]:
    """Values without ties and away from zero, for layers with kinks."""
    return permuted_grid(shape, seed)


@dataclass(frozen=True)
class Conv:
    """A convolution: x shape (N, C, H, W) and its settings."""

    shape: tuple[int, int, int, int]
    out_channels: int
    kernel: Pair
    stride: Pair
    padding: Pair
    groups: int
    seed: int

    @property
    def out_hw(self) -> Pair:
        OH, OW = (
            (size + 2 * p - k) // s + 1
            for size, k, s, p in zip(
                self.shape[2:], self.kernel, self.stride, self.padding, strict=True
            )
        )
        return OH, OW


@st.composite
def convolutions(draw: st.DrawFn, grouped: bool = True) -> Conv:
    """Any convolution whose kernel fits the padded input at least once."""
    groups = draw(st.integers(1, 3)) if grouped else 1
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 4)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    H, W = (draw(st.integers(max(1, k - 2 * p), 6)) for k, p in zip(kernel, padding, strict=True))
    C = groups * draw(st.integers(1, 2))
    F = groups * draw(st.integers(1, 3))
    return Conv((draw(batches), C, H, W), F, kernel, stride, padding, groups, draw(seeds))


@dataclass(frozen=True)
class Pool:
    """A pooling layer; out_hw follows PyTorch's rule for ceil_mode."""

    shape: tuple[int, int, int, int]
    kernel: Pair
    stride: Pair
    ceil_mode: bool
    seed: int

    @property
    def out_hw(self) -> Pair:
        OH, OW = (
            pooled_size(size, k, s, self.ceil_mode)
            for size, k, s in zip(self.shape[2:], self.kernel, self.stride, strict=True)
        )
        return OH, OW


def pooled_size(size: int, kernel: int, stride: int, ceil_mode: bool) -> int:
    """Count windows by placing them one after the other."""
    count = 0
    while count * stride + kernel <= size:
        count += 1
    # In ceil mode a clipped window may follow, if it starts inside and something is left over.
    left_over = size > (count - 1) * stride + kernel
    return count + int(ceil_mode and left_over and count * stride < size)


pairs = st.tuples(st.tuples(st.integers(1, 3), st.integers(1, 4)), st.integers(1, 3))
# Kernels of overlapping, touching and gapped windows, and steps along a row. For each kind Numba
# compiles for half a second, so there are few, but in a long run.
KINDS = [((3, 3), 2), ((2, 4), 1), ((1, 2), 3), ((3, 1), 1)]
few_kinds = pairs if settings.default.max_examples > 1000 else st.sampled_from(KINDS)


@st.composite
def poolings(draw: st.DrawFn, kinds: st.SearchStrategy[tuple[Pair, int]] = pairs) -> Pool:
    """Overlapping, touching and gapped windows, floor and ceil."""
    kernel, across = draw(kinds)
    stride = draw(st.integers(1, 4)), across
    H, W = (draw(st.integers(k, 8)) for k in kernel)
    shape = (draw(batches), draw(st.integers(1, 2)), H, W)
    return Pool(shape, kernel, stride, draw(st.booleans()), draw(seeds))


@dataclass(frozen=True)
class Norm:
    """A response normalisation with constants that make every neighbour visible."""

    shape: tuple[int, int, int, int]
    size: int
    alpha: float
    beta: float
    k: float
    seed: int


@st.composite
def normalisations(draw: st.DrawFn) -> Norm:
    """Windows of odd size, smaller and larger than what they slide over."""
    shape = (
        draw(batches),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 5)),
    )
    size = draw(st.sampled_from([1, 3, 5]))
    alpha, beta = draw(st.sampled_from([0.3, 1.0])), draw(st.sampled_from([0.5, 0.75, 1.0]))
    return Norm(shape, size, alpha, beta, draw(st.sampled_from([1.0, 2.0])), draw(seeds))
