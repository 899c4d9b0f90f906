"""However many threads share a batch, the result has the same bytes."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import models
from tinyalex.backends import Backend
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.training.optimizer import SGD

pytest.importorskip("numba")

from tests.backends.convolving import (  # noqa: E402
    BACKENDS,
    Conv,
    by_direct,
    by_im2col,
    by_winograd,
    compiled,
    direct_cases,
    tiled_cases,
)

Sizes = tuple[int, int, int]  # rows, inner size, columns
OTHERS = [threads for threads in BACKENDS if threads > 1]


def run(case: Conv, dtype: str, threads: int) -> tuple[dict[str, bytes], Counter[Sizes]]:
    """Results of a convolution, and how many matrix products of which sizes it took."""
    products: list[tuple[Sizes, int]] = []  # several threads may append, but not count
    matmul = np.matmul

    def counted(a: np.ndarray, b: np.ndarray, **to: np.ndarray) -> np.ndarray:
        c = matmul(a, b, **to)
        products.append(((*a.shape[-2:], b.shape[-1]), math.prod(c.shape[:-2])))
        return c

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "matmul", counted)
        found = compiled(*case.arrays(dtype), case.settings, threads)
    counts: Counter[Sizes] = Counter()
    for sizes, count in products:
        counts[sizes] += count
    return {key: a.tobytes() for key, a in found.items()}, counts


def check(case: Conv, dtype: str = "float32") -> None:
    """Run a convolution on 1, 2 and 4 threads.

    Some processors' BLAS rounds by the sizes of a product, so these must be the same everywhere.
    """
    expected, products = run(case, dtype, 1)
    for threads in OTHERS:
        got, others = run(case, dtype, threads)
        assert [key for key in expected if got[key] != expected[key]] == [], f"{threads} threads"
        assert others == products, f"{threads} threads"


@given(case=tiled_cases(), tiles=st.sampled_from([1, 9, 256]))
def test_winograd(case: Conv, tiles: int) -> None:
    with by_winograd(tiles):
        check(case)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(case=direct_cases(), room=st.sampled_from([1, 3000, 1 << 21]))
def test_im2col(dtype: str, case: Conv, room: int) -> None:
    with by_im2col(room):
        check(case, dtype)


@given(case=direct_cases(), block=st.sampled_from([(1, 5, 2), (3, 4, 1)]))
def test_direct_convolution(case: Conv, block: tuple[int, int, int]) -> None:
    with by_direct(block):
        check(case)


# As large as real layers: threads cut these batches in different places.
LAYERS = {
    "tiles, 16 images": Conv((16, 32, 13, 13), (48, 32, 3, 3), (1, 1), (1, 1)),
    "tiles, 13 images": Conv((13, 32, 13, 13), (48, 32, 3, 3), (1, 1), (1, 1)),
    "tiles of 5x5, groups": Conv((9, 64, 18, 17), (64, 32, 5, 5), (1, 1), (2, 2), 2),
    "blocks, 1 image": Conv((1, 3, 63, 63), (48, 3, 11, 11), (4, 4), (2, 2)),
    "blocks, 3 images": Conv((3, 3, 63, 63), (48, 3, 11, 11), (4, 4), (2, 2)),
    "blocks, 9 images": Conv((9, 16, 15, 15), (32, 8, 5, 5), (1, 1), (2, 2), 2),
}


@pytest.mark.parametrize("case", LAYERS.values(), ids=LAYERS)
def test_a_layer_by_the_algorithm_that_is_chosen_for_it(case: Conv) -> None:
    check(case)


@pytest.mark.parametrize("case", [c for n, c in LAYERS.items() if "blocks" in n])
def test_a_layer_by_im2col(case: Conv) -> None:
    with by_im2col():
        check(case)


def train(backend: Backend, name: str, image_size: int | None, batch: int) -> dict[str, bytes]:
    """Two steps of training; everything that they changed."""
    model = models.build(name, 10, image_size=image_size, seed=1)
    shape = model.input_shape
    model.to(backend)
    optimizer = SGD(model, 0.01, 0.9, 0.0005)
    loss = SoftmaxCrossEntropy().to(backend)
    rng = np.random.default_rng(2)
    found = {}
    for step in range(2):
        x = rng.standard_normal((batch, *shape)).astype(np.float32)
        labels = rng.integers(0, 10, batch)
        found[f"loss {step}"] = loss.forward(model.forward(x), labels).tobytes()
        model.backward(loss.backward())
        optimizer.step()
    return found | {name: a.tobytes() for name, a in model.state_dict().items()}


@pytest.mark.parametrize(
    "name, image_size, batch",
    [("tiny", None, 24), ("tiny", None, 3), pytest.param("alexnet", 67, 4, marks=pytest.mark.slow)],
)
def test_a_training_step(name: str, image_size: int | None, batch: int) -> None:
    expected = train(BACKENDS[1], name, image_size, batch)
    for threads in OTHERS:
        got = train(BACKENDS[threads], name, image_size, batch)
        assert [key for key in expected if got[key] != expected[key]] == []
