"""NAME=VALUE: any setting of a run and any number of its recipe."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import recipes, training
from tinyalex.errors import ConfigError
from tinyalex.recipes.checks import CHANGEABLE
from tinyalex.runs.changes import NAMES, changed, from_words
from tinyalex.settings import ABOUT, SETTINGS

TINY = recipes.get("tiny")


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("weight_decay=1e-4", 1e-4),
        ("weight-decay = 0", 0),
        ("mirror=false", False),
        ("mirror=True", True),
        ("crop=null", None),
        ("colour=std", "std"),
        ("schedule.epochs=10,20", [10, 20]),
        ("schedule.epochs=[10]", [10]),
        ('schedule={"kind": "constant"}', {"kind": "constant"}),
        ("frozen=[]", []),
    ],
)
def test_a_number_of_the_recipe_is_read_as_json_a_list_or_a_word(word, value):
    settings, numbers = from_words([word])
    assert settings == {} and list(numbers.values()) == [value]


@given(st.floats(0, 1e6), st.integers(1, 10**6))
def test_numbers_come_back_as_they_were_written(decay, epochs):
    settings, numbers = from_words([f"weight_decay={decay!r}", f"epochs={epochs}"])
    assert numbers == {"weight_decay": decay} and settings == {"epochs": epochs}


def test_every_setting_and_every_number_has_a_name_here():
    assert set(NAMES) == (set(SETTINGS) | set(CHANGEABLE)) - {"command"}


def test_settings_have_their_own_types():
    settings, _ = from_words(["lr=1", "model=12", "out=7", "ten_crops=false", "log_every=3"])
    assert settings == {**settings, "lr": 1.0, "model": "12", "ten_crops": False, "log_every": 3}
    assert str(settings["out"]) == "7"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["weight_decay"], "must be NAME=VALUE"),
        (["=1"], "unknown setting ''"),
        (["weight_decy=1"], "'weight_decay'"),
        (["sources=1"], "unknown setting 'sources'"),
        (["command=rm"], "unknown setting 'command'"),
        (["lr=-1"], "lr must be a finite number above 0"),
        (["lr=nan"], "lr must be a finite number above 0"),
        (["epochs=2.5"], "epochs must be a whole number"),
        (["epochs=1000001"], "epochs must be a whole number from 1 to 1,000,000"),
        (["seed=" + "9" * 30], "seed must be a whole number"),
        (["shuffle=all"], "shuffle must be one of full, shard"),
        (["lr=1", "lr=2"], "--set lr: is given twice"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(words, says):
    with pytest.raises(ConfigError) as caught:
        from_words(words)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"mirror": 1}, "mirror must be true or false"),
        ({"mirror": "no"}, "mirror must be true or false"),
        ({"weight_decay": -1}, "weight_decay must be a finite number at least 0"),
        ({"weight_decay": float("inf")}, "weight_decay must be a finite number"),
        ({"momentum": 1.0}, "momentum must be below 1"),
        ({"colour": "blue"}, "colour must be one of None, eigenvalue, std"),
        ({"crop": 10**6}, "crop must be a whole number from 1 to 16,384"),
        ({"schedule": "cubic"}, "schedule kind must be one of"),
        ({"schedule.kind": "plateau"}, "a plateau schedule needs drops, factor, patience"),
        ({"schedule.patience": 3}, "a steps schedule needs epochs, factor"),
        ({"crop.x": 3}, "unknown number of a recipe 'crop.x'"),
        ({"lr": 0.1}, "lr is a setting of the run itself"),
    ],
)
def test_a_number_that_cannot_be_is_refused(numbers, says):
    with pytest.raises(ConfigError) as caught:
        changed(TINY, numbers)
    assert says in str(caught.value)


def test_one_part_of_the_schedule_leaves_the_others():
    assert changed(TINY, {"schedule.factor": 0.5}).schedule == {**TINY.schedule, "factor": 0.5}
    steps = {"schedule.kind": "exponential", "schedule.factor": 0.9}
    assert changed(TINY, steps).schedule == {"kind": "exponential", "factor": 0.9}
    assert changed(TINY, {"schedule": "constant"}).schedule == {"kind": "constant"}


def test_only_what_was_set_has_another_source():
    recipe = changed(TINY, {"weight_decay": 1e-4, "colour": "none"})
    assert recipe.changed == {"weight_decay": 1e-4, "colour": None}
    assert recipe.sources == {
        **TINY.sources,
        "weight_decay": "set by --set",
        "colour": "set by --set",
    }
    assert TINY.changed == {} and changed(TINY, {}) is TINY
    assert recipes.Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_the_recipes_own_epochs_are_not_those_of_the_run():
    config = training.RunConfig(lr=0.5, set={"weight_decay": 0.0}).resolved()
    assert (config.lr, config.recipe.lr, config.recipe.weight_decay) == (0.5, TINY.lr, 0.0)
    assert set(ABOUT) & set(config.recipe.changed) == set()
