"""AlexNet's three versions: sizes, arithmetic, and that they are what they claim to be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given

from tests import strategies as own
from tests.layers.compare import float64
from tests.weights.nets import few_hidden, torch_torchvision
from tinyalex import models
from tinyalex.layers import (
    Conv2d,
    LocalResponseNorm,
    Sequential,
    SoftmaxCrossEntropy,
    Towers,
)
from tinyalex.layers.base import skip_init
from tinyalex.models import Model
from tinyalex.models.alexnet_without import alexnet_without

# Large enough that every layer's numbers matter, biases included.
LIVELY = {"*.weight": ("he_normal",), "*.bias": ("normal", 0.1)}

# torchvision/models/alexnet.py, as laid out there.
TORCHVISION_SHAPES = {
    "features.0.weight": (64, 3, 11, 11),
    "features.0.bias": (64,),
    "features.3.weight": (192, 64, 5, 5),
    "features.3.bias": (192,),
    "features.6.weight": (384, 192, 3, 3),
    "features.6.bias": (384,),
    "features.8.weight": (256, 384, 3, 3),
    "features.8.bias": (256,),
    "features.10.weight": (256, 256, 3, 3),
    "features.10.bias": (256,),
    "classifier.1.weight": (4096, 9216),
    "classifier.1.bias": (4096,),
    "classifier.4.weight": (4096, 4096),
    "classifier.4.bias": (4096,),
    "classifier.6.weight": (1000, 4096),
    "classifier.6.bias": (1000,),
}


@pytest.fixture(scope="module")
def paper() -> Iterator[Model]:
    yield models.build("alexnet")


def test_the_papers_network_has_its_parameters(paper: Model) -> None:
    assert paper.count_parameters() == 60_965_224
    assert paper.input_shape == (3, 227, 227) and paper.num_classes == 1000


def test_the_papers_network_has_its_multiply_adds(paper: Model) -> None:
    assert paper.flops((1, 3, 227, 227)) // 2 == 724_406_816


def test_the_papers_sizes_layer_by_layer(paper: Model) -> None:
    shape, sizes = (1, 3, 227, 227), []
    for name, layer in paper.named_layers():
        shape = layer.output_shape(shape)
        if layer.params or "Pool" in type(layer).__name__:
            sizes.append((name, shape[1:]))
    assert sizes == [
        ("features.0", (96, 55, 55)),
        ("features.3", (96, 27, 27)),
        ("features.4", (256, 27, 27)),
        ("features.7", (256, 13, 13)),
        ("features.8", (384, 13, 13)),
        ("features.10", (384, 13, 13)),
        ("features.12", (256, 13, 13)),
        ("features.14", (256, 6, 6)),
        ("classifier.0", (4096,)),
        ("classifier.3", (4096,)),
        ("classifier.6", (1000,)),
    ]


def test_the_papers_initial_weights(paper: Model) -> None:
    ones = {"features.4", "features.10", "features.12", "classifier.0", "classifier.3"}
    for name, layer, key in paper.parameter_owners():
        value = layer.params[key]
        if key == "weight":
            # An estimate from n numbers is this sure of sigma: five standard deviations.
            assert value.std() == pytest.approx(0.01, rel=5 / math.sqrt(2 * value.size))
            assert abs(value.mean()) < 5 * 0.01 / math.sqrt(value.size)
        else:
            assert np.all(value == (1 if name.rpartition(".")[0] in ones else 0)), name


def test_normalisation_is_the_papers(paper: Model) -> None:
    norms = [y for _, y in paper.named_layers() if isinstance(y, LocalResponseNorm)]
    assert [(y.size, y.alpha, y.beta, y.k) for y in norms] == [(5, 1e-4, 0.75, 2.0)] * 2


def test_an_untrained_network_has_the_loss_of_chance(paper: Model) -> None:
    paper.eval()
    logits = paper.forward(60 * own.normal((2, 3, 227, 227), 0).astype(np.float32))
    loss = SoftmaxCrossEntropy()
    loss_of_every_label = [float(loss.forward(logits[:1], np.array([c]))) for c in range(1000)]
    # The biases of 1 before fc8 make the first logits differ a little: a bit more than log(1000).
    assert np.mean(loss_of_every_label) == pytest.approx(math.log(1000), abs=0.1)


def test_the_small_network_is_the_papers_list_of_layers(paper: Model) -> None:
    kinds, small = (
        [(name, type(layer).__name__) for name, layer in model.named_layers()]
        for model in (paper, models.build("tiny"))
    )
    assert kinds == small


def test_two_towers_equal_one_network_with_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    few_hidden(monkeypatch)
    assert_towers_equal(67, np.float64, tolerance=1e-9)


@pytest.mark.slow
def test_two_towers_equal_one_network_at_full_size() -> None:
    assert_towers_equal(227, np.float32, tolerance=2e-3)


def assert_towers_equal(size: int, dtype: type, tolerance: float) -> None:
    """Forward and backward, dropout included, from the same weights."""
    one = models.build("alexnet", 7, seed=size, init=LIVELY, image_size=size)
    two = models.build("alexnet-two-tower", 7, seed=size, image_size=size)
    two.load_state_dict(models.to_two_tower(one.state_dict()))
    assert one.count_parameters() == two.count_parameters()
    for model in (one, two):
        for _, layer in model.named_layers():
            for key, value in layer.params.items():
                layer.params[key] = value.astype(dtype)
            if isinstance(layer, LocalResponseNorm):
                layer.alpha = 0.5  # the paper's 1e-4 would hide what crosses the seam
    x = own.normal((2, 3, size, size), size).astype(dtype)
    y, y_two = one.forward(x), two.forward(x)
    dy = own.normal(y.shape, 1).astype(dtype)
    dx, dx_two = one.backward(dy), two.backward(dy)
    close(y, y_two, tolerance)
    close(dx, dx_two, tolerance)
    gradients = {name: layer.grads[key] for name, layer, key in one.parameter_owners()}
    gradients = models.to_two_tower(gradients)
    for name, layer, key in two.parameter_owners():
        close(gradients[name], layer.grads[key], tolerance)


def close(expected: np.ndarray, got: np.ndarray, tolerance: float) -> None:
    """Compare on the scale of the largest number."""
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@given(case=own.convolutions(grouped=False))
def test_towers_equal_groups_for_any_convolution(case: own.Conv) -> None:
    """Two towers that do not cross are groups=2; towers that cross are groups=1."""
    N, C, H, W = case.shape
    for crossing, groups in ((False, 2), (True, 1)):
        settings = (case.kernel, case.stride, case.padding)
        one = float64(
            Conv2d(2 * C, 2 * case.out_channels, *settings, groups=groups, seed=case.seed)
        )
        columns = [Conv2d(2 * C if crossing else C, case.out_channels, *settings) for _ in range(2)]
        for key, value in one.params.items():
            for column, half in zip(columns, np.split(value, 2), strict=True):
                column.params[key] = half
        towers = Towers(*(Sequential([c]) for c in columns), crossing=crossing)
        x = own.normal((N, 2 * C, H, W), case.seed)
        y = one.forward(x)
        dy = own.normal(y.shape, case.seed + 1)
        assert towers.output_shape(x.shape) == y.shape and towers.flops(x.shape) == one.flops(
            x.shape
        )
        np.testing.assert_allclose(towers.forward(x), y, atol=1e-12)
        np.testing.assert_allclose(towers.backward(dy), one.backward(dy), atol=1e-12)
        for key in one.params:
            halves = np.concatenate([column.grads[key] for column in columns])
            np.testing.assert_allclose(halves, one.grads[key], atol=1e-12)


def test_torchvisions_names_and_shapes() -> None:
    torchvision = models.build("alexnet-torchvision", init=models.ZEROS)
    shapes = {name: w.shape for name, w in torchvision.named_parameters()}
    assert shapes == TORCHVISION_SHAPES
    assert torchvision.count_parameters() == 61_100_840


def test_torchvisions_network_equals_its_layout_in_pytorch(
    torch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_hidden(monkeypatch)
    torchvision = models.build("alexnet-torchvision", seed=5).eval()
    there = torch_torchvision(torch, hidden=64)
    weights = {name: torch.from_numpy(value) for name, value in torchvision.state_dict().items()}
    there.load_state_dict(weights, strict=True)
    x = own.normal((1, 3, 224, 224), 0).astype(np.float32)
    with torch.no_grad():
        expected = there(torch.from_numpy(x)).numpy()
    close(expected, torchvision.forward(x), 1e-4)


def test_with_nothing_left_out_it_is_the_papers_network(paper: Model) -> None:
    """Weights of fc6 and fc7, reshaped to convolutions, give the same."""
    image = (3, 67, 67)
    whole = models.build("alexnet", 10, image_size=67, init=LIVELY).eval()
    same = alexnet_without(image, 10, "paper").eval()
    shapes = {name: w.shape for name, w in same.named_parameters()}
    state = whole.state_dict()
    assert set(shapes) == set(state)
    same.load_state_dict({name: value.reshape(shapes[name]) for name, value in state.items()})
    x = own.normal((2, *image), 0).astype(np.float32)
    np.testing.assert_allclose(
        same.forward(x.copy()), whole.forward(x.copy()), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "name", ["no-norm", "no-overlap", "no-exchange", "no-dropout", "tanh", "tanh-no-dropout"]
)
def test_remaining_layers_keep_their_names_and_channels(paper: Model, name: str) -> None:
    spec = models.spec(f"alexnet-{name}")
    with skip_init():
        net = spec.builder(spec.input_shape, 1000, "paper")
    assert [n for n, _ in net.named_parameters()] == [n for n, _ in paper.named_parameters()]
    features = net.children["features"].output_shape((1, 3, 227, 227))
    assert features == (1, 256, 6, 6)


def test_towers_of_the_papers_size_that_do_not_exchange_are_independent() -> None:
    spec = models.spec("alexnet-no-exchange")
    net = models.build(spec.name, 10, image_size=67, init=LIVELY).eval()
    x = own.normal((1, 3, 67, 67), 0).astype(np.float32)

    def hidden() -> np.ndarray:
        y = x.copy()
        for layer in [*net.children["features"].children.values()]:
            # normalisation looks across the border between the columns, as the paper's does
            y = y if isinstance(layer, LocalResponseNorm) else layer.forward(y)
        for name, layer in net.children["classifier"].children.items():
            if name == "flatten":
                break
            y = layer.forward(y)
        return y

    before = hidden()
    weight = net.state_dict()["features.0.weight"].copy()
    weight[48:] += 1
    net.load_state_dict({**net.state_dict(), "features.0.weight": weight})
    after = hidden()
    np.testing.assert_array_equal(after[:, :2048], before[:, :2048])
    assert not np.array_equal(after[:, 2048:], before[:, 2048:])
