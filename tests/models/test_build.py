"""Building networks by name: seeds, classes, other images, and names that do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from tests.strategies import normal
from tinyalex import models, recipes
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import Dropout, Linear
from tinyalex.layers.base import skip_init

SMALL = [name for name in models.names() if not name.startswith("alexnet")]


def test_weights_that_are_about_to_be_set_are_zeros_and_are_not_drawn() -> None:
    with pytest.raises(ZeroDivisionError), skip_init():
        assert not Linear(2, 3).params["weight"].any()
        raise ZeroDivisionError
    assert Linear(2, 3).params["weight"].all()
    model = models.build("tiny", init=models.ZEROS)
    for name, layer, key in model.parameter_owners():
        assert not layer.params[key].any() and not layer.grads[key].any(), name
        assert layer.grads[key].shape == layer.params[key].shape, name
        assert layer.grads[key] is not layer.params[key], name


def test_an_unknown_model_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown model 'alexnt'\nTry: 'alexnet'"):
        models.build("alexnt")


def test_all_promised_names_exist() -> None:
    assert set(models.names()) >= {
        "alexnet",
        "alexnet-two-tower",
        "alexnet-torchvision",
        "cifar-80sec",
        "cifar-19pct",
        "cifar-18pct",
        "cifar-13pct",
        "cifar-11pct",
        "cifar-fig1-relu",
        "cifar-fig1-tanh",
        "tiny",
    }


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_decides_every_number(name: str) -> None:
    one, same, other = (models.build(name, seed=seed).state_dict() for seed in (1, 1, 2))
    for key, value in one.items():
        np.testing.assert_array_equal(value, same[key])
        assert value.dtype == np.float32
        if key.endswith("weight"):
            assert not np.array_equal(value, other[key])


def test_layers_have_different_weights() -> None:
    state = models.build("tiny").state_dict()
    first = [value.flat[:4].tolist() for key, value in state.items() if key.endswith("weight")]
    normalised = {tuple(np.round(np.array(f) / f[0], 6)) for f in first}
    assert len(normalised) == len(first)


def test_dropout_layers_draw_different_masks() -> None:
    dropouts = [y for _, y in models.build("tiny").named_layers() if isinstance(y, Dropout)]
    masks = [y.forward(np.ones((20, 20), np.float32)) for y in dropouts]
    assert len(masks) == 2 and not np.array_equal(*masks)


def test_classes_and_images_can_be_others() -> None:
    model = models.build("tiny", 37, in_channels=3, image_size=24)
    assert model.num_classes == 37 and model.input_shape == (3, 24, 24)
    assert model.forward(normal((2, 3, 24, 24), 0).astype(np.float32)).shape == (2, 37)


def test_dropout_can_be_of_the_other_kind() -> None:
    model = models.build("tiny", dropout="paper")
    assert {y.mode for _, y in model.named_layers() if isinstance(y, Dropout)} == {"paper"}


def test_the_last_matching_rule_wins() -> None:
    rules = {"*": ("constant", 1.0), "classifier.*": ("constant", 2.0)}
    state = models.build("tiny", init=rules).state_dict()
    for name, value in state.items():
        assert np.all(value == (2 if name.startswith("classifier") else 1))


def test_a_network_starts_as_its_recipe_says() -> None:
    by_recipe = models.build("cifar-13pct", init=recipes.get("cifar-13pct").init).state_dict()
    for name, value in models.build("cifar-13pct").state_dict().items():
        np.testing.assert_array_equal(value, by_recipe[name])
    dropouts = models.build("alexnet", 2, init=models.ZEROS, image_size=67).named_layers()
    assert {y.mode for _, y in dropouts if isinstance(y, Dropout)} == {"paper"}


def test_two_towers_start_as_the_papers_network_does() -> None:
    biases = {
        name: float(value.flat[0])
        for name, value in models.build("alexnet-two-tower", 2, image_size=67).state_dict().items()
        if name.endswith("bias")
    }
    ones = {name for name, value in biases.items() if value == 1}
    assert {name.split(".")[0] for name in ones} == {f"columns{i}" for i in (2, 4, 5, 6, 7)}
    assert len(ones) == 10 and set(biases.values()) == {0.0, 1.0}


def test_a_parameter_without_a_rule_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"features\.0\.bias"):
        models.build("tiny", init={"*.weight": ("normal", 0.1)})


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'magic'"):
        models.build("tiny", init={"*": ("magic",)})


def test_one_class_is_refused() -> None:
    with pytest.raises(ConfigError, match="num_classes must be at least 2"):
        models.build("tiny", 1)


def test_an_image_too_small_for_the_network_is_refused() -> None:
    with pytest.raises(ShapeError, match="does not fit"):
        models.build("alexnet", image_size=40)


@pytest.mark.parametrize("name", models.names())
def test_every_model_spec_is_complete(name: str) -> None:
    spec = models.spec(name)
    assert spec.name == name and spec.description and spec.recipe
    assert len(spec.input_shape) == 3 and spec.num_classes >= 10
