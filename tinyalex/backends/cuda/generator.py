"""The GPU backend's random streams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Array, Backend
from tinyalex.backends.cuda import random
from tinyalex.backends.cuda.launch import launch, threads_for

_UNIFORM = {"float32": (random.uniform32, 8), "float64": (random.uniform64, 4)}


class DeviceGenerator:
    """Random numbers generated on the GPU, without copies.

    Each draw begins at a new block of the stream. The first uniform draw equals that of
    `HostGenerator`; normal numbers and integers are computed by another method.
    """

    def __init__(self, backend: Backend, key: Sequence[int]) -> None:
        self._backend = backend
        self._key = np.random.SeedSequence(list(key)).generate_state(2, np.uint64)
        self._block = 1  # NumPy's Philox counts before it draws

    def random(self, shape: Sequence[int], dtype: str = "float32") -> Array:
        kernel, per_block = _UNIFORM[np.dtype(dtype).name]
        return self._draw(kernel, per_block, shape, dtype)

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        return self._draw(random.normal, 2, shape, dtype, np.float64(std))

    def integers(self, low: int, high: int, size: int) -> Array:
        return self._draw(random.integers, 4, (size,), "int64", low, high - low)

    def _draw(
        self, kernel: Any, per_block: int, shape: Sequence[int], dtype: str, *args: Any
    ) -> Array:
        """Fill an array: ``per_block`` numbers per block of the stream, one thread per block."""
        size = math.prod(shape)
        out = self._backend.empty(shape, dtype)
        blocks = -(-size // per_block)
        threads = threads_for(blocks)
        flat = out.reshape(-1)  # a single number has no axis
        launch(
            kernel, (-(-blocks // threads),), threads, *self._key, flat, size, self._block, *args
        )
        self._block += blocks
        return out
