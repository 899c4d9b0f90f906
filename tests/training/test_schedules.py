"""Schedules by hand, and their state."""

from __future__ import annotations

import pytest

from tinyalex import recipes
from tinyalex.errors import ConfigError
from tinyalex.training import schedules


def rates(schedule, errors):
    found = []
    for error in errors:
        found.append(schedule.lr)
        schedule.epoch_end(error)
    return found


def test_constant_stays():
    assert rates(schedules.make({"kind": "constant"}, 0.1, 3), [0.5] * 3) == [0.1] * 3


def test_steps_change_after_that_many_epochs():
    schedule = schedules.make({"kind": "steps", "epochs": [2, 3], "factor": 0.1}, 0.02, 5)
    assert rates(schedule, [0.5] * 5) == [0.02, 0.02, 0.002, 0.0002, 0.0002]


def test_steps_move_with_the_number_of_epochs():
    kind = recipes.get("cifar-18pct").schedule
    assert schedules.make(kind, 0.001, 140, 140).epochs == [120, 130]
    assert schedules.make(kind, 0.001, 14, 140).epochs == [12, 13]
    assert schedules.scaled([1], epochs=1, recipe_epochs=100) == [1]


def test_exponential_multiplies_every_epoch():
    schedule = schedules.make({"kind": "exponential", "factor": 0.5}, 0.8, 4)
    assert rates(schedule, [0.5] * 4) == [0.8, 0.4, 0.2, 0.1]


def test_plateau_drops_when_the_error_stays_and_never_more_often_than_asked():
    schedule = schedules.make({"kind": "plateau", "factor": 0.1, "patience": 2, "drops": 2}, 1, 12)
    errors = [0.9, 0.8, 0.8, 0.85, 0.7, 0.7, 0.69, 0.7, 0.7, 0.7, 0.7, 0.7]
    #         best best  1   2:drop best  1  best   1  2:drop 1 ...
    assert rates(schedule, errors) == [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01]


@pytest.mark.parametrize("name", ["paper", "caffe", "tiny"])
def test_a_schedule_goes_on_where_it_was_saved(name):
    recipe = recipes.get(name)
    errors = [1 / (1 + e % 7) for e in range(recipe.epochs)]
    whole = rates(schedules.make(recipe.schedule, recipe.lr, recipe.epochs), errors)
    first = schedules.make(recipe.schedule, recipe.lr, recipe.epochs)
    before = rates(first, errors[:11])
    second = schedules.make(recipe.schedule, recipe.lr, recipe.epochs)
    second.load_state_dict(first.state_dict())
    assert before + rates(second, errors[11:]) == whole


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="unknown schedule 'sine'"):
        schedules.make({"kind": "sine"}, 0.1, 3)


def test_polynomial_falls_with_the_epochs_that_are_left_and_never_to_zero():
    schedule = schedules.make({"kind": "polynomial", "power": 2.0}, 0.8, 4, recipe_epochs=100)
    assert rates(schedule, [0.5] * 4) == [0.8, 0.45, 0.2, 0.05]
    assert schedule.lr == 0.05  # a run may be resumed with more epochs


def test_a_warm_up_rises_by_equal_amounts_and_ends_at_the_schedules_rate():
    assert [schedules.warm_up(step, 4, 0.0) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert [schedules.warm_up(step, 2, 0.5) for step in range(3)] == [0.75, 1, 1]
    assert schedules.warm_up(0, 0, 0.5) == 1
