"""Which exercises can stand for which operation."""

from __future__ import annotations

from collections.abc import Collection

from tinyalex.layers import Conv2d, LocalResponseNorm, MaxPool2d
from tinyalex.layers.base import Layer

Alternative = tuple[str, ...]  # exercises that are all needed

IM2COL_CUDA = "19_im2col_cuda"
IM2COL = ("18_im2col_numba", "02_im2col")

# For each operation, and what is special about a layer: the alternatives, the first one preferred.
# The package's convolution is a matrix product; with a student's im2col it is the student's.
SUPPLY: dict[tuple[str, str], tuple[Alternative, ...]] = {
    ("im2col", ""): tuple((name,) for name in IM2COL),
    ("col2im", ""): (("03_col2im",),),
    ("conv2d", ""): (*((name,) for name in IM2COL), ("01_conv_loops",), ("17_grouped_conv",)),
    ("conv2d", "groups"): (
        ("17_grouped_conv",),
        *((name,) for name in IM2COL),
        ("01_conv_loops",),
    ),
    ("conv2d_backward", ""): (
        ("04_conv_backward",),
        ("23_grouped_conv_backward",),
        *((name, "03_col2im") for name in IM2COL),
        ("03_col2im",),
    ),
    ("conv2d_backward", "groups"): (
        ("23_grouped_conv_backward",),
        ("04_conv_backward",),
        *((name, "03_col2im") for name in IM2COL),
        ("03_col2im",),
    ),
    ("linear", ""): (("05_linear",),),
    ("linear_backward", ""): (("05_linear",),),
    ("relu", ""): (("06_relu",),),
    ("relu_backward", ""): (("06_relu",),),
    ("max_pool2d", ""): (("07_max_pool",),),
    ("max_pool2d", "ceil"): (("09_ceil_pool",), ("07_max_pool",)),
    ("max_pool2d_backward", ""): (("08_pool_backward",),),
    ("max_pool2d_backward", "ceil"): (("22_ceil_pool_backward",), ("08_pool_backward",)),
    ("local_response_norm", ""): (("10_lrn",),),
    ("local_response_norm_backward", ""): (("11_lrn_backward",),),
    ("dropout", ""): (("12_dropout",),),
    ("cross_entropy", ""): (("15_softmax_cross_entropy",),),
    ("sgd_step", ""): (("16_sgd",),),
    ("augment", ""): (("13_crop_mirror",),),
    ("augment", "colour"): (("13_crop_mirror", "14_pca_colour"), ("13_crop_mirror",)),
}


def variant_of(operation: str, layer: Layer) -> str:
    """What is special about a layer's use of an operation; "" if nothing."""
    if isinstance(layer, Conv2d) and layer.groups > 1:
        return "groups"
    if isinstance(layer, MaxPool2d) and layer.ceil_mode:
        return "ceil"
    if isinstance(layer, LocalResponseNorm) and layer.size % 2 == 0:
        return "even" if operation == "local_response_norm" else ""  # exercise 10 has odd sizes
    return ""


def choice(operation: str, variant: str, passed: Collection[str], im2col: str = "") -> Alternative:
    """The exercises that stand for an operation; empty if the package's code does.

    Parameters
    ----------
    passed : collection of str
        Exercises with a right answer.
    im2col : str
        An exercise that is taken for every im2col, whatever else there is.
    """
    if im2col and operation in ("im2col", "conv2d"):
        return (im2col,)
    for alternative in SUPPLY.get((operation, variant), ()):
        if set(alternative) <= set(passed):
            return alternative
    return ()


def candidates(operation: str, variants: Collection[str]) -> tuple[str, ...]:
    """The exercises that could each stand for an operation, by number."""
    ways = [way for variant in variants for way in SUPPLY.get((operation, variant), ())]
    return tuple(sorted({way[0] for way in ways if len(way) == 1}))
