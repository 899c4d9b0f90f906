"""Python that reads like PyTorch's means what it means there, or is refused."""

from __future__ import annotations

import typing
from collections.abc import Callable

import numpy as np
import pytest

from tests.layers.examples import classes
from tests.strategies import normal
from tinyalex.errors import ConfigError
from tinyalex.layers import (
    AvgPool2d,
    Container,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    Loss,
    MaxPool2d,
    NotReadyError,
    Sequential,
    SoftmaxCrossEntropy,
)
from tinyalex.models import Model


def network() -> Sequential:
    return Sequential({"conv1": Conv2d(1, 2, 3), "flat": Flatten(), "fc": Linear(8, 3)})


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


def test_parameters_are_pairs_of_a_name_and_an_array() -> None:
    net = network()
    pairs = list(net.named_parameters())
    assert [name for name, _ in pairs] == ["conv1.weight", "conv1.bias", "fc.weight", "fc.bias"]
    for (_, array), alone, (_, layer, key) in zip(
        pairs, net.parameters(), net.parameter_owners(), strict=True
    ):
        assert array is alone is layer.params[key]


def test_a_layer_alone_names_its_parameters_as_pytorch_does() -> None:
    layer = Linear(8, 3)
    named = dict(layer.named_parameters())
    assert list(named) == ["weight", "bias"]
    assert all(named[key] is layer.params[key] for key in ("weight", "bias"))
    assert list(Flatten().named_parameters()) == []


def test_a_network_is_a_row_of_layers() -> None:
    net = network()
    conv1, flat, fc = net
    assert len(net) == 3 and isinstance(fc, Linear)
    assert net[0] is net[-3] is net["conv1"] is conv1
    assert net[2] is net[-1] is net[np.int64(2)] is fc and net[1] is flat


def test_a_layers_place_is_counted_whatever_its_name() -> None:
    """The nets of the ablations leave names out: ``features.3`` is there, ``features.1`` is not."""
    net = Sequential({"0": Conv2d(1, 2, 3), "3": Flatten(), "1": Linear(8, 3)})
    assert net[1] is net["3"] and net[2] is net["1"]


def test_a_slice_is_a_network_of_the_same_layers_under_the_same_names() -> None:
    net = network().eval()
    front, rest = net[:-1], net[-1:]
    assert list(front) == [net[0], net[1]] and dict(rest.named_layers()) == {"fc": net["fc"]}
    assert not front.training and front.backend is net.backend
    x = normal((2, 1, 4, 4), 0)
    np.testing.assert_array_equal(rest(front(x)), net(x))
    assert len(net[:0]) == 0


def test_a_layer_that_is_not_there_is_told_with_the_names_that_are() -> None:
    net = network()
    with pytest.raises(KeyError) as no_name:
        net["conv2"]
    assert str(no_name.value) == "unknown layer 'conv2'\nTry: 'conv1', or one of: conv1, fc, flat"
    for place in (3, -4):
        with pytest.raises(IndexError, match=f"no layer {place}: the network has 3 layers"):
            net[place]
    with pytest.raises(TypeError):
        net[1.5]


def test_a_name_that_is_written_wrongly_is_told_and_the_nearest_suggested() -> None:
    layer = Conv2d(1, 2, 3)
    for wrong, near in {
        "wieght": "params['weight']",
        "weight": "params['weight']",
        "strid": "stride",
        "evaal": "eval",
    }.items():
        with pytest.raises(AttributeError) as error:
            getattr(layer, wrong)
        assert str(error.value) == f"Conv2d has no attribute {wrong!r}\nTry: {near}"
        assert not isinstance(error.value, NotReadyError)
    with pytest.raises(AttributeError, match="^Conv2d has no attribute 'qqq'$"):
        layer.qqq  # noqa: B018


def test_what_forward_keeps_is_not_there_yet_whoever_wrote_the_layer() -> None:
    class Twice(Layer):
        remembers = ("seen",)

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.seen = x
            return 2 * x

    class Again(Twice):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return super().forward(x)

    for layer in (Twice(), Again()):
        with pytest.raises(NotReadyError, match="no 'seen' yet\nTry: call forward"):
            layer.seen  # noqa: B018
        layer.forward(np.ones(3))
        assert layer.seen.sum() == 3


def test_a_layer_without_forward_or_backward_is_told_by_its_name() -> None:
    class Nothing(Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing has no forward\(x\)"):
        Nothing()(np.ones(3))
    with pytest.raises(NotImplementedError, match=r"Nothing has no backward\(dy\)"):
        Nothing().backward(np.ones(3))


@pytest.mark.parametrize("kind", [Layer, Container, Sequential, Model])
def test_a_network_that_is_moved_or_switched_keeps_its_type(kind: type[Layer]) -> None:
    """For a type checker: ``models.build("tiny").eval().num_classes`` is fine."""
    for method in (kind.to, kind.train, kind.eval):
        assert typing.get_type_hints(method)["return"] is typing.Self


def test_a_loss_is_no_layer_of_a_network_and_is_checked_as_the_layers_are() -> None:
    assert not issubclass(SoftmaxCrossEntropy, Layer) and SoftmaxCrossEntropy in classes()
    with pytest.raises(ConfigError, match=r"'1' must be a Layer \(got SoftmaxCrossEntropy\)"):
        Sequential([Flatten(), SoftmaxCrossEntropy()])


def test_a_loss_is_called_with_logits_and_labels() -> None:
    class Hinge(Loss):
        pass

    with pytest.raises(NotImplementedError, match=r"Hinge has no forward\(logits, labels\)"):
        Hinge()(np.ones((1, 2)), np.zeros(1, int))
    loss, logits = SoftmaxCrossEntropy(), np.array([[0, np.log(3)]])
    np.testing.assert_allclose(loss(logits, np.array([1])), np.log(4 / 3))
