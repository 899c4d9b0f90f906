"""The reference solutions as operations: the network computes what the package's code computes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learn.own import operations
from tinyalex import backends, functional, layers, models, training
from tinyalex.errors import ConfigError
from tinyalex.learn.own import supply
from tinyalex.learn.own.operations import OwnOperations

NUMPY = backends.get("numpy", threads=1)
CONV = ("conv2d", "conv2d_backward")
RELU, LINEAR = ("relu", "relu_backward"), ("linear", "linear_backward")
POOL, NORM = (
    ("max_pool2d", "max_pool2d_backward"),
    (
        "local_response_norm",
        "local_response_norm_backward",
    ),
)


def one_step(backend, dropout="inverted"):
    """The output of tiny, and its weights after a step."""
    model = models.build("tiny", seed=1, dropout=dropout).to(backend)
    x = np.random.default_rng(0).normal(size=(3, 1, 16, 16)).astype(np.float32)
    loss = layers.SoftmaxCrossEntropy().to(backend)
    found = {"loss": np.asarray(loss.forward(model.forward(x), np.array([1, 2, 3])))}
    model.backward(loss.backward())
    training.SGD(model, lr=0.1, weight_decay=0.01).step()
    return found | dict(model.named_parameters())


@pytest.mark.parametrize(
    ("exercises", "replaced"),
    [
        (
            (),
            {*CONV, *RELU, *LINEAR, *POOL, *NORM, "im2col", "col2im", "sgd_step", "augment"}
            | {"dropout", "dropout_backward", "cross_entropy", "cross_entropy_backward"},
        ),
        (("01",), {"conv2d"}),
        (("02",), {"im2col"}),
        (("18",), {"im2col"}),
        (("03",), {"col2im"}),
        (("02", "03"), {"im2col", "col2im"}),
        (("04",), {"conv2d_backward"}),
        (("02", "04"), {"im2col", "conv2d_backward"}),
        (("17",), {"conv2d"}),
        (("02", "17"), {"im2col", "conv2d"}),
        (("23",), {"conv2d_backward"}),
        (("02", "03", "23"), {"im2col", "col2im", "conv2d_backward"}),
        (("05",), {*LINEAR}),
        (("06",), {*RELU}),
        (("07",), {"max_pool2d"}),
        (("08",), {*POOL}),
        (("09",), {"max_pool2d"}),
        (("22",), {*POOL}),
        (("07", "08"), {*POOL}),
        (("09", "22"), {*POOL}),
        (("10",), {"local_response_norm"}),
        (("11",), {*NORM}),
        (("12",), {"dropout", "dropout_backward"}),
        (("15",), {"cross_entropy", "cross_entropy_backward"}),
        (("16",), {"sgd_step"}),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_a_step_with_these_answers_is_that_of_the_package(exercises, replaced):
    own = operations(*exercises).backend(NUMPY)
    assert set(own.own) == replaced
    expected = one_step(NUMPY)
    for name, array in one_step(own).items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, expected[name], rtol=1e-3, atol=1e-6, err_msg=name)


def test_dropout_in_the_papers_mode():
    expected = one_step(NUMPY, "paper")
    for name, array in one_step(operations("12").backend(NUMPY), "paper").items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("exercises", [("07",), ("07", "08"), ("08",), ("09", "22")], ids=str)
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling_of_negative_numbers_with_ties(exercises, ceil_mode):
    own = operations(*exercises).backend(NUMPY)
    x = np.random.default_rng(0).integers(-4, -1, (2, 3, 8, 7)).astype(np.float32)
    results = []
    for backend in (own, NUMPY):
        layer = layers.MaxPool2d(3, 2, ceil_mode=ceil_mode).to(backend)
        y = layer.forward(x)
        results.append((y, layer.backward(np.arange(y.size, dtype=np.float32).reshape(y.shape))))
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_normalisation_of_even_size_is_the_packages():
    own = operations("10", "11").backend(NUMPY)
    x = np.random.default_rng(0).normal(size=(2, 5, 2, 2))
    y, found = own.local_response_norm(x, 4, 0.5, 0.75, 2.0)
    expected, scale = functional.local_response_norm(x, 4, 0.5, 0.75, 2.0)
    np.testing.assert_allclose(y, expected)
    np.testing.assert_allclose(
        own.local_response_norm_backward(y, x, found, 4, 0.5, 0.75),
        functional.local_response_norm_backward(y, x, scale, 4, 0.5, 0.75),
    )


@pytest.mark.parametrize("with_colour", [False, True])
@pytest.mark.parametrize("exercises", [("13",), ("13", "14")], ids=str)
def test_the_images_are_prepared_as_by_the_package(exercises, with_colour):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 9, 8, 3), dtype=np.uint8)
    tops, lefts = rng.integers(0, 3, 4), rng.integers(0, 2, 4)
    mean = rng.normal(size=(3, 7, 7)).astype(np.float32)
    colour = rng.normal(size=(4, 3)).astype(np.float32) if with_colour else None
    how = images, tops, lefts, rng.random(4) < 0.5, (7, 7), mean, colour
    for scale in (0.5, np.array([1.0, 2.0, 3.0], np.float32)):
        mine = operations(*exercises).backend(NUMPY).augment(*how, scale)
        expected = functional.augment(*how, scale)
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-4)


def test_different_strides_for_the_two_axes_are_refused():
    own = operations("04").backend(NUMPY)
    conv = layers.Conv2d(1, 1, 2, stride=(1, 2)).to(own)
    y = conv.forward(np.zeros((1, 1, 4, 4), np.float32))
    with pytest.raises(ConfigError, match=r"take one stride for both axes \(got \(1, 2\)\)"):
        conv.backward(y)


def test_a_gradient_that_nobody_needs_is_not_passed_on():
    own = operations("04", "05", "23").backend(NUMPY)
    for layer in (layers.Conv2d(2, 2, 1), layers.Conv2d(2, 2, 1, groups=2)):
        layer.to(own).needs_dx = False
        assert layer.backward(layer.forward(np.ones((1, 2, 1, 1), np.float32))) is None
    linear = layers.Linear(2, 2).to(own)
    linear.needs_dx = False
    assert linear.backward(linear.forward(np.ones((1, 2), np.float32))) is None


def test_the_kernel_is_used_only_where_it_is_asked_for():
    answers = operations("02", "19").answers
    assert OwnOperations(answers).choice("conv2d") == ("02_im2col",)
    asked = OwnOperations(answers, im2col=supply.IM2COL_CUDA)
    assert asked.choice("im2col") == asked.choice("conv2d") == ("19_im2col_cuda",)


def test_every_exercise_that_supplies_an_operation_exists():
    from tinyalex.learn.exercises import get

    names = {name for ways in supply.SUPPLY.values() for way in ways for name in way}
    assert all(get(name).name == name for name in names)
