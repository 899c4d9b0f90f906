"""Beginning with another run's weights: what is taken, what is new, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import bytes_of, lines_of, run_until, small_dataset
from tests.training.test_runs import Notes
from tinyalex import data, models, training
from tinyalex.data import from_arrays
from tinyalex.errors import CheckpointError, ConfigError, RunError
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.runs.config import read_config
from tinyalex.training.init_from import _notes, weights_sha256


def dataset_with(classes):
    """The small images with other classes; labels go round."""
    dataset = small_dataset()
    images = [split.images(np.arange(len(split))) for split in (dataset.train, dataset.test)]
    parts = [(x, np.arange(len(x)) % len(classes)) for x in images]
    return from_arrays("other", list(classes), *parts, "other")


@pytest.fixture
def source(once):
    """A run that has learned something."""
    return once("source", epochs=2)


@pytest.fixture
def first_weights(config, source):
    """The weights with which a run begins, before its first step."""

    def begin(classes=None, monkeypatch=None, **changes):
        if classes is not None:
            monkeypatch.setattr(data, "load", lambda *_, **__: dataset_with(classes))
        made = config("new", init_from=source, **changes)
        assert not run_until(made, asked=0)
        return load_checkpoint(made.out)

    return begin


def recorded(folder):
    return json.loads((folder / "config.json").read_text())["initialised"]


def test_all_weights_are_taken_where_the_classes_are_the_same_and_no_momentum(
    first_weights, source, tmp_path
):
    found, wanted = first_weights(), load_checkpoint(source)
    for name, array in wanted.weights.items():
        np.testing.assert_array_equal(found.weights[name], array)
    assert any(np.any(v) for v in wanted.momentum.values())
    assert not any(np.any(v) for v in found.momentum.values())
    assert recorded(tmp_path / "new") == {
        "run": str(source),
        "model": "tiny",
        "epoch": 2,
        "weights_sha256": weights_sha256(wanted.weights),
        "last_layer": "kept",
    }


@pytest.mark.parametrize("classes", ["abcdef", "abc"])
def test_with_another_number_of_classes_the_last_layer_is_new(
    first_weights, source, monkeypatch, tmp_path, config, classes
):
    found = first_weights(classes, monkeypatch, seed=5)
    wanted = load_checkpoint(source).weights
    rules = config().recipe.init
    fresh = models.build(
        "tiny", len(classes), seed=5, init=rules, in_channels=1, image_size=14
    ).state_dict()
    for name, array in found.weights.items():
        expected = fresh if name.startswith("classifier.6.") else wanted
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    assert recorded(tmp_path / "new")["last_layer"] == "new"


def test_a_new_last_layer_can_be_asked_for(first_weights, source, tmp_path):
    found, old = first_weights(new_last_layer=True, seed=5), load_checkpoint(source).weights
    same = {name for name, array in found.weights.items() if np.array_equal(array, old[name])}
    assert set(old) - same == {"classifier.6.weight", "classifier.6.bias"}
    assert recorded(tmp_path / "new")["last_layer"] == "new"


def test_the_same_classes_in_another_order_are_put_in_order(
    first_weights, source, monkeypatch, tmp_path
):
    found = first_weights("cadb", monkeypatch).weights
    old = load_checkpoint(source).weights
    for key in ("weight", "bias"):
        rows = {name: row for name, row in zip("abcd", old[f"classifier.6.{key}"], strict=True)}
        for name, row in zip("cadb", found[f"classifier.6.{key}"], strict=True):
            np.testing.assert_array_equal(row, rows[name])
    assert recorded(tmp_path / "new")["last_layer"] == "kept, classes put in order"


def test_as_many_classes_with_other_names_are_told(config, source, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *_, **__: dataset_with("abxy"))
    notes = Notes()
    training.train(config("new", init_from=source, epochs=1), notes)
    assert "class 2 is 'c' there, 'x' here" in notes.of("warning")[0]


def test_another_dropout_convention_is_told(config, source):
    notes = Notes()
    recipe = replace(config().recipe, dropout="paper")
    training.train(config("new", init_from=source, recipe=recipe, epochs=1), notes)
    assert "'inverted', now 'paper'" in notes.of("warning")[0]


PREPARED = {
    "scale": ({"scale": 1.0}, "pixels times 0.0156, now 1: .* inputs are 64 times as large"),
    "mean": ({"mean": "channel"}, "mean 'image' subtracted, now 'channel': .* slightly off"),
    "no mean": ({"mean": "none"}, "mean 'image' subtracted, now 'none': .* off by the mean"),
    "crop": ({"image_size": 20}, "crops of 14 from 16 pixels, now on crops of 14 from 20 pixels"),
}


@pytest.mark.parametrize(("change", "says"), PREPARED.values(), ids=PREPARED)
def test_pictures_that_are_prepared_in_another_way_are_told(config, source, change, says):
    recipe = replace(config().recipe, **change)
    made = config("new", init_from=source, recipe=recipe, epochs=1).resolved()
    (note,) = _notes(read_config(source), made, source)
    assert re.search(says, note)


def test_pictures_that_are_prepared_in_the_same_way_are_not_told_of(config, source):
    nearly = replace(config().recipe, scale=(1.01 / 64,))
    made = config("new", init_from=source, recipe=nearly).resolved()
    assert _notes(read_config(source), made, source) == []


def test_a_run_from_other_weights_resumes_bit_for_bit_without_them(config, source):
    whole, cut = (config(name, init_from=source) for name in ("whole", "cut"))
    training.train(whole)
    assert not run_until(cut, asked=9)
    shutil.rmtree(source)
    training.resume(cut.out)
    assert bytes_of(cut.out) == bytes_of(whole.out)
    assert lines_of(cut.out) == lines_of(whole.out)


def test_a_run_killed_before_its_first_checkpoint_begins_again_from_the_same_weights(
    config, source
):
    whole, killed = (config(name, init_from=source, epochs=1) for name in ("whole", "killed"))
    training.train(whole)
    run_until(killed, asked=0)
    (killed.out / "checkpoint.safetensors").unlink()
    kept = shutil.copytree(source, source.parent / "kept")
    training.resume(source, epochs=3)
    with pytest.raises(RunError, match="not those that the run began with"):
        training.resume(killed.out)
    shutil.rmtree(source)
    kept.rename(source)
    training.resume(killed.out)
    assert bytes_of(killed.out) == bytes_of(whole.out)


def test_layers_that_do_not_fit_are_named(config, source):
    other_crop = replace(config().recipe, crop=16)
    with pytest.raises(CheckpointError, match=r"classifier.0.weight must be .* \(got .*") as found:
        training.train(config("new", init_from=source, recipe=other_crop))
    assert "features" not in str(found.value)
    assert not (config("new").out / "config.json").exists()
    with pytest.raises(
        CheckpointError, match="do not fit cifar-19pct.*missing there; and"
    ) as found:
        training.train(config("new", init_from=source, model="cifar-19pct", recipe=None))
    assert "--model tiny" in found.value.hint


def test_what_is_no_run_is_refused(config, tmp_path):
    with pytest.raises(RunError, match="not the folder of a run"):
        training.train(config("new", init_from=tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="--new-last-layer is for a run"):
        training.train(config("new", new_last_layer=True))
