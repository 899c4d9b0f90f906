"""Exercise 26: shapes, weights and multiply-adds of a list of layers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tinyalex.learn.exercises._whole import expect_whole
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property
from tinyalex.learn.grader.draws import sizes

Layer = tuple[Any, ...]
Shape = tuple[int, int, int]
ALEXNET: tuple[Layer, ...] = (  # paper, sections 3.2 and 3.5
    ("conv", 96, 11, 4, 0, 1),
    ("pool", 3, 2),
    ("conv", 256, 5, 1, 2, 2),
    ("pool", 3, 2),
    ("conv", 384, 3, 1, 1, 1),
    ("conv", 384, 3, 1, 1, 2),
    ("conv", 256, 3, 1, 1, 2),
    ("pool", 3, 2),
    ("linear", 4096),
    ("linear", 4096),
    ("linear", 1000),
)


@st.composite
def convolutions(draw: st.DrawFn, plain: bool = False) -> Arguments:
    """A convolution and an image that it fits; a plain one has stride 1, no padding, one group."""
    groups = 1 if plain else draw(st.integers(1, 2))
    channels, filters, K = draw(sizes(3, 3, 3))
    stride = 1 if plain else draw(st.integers(1, 3))
    padding = 0 if plain else draw(st.integers(0, 2))
    H, W = (max(1, K - 2 * padding) + extra - 1 for extra in draw(sizes(6, 6)))
    layer = ("conv", groups * filters, K, stride, padding, groups)
    return {"layer": layer, "shape": (groups * channels, H, W)}


@st.composite
def poolings(draw: st.DrawFn) -> Arguments:
    C, K, stride = draw(sizes(3, 3, 3))
    H, W = (K + extra - 1 for extra in draw(sizes(5, 5)))
    return {"layer": ("pool", K, stride), "shape": (C, H, W)}


@st.composite
def linears(draw: st.DrawFn) -> Arguments:
    outputs, C, H, W = draw(sizes(4, 3, 3, 3))
    return {"layer": ("linear", outputs), "shape": (C, H, W)}


@st.composite
def networks(draw: st.DrawFn) -> Arguments:
    """A convolution, then a pooling of 1 x 1 windows, then a linear layer, or only some of them."""
    first = draw(convolutions())
    rest = (("pool", 1, draw(st.integers(1, 2))), ("linear", draw(st.integers(1, 4))))
    kept = draw(st.integers(0, 2))
    begin = draw(st.integers(0, min(kept, 1)))
    return {"layers": (first["layer"], *rest[:kept])[begin:], "shape": first["shape"]}


def windows(side: int, K: int, stride: int, padding: int) -> int:
    """How many windows fit: they are placed one after the other."""
    count, begin = 0, 0
    while begin + K <= side + 2 * padding:
        count, begin = count + 1, begin + stride
    return count


def shape_by_definition(layer: Layer, shape: Shape) -> Shape:
    C, H, W = shape
    if layer[0] == "linear":
        return (layer[1], 1, 1)
    F, K, stride, padding = (C, *layer[1:], 0) if layer[0] == "pool" else layer[1:5]
    return (F, windows(H, K, stride, padding), windows(W, K, stride, padding))


def weights_by_definition(layer: Layer, shape: Shape) -> int:
    """Weights without biases."""
    C, H, W = shape
    if layer[0] == "pool":
        return 0
    if layer[0] == "linear":
        return int(layer[1] * C * H * W)
    return int(layer[1] * (C // layer[5]) * layer[2] ** 2)


def biases(layer: Layer) -> int:
    return 0 if layer[0] == "pool" else int(layer[1])


def totals_by_definition(layers: tuple[Layer, ...], shape: Shape) -> tuple[int, int]:
    parameters = multiply_adds = 0
    for layer in layers:
        weights = weights_by_definition(layer, shape)
        shape = shape_by_definition(layer, shape)
        parameters += weights + biases(layer)
        multiply_adds += weights * shape[1] * shape[2]
    return parameters, multiply_adds


def shape(answer: Answer, a: Arguments) -> None:
    got, expected = answer.output_shape(**a), shape_by_definition(**a)
    for name, mine, right in zip(("C", "H", "W"), got, expected, strict=True):
        expect_whole(mine, right, f"{name} of the output shape")


def parameters(answer: Answer, a: Arguments) -> None:
    expected = weights_by_definition(**a) + biases(a["layer"])
    expect_whole(answer.parameters(**a), expected, "the number of parameters")


def totals(answer: Answer, a: Arguments) -> None:
    got, expected = answer.totals(**a), totals_by_definition(**a)
    expect_whole(got[0], expected[0], "the number of parameters")
    expect_whole(got[1], expected[1], "the number of multiply-adds")


EXERCISE = Exercise(
    name="26_count_weights",
    title="Shapes, weights and arithmetic of a network",
    lesson=10,
    minutes=30,
    functions=("output_shape", "parameters", "totals"),
    properties=(
        Property(
            name="shape of a plain convolution",
            says="output_shape is right for a convolution with stride 1, no padding, one group.",
            given=convolutions(plain=True),
            judge=shape,
            hints=(
                "How many windows of K pixels fit into a row of W, one pixel apart?",
                "(F, H - K + 1, W - K + 1)",
            ),
            examples=20,
        ),
        Property(
            name="shape of a convolution",
            says="output_shape is right for any convolution.",
            given=convolutions(),
            judge=shape,
            hints=(
                "Padding adds pixels at *both* ends of a row.",
                "(H + 2 * padding - K) // stride + 1: round down before you add 1.",
            ),
        ),
        Property(
            name="shape of a pooling",
            says="output_shape is right for a pooling, which keeps the channels.",
            given=poolings(),
            judge=shape,
            hints=(
                "Each channel is pooled by itself: what does that do to C?",
                'The tuple is ("pool", K, stride): K is layer[1], stride is layer[2].',
            ),
        ),
        Property(
            name="shape of a linear layer",
            says="The output of a linear layer has the shape (outputs, 1, 1).",
            given=linears(),
            judge=shape,
            hints=(
                "A linear layer has no windows: its output is one row of numbers.",
                "(layer[1], 1, 1)",
            ),
            examples=10,
        ),
        Property(
            name="parameters of a convolution",
            says="A convolution has F * (C / groups) * K * K weights and F biases.",
            given=convolutions(),
            judge=parameters,
            hints=(
                "How many numbers does one filter see?",
                "With two groups a filter sees only half of the channels.",
                "Each filter has one bias: add F.",
            ),
        ),
        Property(
            name="parameters of a linear layer",
            says="A linear layer has outputs * C * H * W weights and one bias per output.",
            given=linears(),
            judge=parameters,
            hints=(
                "It sees all numbers of its input: C * H * W.",
                "layer[1] * C * H * W + layer[1]",
            ),
        ),
        Property(
            name="parameters of a pooling",
            says="A pooling has no parameters.",
            given=poolings(),
            judge=parameters,
            hints=("What does a pooling learn?", "Nothing: return 0."),
            examples=10,
        ),
        Property(
            name="totals",
            says="totals adds up the parameters and the multiply-adds of all layers.",
            given=networks(),
            judge=totals,
            hints=(
                "Each layer sees the shape that the layer before leaves.",
                "The same weights are used at OH * OW positions, but a bias multiplies nothing.",
                "multiply-adds of a layer: (parameters - biases) * OH * OW of its output.",
            ),
        ),
        Property(
            name="AlexNet",
            says="AlexNet on 227 x 227 pixels: 60,965,224 parameters, 724,406,816 multiply-adds.",
            given=st.just({"layers": ALEXNET, "shape": (3, 227, 227)}),
            judge=totals,
            hints=(
                "Three of the five convolutions have two groups; conv1 and conv3 have one.",
                "fc6 sees 256 channels of 6 x 6: print each shape on the way.",
            ),
            examples=1,
        ),
    ),
    allowed=("numpy",),
)
