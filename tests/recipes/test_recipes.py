"""Recipes: complete, with sources, and the same after a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from functools import cache

import pytest

from tinyalex import models, recipes
from tinyalex.errors import ConfigError
from tinyalex.recipes import Recipe

ALL = [recipes.get(name) for name in recipes.names()]
ids = recipes.names()


@pytest.mark.parametrize("recipe", ALL, ids=ids)
def test_json_keeps_everything(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize("recipe", ALL, ids=ids)
def test_every_number_has_a_source(recipe):
    quiet = {"name", "model", "sources", "colour_sigma"}  # sigma counts where there is a colour
    for f in fields(Recipe):
        value = getattr(recipe, f.name)
        off = {"crop": None, "mirror": False, "colour": None, "colour_until": None}
        off |= {"frozen": (), "multipliers": (), "steady": (), "weight_decay": 0.0}
        off |= {"warmup": 0.0, "lars": 0.0, "label_smoothing": 0.0}
        off |= {"scale": 1.0, "colour_scale": 1.0, "crop_at": "random"}
        has_no_dropout = f.name == "dropout" and recipe.model.startswith("cifar")
        if f.name not in quiet and not has_no_dropout and value != off.get(f.name, ...):
            assert recipe.sources.get(f.name), f"{recipe.name}.{f.name} = {value} has no source"


@cache
def parameter_names(model):
    return [name for name, _ in models.build(model, init=models.ZEROS).named_parameters()]


@pytest.mark.parametrize("recipe", ALL, ids=ids)
def test_patterns_name_parameters_of_the_recipes_model(recipe):
    names = parameter_names(recipe.model)
    patterns = [p for p, _, _ in recipe.multipliers]
    patterns += [p for p, _ in recipe.frozen] + list(recipe.init) + list(recipe.steady)
    for pattern in patterns:
        assert any(fnmatchcase(name, pattern) for name in names), pattern
    for name in names:
        assert any(fnmatchcase(name, pattern) for pattern in recipe.init), name


@pytest.mark.parametrize("name", models.names())
def test_every_model_names_a_recipe_whose_images_fit_it(name):
    spec = models.spec(name)
    recipe = recipes.get(spec.recipe)
    side = recipe.image_size if recipe.crop is None else recipe.crop
    assert side <= min(spec.input_shape[1:])


def test_the_papers_numbers():
    paper = recipes.get("paper")
    assert (paper.lr, paper.momentum, paper.weight_decay) == (0.01, 0.9, 5e-4)
    assert (paper.batch_size, paper.epochs, paper.schedule["drops"]) == (128, 90, 3)
    ones = {p for p, rule in paper.init.items() if rule == ("constant", 1.0)}
    layers = ("features.4", "features.10", "features.12", "classifier.0", "classifier.3")
    assert ones == {f"{layer}.bias" for layer in layers}


def test_net_145s_numbers():
    """layers/layer-params-145.cfg of the authors' code."""
    code = recipes.get("code2012")
    assert code.model == "alexnet-code2012" and code.epochs == 91
    assert code.schedule == {"kind": "steps", "epochs": (25, 51, 79), "factor": 0.1}
    assert code.multipliers == (("*.bias", 2.0, 0.0),) and code.steady == ("*.bias",)
    assert (code.colour, code.colour_until, code.frozen) == ("std", 67, (("features.0.*", 72),))
    assert code.init["features.10.weight"] == ("normal", 0.03)


def test_fine_tuning_begins_ten_times_slower_and_with_a_quick_last_layer():
    star, then = recipes.get("star"), recipes.get("star-finetune")
    assert star.model == then.model == "alexnet-star"
    assert (star.lr, then.lr) == (0.01, 0.001)
    assert dict((p, lr) for p, lr, _ in then.multipliers) == {
        "features.0.*": 0.1,
        "classifier.6.*": 10.0,
    }


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ConfigError, match="Try: 'cifar-18pct'"):
        recipes.get("cifar-18pc")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"lr": -0.1}, "lr must be a number above 0"),
        ({"momentum": 1.0}, "momentum must be below 1"),
        ({"weight_decay": float("nan")}, "weight_decay must be a number of at least 0"),
        ({"label_smoothing": 1.0}, "label_smoothing must be below 1"),
        ({"label_smoothing": -0.1}, "label_smoothing must be a number of at least 0"),
        ({"mean": "median"}, "mean must be one of image, channel, none"),
        ({"colour": "hue"}, "colour must be one of"),
        ({"schedule": {"kind": "sine"}}, "schedule kind must be one of"),
        ({"schedule": {"kind": "steps", "factor": 0.1}}, "a steps schedule needs epochs, factor"),
    ],
)
def test_wrong_numbers_are_refused(wrong, says):
    with pytest.raises(ConfigError, match=says):
        replace(recipes.get("tiny"), **wrong)


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"name": "x"},
        {**recipes.get("tiny").to_dict(), "colour_of_the_sky": 1},
        {**recipes.get("tiny").to_dict(), "multipliers": [["*.bias"]]},
        {**recipes.get("tiny").to_dict(), "schedule": None},
        {**recipes.get("tiny").to_dict(), "lr": "fast"},
    ],
)
def test_broken_recipes_are_refused(plain):
    with pytest.raises(ConfigError, match="recipe"):
        Recipe.from_dict(plain)


def test_a_scale_is_one_positive_number_or_three():
    recipe = recipes.get("torchvision")
    assert replace(recipe, scale=(0.1, 0.2, 0.3)).scale == (0.1, 0.2, 0.3)
    for wrong in [(0.1, 0.2), (0.1, 0.2, 0.0), (0.1, 0.2, float("nan")), ()]:
        with pytest.raises(ConfigError, match="scale"):
            replace(recipe, scale=wrong)
