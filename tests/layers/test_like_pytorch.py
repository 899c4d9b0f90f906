"""Python that reads like PyTorch's means what it means there, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tinyalex.layers import AvgPool2d, Conv2d, Layer, LocalResponseNorm, MaxPool2d


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaxPool2d(3, 2, 1),  # there: padding
        lambda: AvgPool2d(3, 2, 1),
        lambda: Conv2d(4, 4, 3, 1, 1, 2),  # there: dilation
        lambda: LocalResponseNorm(5, 1e-4, 0.75, 2.0, 2),  # there: nothing
    ],
)
def test_a_position_that_means_something_else_in_pytorch_is_refused(
    make: Callable[[], Layer],
) -> None:
    with pytest.raises(TypeError, match="positional arguments"):
        make()
