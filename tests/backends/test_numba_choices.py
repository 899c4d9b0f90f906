"""What is fastest on each kind of processor: the table decides, and no choice changes a result."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("numba")

from tests.backends.convolving import Conv  # noqa: E402
from tests.backends.test_numba_convolve import COLUMNS_LOSE, TILES_LOSE, check  # noqa: E402
from tinyalex.backends.numba.backend import NumbaBackend  # noqa: E402
from tinyalex.backends.numba.choices import AVX2, AVX512, OTHERS, TABLE, Choices  # noqa: E402
from tinyalex.backends.numba.conv import direct, im2col, winograd  # noqa: E402

EVERY = pytest.mark.parametrize("choices", TABLE.values(), ids=lambda each: each.kind)


def results(backend: NumbaBackend, case: Conv) -> dict[str, np.ndarray]:
    x, w, b, dy = case.arrays()
    dx, dw, db = backend.conv2d_backward(dy, x, w, *case.settings, True)
    assert dx is not None
    return {"y": backend.conv2d(x, w, b, *case.settings), "dx": dx, "dw": dw, "db": db}


# Winograd pays on some processors only, on all, and on none.
CASES = {
    "8 images of 16 tiles": Conv((8, 32, 13, 13), (40, 16, 3, 3), (1, 1), (1, 1), 2),
    "12 images of 16 tiles": Conv((12, 16, 13, 13), (33, 16, 3, 3), (1, 1), (1, 1)),
    "5x5": Conv((3, 16, 27, 27), (16, 16, 5, 5), (1, 1), (2, 2)),
    "direct": Conv((2, 3, 21, 19), (33, 3, 5, 5), (2, 2), (1, 0)),
}


@EVERY
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_choice_gives_the_textbooks_result_on_any_number_of_threads(
    choices: Choices, case: Conv
) -> None:
    one, two = (results(NumbaBackend(threads, choices), case) for threads in (1, 2))
    loses = TILES_LOSE[case.w_shape[3]] if case.stride == (1, 1) else COLUMNS_LOSE
    check(case, one, loses)
    assert {key: a.tobytes() for key, a in one.items()} == {k: a.tobytes() for k, a in two.items()}


def ways(monkeypatch: pytest.MonkeyPatch, choices: Choices, images: int, r: int) -> tuple[str, ...]:
    """Which way y, dw and dx take, with one tile per image; nothing is computed."""
    used: list[str] = []
    case = Conv((images, 16, 4, 4), (16, 16, r, r), (1, 1), (r // 2, r // 2))

    def way(module: ModuleType, name: str) -> None:
        nothing = np.zeros(case.w_shape), np.zeros(16)
        kind = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, name, lambda *args: used.append(kind) or nothing)

    for module in (winograd, direct, im2col):
        for name in ("forward", "weight_gradient", "input_gradient"):
            way(module, name)
    results(NumbaBackend(1, choices), case)
    dw, dx, y = used
    return y, dw, dx


@pytest.mark.parametrize(
    ("choices", "images", "r", "expected"),
    [
        (AVX512, 191, 3, ("direct", "direct", "direct")),
        (AVX512, 192, 3, ("winograd", "winograd", "winograd")),
        (AVX512, 191, 5, ("direct", "direct", "direct")),
        (AVX512, 192, 5, ("winograd", "winograd", "winograd")),
        (AVX2, 127, 3, ("direct", "direct", "direct")),
        (AVX2, 128, 3, ("winograd", "direct", "winograd")),
        (AVX2, 511, 3, ("winograd", "direct", "winograd")),
        (AVX2, 512, 3, ("winograd", "winograd", "winograd")),
        (AVX2, 191, 5, ("winograd", "direct", "winograd")),
        (AVX2, 192, 5, ("winograd", "winograd", "winograd")),
        (OTHERS, 191, 3, ("im2col", "im2col", "im2col")),
        (OTHERS, 192, 3, ("winograd", "winograd", "winograd")),
    ],
)
def test_the_table_decides_which_algorithm_computes(
    monkeypatch: pytest.MonkeyPatch,
    choices: Choices,
    images: int,
    r: int,
    expected: tuple[str, ...],
) -> None:
    assert ways(monkeypatch, choices, images, r) == expected


@pytest.mark.parametrize(("choices", "images"), [(AVX512, 11), (AVX2, 16), (OTHERS, 11)])
def test_the_table_decides_how_many_images_of_alexnets_third_layer_are_in_the_planes(
    choices: Choices, images: int
) -> None:
    workers = NumbaBackend(1, choices).workers
    assert winograd._images(workers, (4, 4), 36, 256 + 384) == images
