"""Sequential: a whole network as one layer; names, weights and random state."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tests.layers.compare import close, float64
from tests.strategies import grid, normal
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Tanh,
    Towers,
)


def network() -> Sequential:
    return Sequential(
        {
            "features": Sequential(
                [
                    Conv2d(2, 4, 3, stride=(1, 2), padding=(1, 0), seed=1),
                    ReLU(),
                    LocalResponseNorm(3, alpha=1.0),
                    MaxPool2d(3, 2),
                    Conv2d(4, 6, (1, 2), groups=2, padding=1, seed=2),
                ]
            ),
            "flatten": Flatten(),
            "classifier": Sequential(
                [Linear(6 * 5 * 2, 5, seed=3), ReLU(), Dropout(0.5), Linear(5, 3)]
            ),
        }
    )


def test_a_network_is_written_out_with_every_setting_that_decides_what_it_computes() -> None:
    assert (
        repr(network())
        == """\
Sequential(
  (features): Sequential(
    (0): Conv2d(2, 4, kernel_size=3, stride=(1, 2), padding=(1, 0), groups=1)
    (1): ReLU()
    (2): LocalResponseNorm(size=3, alpha=1.0, beta=0.75, k=2.0, groups=1)
    (3): MaxPool2d(kernel_size=3, stride=2, ceil_mode=False)
    (4): Conv2d(4, 6, kernel_size=(1, 2), stride=1, padding=1, groups=2)
  )
  (flatten): Flatten()
  (classifier): Sequential(
    (0): Linear(60, 5)
    (1): ReLU()
    (2): Dropout(p=0.5, mode='inverted')
    (3): Linear(5, 3)
  )
)"""
    )
    towers = Towers(Sequential([Tanh()]), Sequential([ReLU(inplace=True)]), crossing=True)
    assert repr(towers).splitlines() == [
        "Towers(crossing=True,",
        *("  (left): Sequential(", "    (0): Tanh()", "  )"),
        *("  (right): Sequential(", "    (0): ReLU()", "  )"),
        ")",
    ]


def test_a_whole_network_equals_pytorch(torch: ModuleType) -> None:
    nn = torch.nn
    model = network()
    model.eval()
    for _, layer in model.named_layers():
        float64(layer)
    there = nn.Sequential()
    there.features = nn.Sequential(
        nn.Conv2d(2, 4, 3, (1, 2), (1, 0)),
        nn.ReLU(),
        nn.LocalResponseNorm(3, 3 * 1.0, 0.75, 2.0),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(4, 6, (1, 2), 1, 1, groups=2),
    )
    there.flatten = nn.Flatten()
    there.classifier = nn.Sequential(
        nn.Linear(6 * 5 * 2, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3)
    )
    there = there.double().eval()
    there.load_state_dict({k: torch.from_numpy(v) for k, v in model.state_dict().items()})
    x = grid((2, 2, 7, 9), 0)
    x_there = torch.from_numpy(x).requires_grad_()
    expected = there(x_there)
    y = model.forward(x)
    close("y", y, expected)
    dy = normal(y.shape, 1)
    expected.backward(torch.from_numpy(dy))
    close("dx", model.backward(dy), x_there.grad)
    gradients = {name: layer.grads[key] for name, layer, key in model.parameter_owners()}
    for name, parameter in there.named_parameters():
        close(name, gradients[name], parameter.grad)


def test_parameters_have_the_names_that_pytorch_gives() -> None:
    names = [name for name, _ in network().named_parameters()]
    assert names == [
        "features.0.weight",
        "features.0.bias",
        "features.4.weight",
        "features.4.bias",
        "classifier.0.weight",
        "classifier.0.bias",
        "classifier.3.weight",
        "classifier.3.bias",
    ]


def test_weights_travel_by_name_and_are_copies() -> None:
    source, target = network(), network()
    for _, layer, key in source.parameter_owners():
        layer.params[key] = layer.params[key] + 1
    weights = source.state_dict()
    target.load_state_dict(weights)
    x = normal((2, 2, 7, 9), 0).astype(np.float32)
    np.testing.assert_array_equal(source.eval().forward(x), target.eval().forward(x))
    weights["features.0.bias"][:] = 99
    assert source["features"][0].params["bias"].max() < 99
    assert target["features"][0].params["bias"].max() < 99


@pytest.mark.parametrize("problem", ["missing", "unknown", "shape"])
def test_weights_that_do_not_fit_are_refused_and_nothing_changes(problem: str) -> None:
    model = network()
    before = model.state_dict()
    weights = {name: value + 1 for name, value in before.items()}
    if problem == "missing":
        del weights["classifier.3.bias"]
    elif problem == "unknown":
        weights["classifier.9.bias"] = np.zeros(3)
    else:
        weights["classifier.3.bias"] = np.zeros(4)
    with pytest.raises(CheckpointError, match="classifier.[39].bias"):
        model.load_state_dict(weights)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_random_state_repeats_the_masks() -> None:
    model = network()
    x = np.ones((8, 2, 7, 9), np.float32)
    model.forward(x)
    state = model.random_state()
    expected = model.forward(x)
    assert state == {"classifier.2": 1}
    model.load_random_state(state)
    np.testing.assert_array_equal(model.forward(x), expected)


def test_random_state_of_another_model_is_refused() -> None:
    with pytest.raises(CheckpointError, match="classifier.2"):
        network().load_random_state({})


def test_skipping_the_input_gradient_changes_no_other() -> None:
    model, x = network(), normal((2, 2, 7, 9), 0).astype(np.float32)
    model.eval()
    y = model.forward(x)
    model.backward(y)
    expected = model["features"][0].grads["weight"].copy()
    model.skip_input_gradient()
    model.forward(x)
    assert model.backward(y) is None
    np.testing.assert_array_equal(model["features"][0].grads["weight"], expected)


def test_shapes_and_flops_go_through_the_whole_network() -> None:
    model = network()
    assert model.output_shape((2, 2, 7, 9)) == (2, 3)
    parts = sum(
        layer.flops(shape)
        for layer, shape in [
            (model["features"][0], (2, 2, 7, 9)),
            (model["features"][4], (2, 4, 3, 1)),
            (model["classifier"][0], (2, 60)),
            (model["classifier"][3], (2, 5)),
        ]
    )
    assert model.flops((2, 2, 7, 9)) == parts


def test_only_layers_can_be_part_of_a_network() -> None:
    with pytest.raises(ConfigError, match="'1' must be a Layer"):
        Sequential([ReLU(), "relu"])  # type: ignore[list-item]


def test_a_layer_has_one_place_in_a_network() -> None:
    """As in PyTorch, where one ReLU may serve everywhere; here it would lose its first output."""
    relu = ReLU()
    with pytest.raises(ConfigError, match=r"'0\.0' and '1' are the same ReLU object"):
        Sequential(Sequential(relu), relu)
    assert len(Sequential(ReLU(), ReLU())) == 2
