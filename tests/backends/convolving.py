"""Convolutions for the tests of the Numba backend, and their definition in float64."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.backends.numba.backend import NumbaBackend
from tinyalex.backends.numba.conv import direct as numba_direct
from tinyalex.backends.numba.conv import dispatch as convolve
from tinyalex.backends.numba.conv import im2col as im2col
from tinyalex.backends.numba.conv import winograd as winograd

Host = np.ndarray
Pair = tuple[int, int]
BACKENDS = {threads: NumbaBackend(threads) for threads in (1, 2, 4)}
NO_TILES = {"tiles": math.inf, "tiles_dw": (math.inf, math.inf)}


def choose(patch: pytest.MonkeyPatch, **changes: object) -> None:
    """Replace some of the backends' choices."""
    for backend in BACKENDS.values():
        choices = replace(backend.workers.choices, **changes)  # type: ignore[arg-type]
        patch.setattr(backend.workers, "choices", choices)


@contextlib.contextmanager
def by_winograd(tiles: int = 256) -> Iterator[None]:
    """Use Winograd wherever it is possible; ``tiles`` tiles at a time."""
    with pytest.MonkeyPatch.context() as patch:
        choose(patch, tiles=0, tiles_dw=(0, 0))
        patch.setattr(convolve, "LEAST_CHANNELS", 0)
        patch.setattr(winograd, "TILES", tiles)
        yield


@contextlib.contextmanager
def by_direct(shape: tuple[int, int, int] | None = None) -> Iterator[None]:
    """Use direct convolution, in blocks of at most this shape; work for every thread.

    Each shape is compiled once, so a test uses only a few.
    """
    with pytest.MonkeyPatch.context() as patch:
        choose(patch, **NO_TILES, direct=True)
        patch.setattr(numba_direct, "PRODUCTS", 1)
        if shape is not None:
            patch.setattr(numba_direct, "block_for", lambda F, OH, OW: fitting(shape, OH, OW))
            patch.setattr(numba_direct, "vectors_for", lambda F: shape[2])
        yield


def fitting(shape: tuple[int, int, int], OH: int, OW: int) -> tuple[int, int, int]:
    """A block that is not larger than a feature map; several rows only if they are complete."""
    rows, columns, vectors = shape
    columns = columns if columns <= OW else 1
    return (rows if columns == OW and rows <= OH else 1), columns, vectors


@contextlib.contextmanager
def by_im2col(room: int = 1 << 21) -> Iterator[None]:
    """Use im2col and matrix products; ``room`` bytes for the matrix, and work for every thread."""
    with pytest.MonkeyPatch.context() as patch:
        choose(patch, **NO_TILES, direct=False)
        patch.setattr(im2col, "BUFFER_BYTES", room)
        patch.setattr(im2col, "PRODUCTS", 1)
        yield


WAYS = {"winograd": by_winograd, "direct": by_direct, "im2col": by_im2col}


@dataclass(frozen=True)
class Conv:
    """A convolution: x (N, C, H, W), w (F, C/G, KH, KW)."""

    x_shape: tuple[int, int, int, int]
    w_shape: tuple[int, int, int, int]
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    groups: int = 1
    seed: int = 0

    @property
    def settings(self) -> tuple[Pair, Pair, int]:
        return self.stride, self.padding, self.groups

    def arrays(self, dtype: str = "float32") -> tuple[Host, Host, Host, Host]:
        """x, w, b and dy, standard normal."""
        rng = np.random.default_rng(self.seed)
        sizes = zip(self.x_shape[2:], self.padding, self.w_shape[2:], self.stride, strict=True)
        out_hw = [(size + 2 * p - k) // s + 1 for size, p, k, s in sizes]
        F = self.w_shape[0]
        shapes = self.x_shape, self.w_shape, (F,), (self.x_shape[0], F, *out_hw)
        x, w, b, dy = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
        return x, w, b, dy


def definition(
    x: Host, w: Host, b: Host, dy: Host, stride: Pair, padding: Pair, groups: int
) -> dict[str, Host]:
    """y, dx, dw and db in float64, tap by tap."""
    x, w, b, dy = (a.astype(np.float64) for a in (x, w, b, dy))
    (N, C, H, W), (F, K, KH, KW), (OH, OW) = x.shape, w.shape, dy.shape[2:]
    (sh, sw), (ph, pw) = stride, padding
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw))).reshape(
        N, groups, K, H + 2 * ph, W + 2 * pw
    )
    taps = w.reshape(groups, F // groups, K, KH, KW)
    maps = dy.reshape(N, groups, F // groups, OH, OW)
    y, dpadded, dtaps = np.zeros(maps.shape), np.zeros(padded.shape), np.zeros(taps.shape)
    for kh, kw in np.ndindex(KH, KW):
        seen = ..., slice(kh, kh + sh * OH, sh), slice(kw, kw + sw * OW, sw)
        tap = taps[..., kh, kw]
        y += np.einsum("ngchw,gfc->ngfhw", padded[seen], tap)
        dpadded[seen] += np.einsum("ngfhw,gfc->ngchw", maps, tap)
        dtaps[..., kh, kw] = np.einsum("ngfhw,ngchw->gfc", maps, padded[seen])
    return {
        "y": y.reshape(dy.shape) + b[:, None, None],
        "dx": dpadded.reshape(N, C, *padded.shape[3:])[:, :, ph : ph + H, pw : pw + W],
        "dw": dtaps.reshape(w.shape),
        "db": dy.sum(axis=(0, 2, 3)),
    }


def compiled(
    x: Host, w: Host, b: Host, dy: Host, settings: tuple[Pair, Pair, int], threads: int = 1
) -> dict[str, Host]:
    """The same from the backend."""
    backend = BACKENDS[threads]
    y = backend.conv2d(x, w, b, *settings)
    dx, dw, db = backend.conv2d_backward(dy, x, w, *settings, True)
    assert dx is not None
    return {"y": y, "dx": dx, "dw": dw, "db": db}


sizes = st.integers(1, 15)
channels = st.integers(1, 5) | st.sampled_from([31, 32, 33, 40])


@st.composite
def tiled_cases(draw: st.DrawFn) -> Conv:
    """Square filters, stride 1; as little as one pixel, as many channels as lanes and more."""
    r, groups = draw(st.sampled_from([3, 5])), draw(st.integers(1, 3))
    padding = draw(st.tuples(st.integers(0, r + 2), st.integers(0, r + 2)))
    H, W = (max(draw(sizes), r - 2 * p) for p in padding)
    C, F, N = draw(channels), draw(channels), draw(st.integers(1, 5))
    return Conv(
        (N, groups * C, H, W), (groups * F, C, r, r), (1, 1), padding, groups, draw(own.seeds)
    )


@st.composite
def direct_cases(draw: st.DrawFn) -> Conv:
    """Any filter, stride, padding and number of groups; a batch of 0 too."""
    kernel = KH, KW = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    stride = draw(st.just((1, 1)) | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    # Padding that leaves no window empty, or any.
    usual = st.tuples(st.integers(0, KH - 1), st.integers(0, KW - 1))
    padding = draw(usual | st.tuples(st.integers(0, 5), st.integers(0, 5)))
    H, W = (max(draw(sizes), k - 2 * p) for k, p in zip(kernel, padding, strict=True))
    groups, C, F = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    shape = (draw(st.integers(0, 6)), groups * C, H, W)
    return Conv(shape, (groups * F, C, *kernel), stride, padding, groups, draw(own.seeds))
