"""Net 145 of the authors' program and 1 CNN*: the order of layers, constants, arithmetic."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tests import strategies as own
from tests.models.test_alexnet import LIVELY, close
from tinyalex import models
from tinyalex.layers import LocalResponseNorm, SpatialResponseNorm
from tinyalex.models import Model

CONV1_AND_2 = {
    "features.0": "Conv2d",
    "features.1": "LocalResponseNorm",
    "features.2": "MaxPool2d",
    "features.3": "ReLU",
    "features.4": "Conv2d",
    "features.5": "ReLU",
    "features.6.across": "LocalResponseNorm",
    "features.6.within": "SpatialResponseNorm",
    "features.7": "MaxPool2d",
}


@pytest.fixture(scope="module")
def code2012() -> Model:
    return models.build("alexnet-code2012", 7, seed=3, init=LIVELY, image_size=67)


def test_net_145_normalises_conv1_before_its_relu_and_conv2_twice(code2012: Model) -> None:
    kinds = {name: type(layer).__name__ for name, layer in code2012.named_layers()}
    assert {name: kinds[name] for name in CONV1_AND_2} == CONV1_AND_2
    assert [kinds[f"features.{i}"] for i in (12, 13, 14)] == ["Conv2d", "MaxPool2d", "ReLU"]


def test_net_145_divides_alpha_by_what_a_window_holds(code2012: Model) -> None:
    norms = [layer for _, layer in code2012.named_layers()]
    across = [y for y in norms if isinstance(y, LocalResponseNorm)]
    within = [y for y in norms if isinstance(y, SpatialResponseNorm)]
    assert [(y.size, y.beta, y.k, y.groups) for y in across] == [(5, 0.75, 2.0, 2)] * 2
    assert [y.alpha for y in across] == pytest.approx([2e-5] * 2)
    assert [(y.size, y.beta, y.k) for y in within] == [(5, 0.75, 1.0)]
    assert within[0].alpha == pytest.approx(4e-5)


def test_the_papers_weights_fit_net_145() -> None:
    names = ("alexnet", "alexnet-code2012")
    paper, authors = (models.build(name, init=models.ZEROS) for name in names)
    authors.load_state_dict(paper.state_dict())
    assert authors.count_parameters() == 60_965_224


def test_net_145_equals_its_layer_file_in_pytorch(torch: ModuleType, code2012: Model) -> None:
    """Two towers as in layers-145.cfg, each with its own normalisation, in float64."""
    F = torch.nn.functional
    w = {k: torch.from_numpy(v).double() for k, v in code2012.state_dict().items()}

    def cmrnorm(x):
        return F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=2.0)

    def rnorm(x):
        energy = F.avg_pool2d(x * x, 5, stride=1, padding=2)  # zeros outside, divided by 25
        return x / (1 + 1e-3 * energy) ** 0.75

    def conv(x, layer, column, **how):
        weight, bias = (w[f"features.{layer}.{key}"].chunk(2)[column] for key in ("weight", "bias"))
        return F.conv2d(x, weight, bias, **how)

    x = 300 * torch.from_numpy(own.normal((2, 3, 67, 67), 5))
    columns = [conv(x, 0, i, stride=4) for i in (0, 1)]
    columns = [torch.relu(F.max_pool2d(cmrnorm(c), 3, 2)) for c in columns]
    columns = [torch.relu(conv(c, 4, i, padding=2)) for i, c in enumerate(columns)]
    columns = [F.max_pool2d(rnorm(cmrnorm(c)), 3, 2) for c in columns]
    both = torch.cat(columns, dim=1)
    columns = [torch.relu(conv(both, 8, i, padding=1)) for i in (0, 1)]
    columns = [torch.relu(conv(c, 10, i, padding=1)) for i, c in enumerate(columns)]
    columns = [conv(c, 12, i, padding=1) for i, c in enumerate(columns)]
    flat = torch.relu(F.max_pool2d(torch.cat(columns, dim=1), 3, 2)).flatten(1)
    for fc in ("classifier.0", "classifier.3"):
        flat = 0.5 * torch.relu(F.linear(flat, w[f"{fc}.weight"], w[f"{fc}.bias"]))
    expected = F.linear(flat, w["classifier.6.weight"], w["classifier.6.bias"]).numpy()

    ours = models.build("alexnet-code2012", 7, seed=3, init=LIVELY, image_size=67)
    for _, layer in ours.named_layers():
        for key, value in layer.params.items():
            layer.params[key] = value.astype(np.float64)
    ours.eval()
    close(expected, ours.forward(x.numpy()), 1e-10)


def test_the_normalisations_of_net_145_change_the_output(code2012: Model) -> None:
    """So the comparison above would notice a wrong constant."""
    x = 300 * own.normal((1, 3, 67, 67), 5).astype(np.float32)
    plain = models.build("alexnet", 7, seed=3, init=LIVELY, image_size=67)
    code2012.eval()
    plain.eval()
    y, other = code2012.forward(x), plain.forward(x)
    assert np.abs(y - other).max() > 0.1 * np.abs(y).max()


def test_one_cnn_star_has_a_sixth_convolution_that_keeps_the_maps_6x6() -> None:
    star = models.build("alexnet-star", init=models.ZEROS)
    layers = dict(star.named_layers())
    shape: tuple[int, ...] = (1, 3, 227, 227)
    sizes = {}
    for name, layer in star.named_layers():
        shape = sizes[name] = layer.output_shape(shape)
    assert sizes["features.14"] == sizes["features.15"] == (1, 256, 6, 6)
    assert layers["features.15"].params["weight"].shape == (256, 256, 3, 3)
    assert type(layers["features.16"]).__name__ == "ReLU"
    assert star.count_parameters() == 60_965_224 + 256 * 256 * 9 + 256


def test_initial_weights_follow_the_layer_files() -> None:
    star = dict(models.build("alexnet-star", image_size=67).state_dict())
    sigmas = {0: 0.01, 4: 0.01, 8: 0.03, 10: 0.03, 12: 0.03, 15: 0.03}
    for layer, sigma in sigmas.items():
        assert star[f"features.{layer}.weight"].std() == pytest.approx(sigma, rel=0.05), layer
        ones = layer in (4, 10, 12, 15)
        assert np.all(star[f"features.{layer}.bias"] == ones), layer
