"""Doubts about a test error: labels in another order, and a mean of other images."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import config, small, small_dataset  # noqa: F401
from tinyalex import data, evaluation, training
from tinyalex.data import from_arrays
from tinyalex.errors import ConfigError
from tinyalex.evaluation.doubts import other_order


def predictions(labels, classes, accuracy, seed=0):
    rng = np.random.default_rng(seed)
    sure = rng.random(len(labels)) < accuracy
    return np.where(sure, labels, rng.integers(0, classes, len(labels)))


@given(st.integers(0, 50), st.sampled_from([(4, 60), (50, 500), (1000, 6000)]))
def test_labels_numbered_otherwise_are_seen(seed, sizes):
    classes, images = sizes
    labels = np.arange(images) % classes
    circle = np.random.default_rng(seed).permutation(classes)
    order = np.empty(classes, dtype=int)
    order[circle] = np.roll(circle, 1)  # no class keeps its number
    said = other_order(order[labels], predictions(labels, classes, 0.6, seed), range(classes))
    assert said is not None and "another order" in said


@given(st.integers(0, 50), st.sampled_from([(4, 60), (50, 500), (1000, 6000), (8, 8), (2, 2)]))
def test_neither_chance_nor_a_middling_net_is_taken_for_another_order(seed, sizes):
    classes, images = sizes
    labels = np.arange(images) % classes
    for accuracy in (0.0, 0.3, 0.95):
        assert (
            other_order(labels, predictions(labels, classes, accuracy, seed), range(classes))
            is None
        )


def test_the_exchanged_classes_are_named():
    labels = np.arange(90) % 3
    said = other_order(labels, (labels + 1) % 3, ["cat", "dog", "fox"])
    assert "cat is called dog, dog is called fox, fox is called cat" in said
    assert "0.0% of the predictions" in said and "100.0% with" in said


def test_one_image_tells_nothing():
    assert other_order(np.array([0]), np.array([1]), ["a", "b"]) is None


@pytest.fixture
def shown(config, monkeypatch):  # noqa: F811
    """A run after so many epochs, and a way to evaluate it on its own images otherwise."""
    dataset = small_dataset()
    x, y = dataset.train.images(np.arange(44)), dataset.train.labels
    x, y = np.concatenate([x, x]), np.concatenate([y, y])

    def show(shift=0, **changes):
        both = (x, y), (x, (y + shift) % 4)
        made = replace(from_arrays("heart", list("abcd"), *both, f"heart{shift}"), **changes)
        monkeypatch.setattr(data, "load", lambda *_, **__: made)

    def run(epochs):
        show()
        plain = {"crop": None, "mirror": False, "schedule": {"kind": "constant"}, "multipliers": ()}
        made = config(recipe=replace(config().recipe, **plain), epochs=epochs, lr=0.004)
        return made.out, training.train(made)["top1_error"], show

    return run


@pytest.mark.slow
def test_an_evaluation_says_when_labels_are_numbered_otherwise(shown):
    folder, error, show = shown(epochs=14)
    assert error < 0.1
    assert evaluation.evaluate([folder])["warnings"] == []
    show(shift=1)
    (text,) = evaluation.evaluate([folder])["warnings"]
    assert "a is called d" in text and str(folder) in text


def test_the_same_classes_in_another_order_are_refused_with_the_reason(shown):
    folder, _, show = shown(epochs=1)
    show(classes=list("badc"))
    with pytest.raises(ConfigError, match="same classes in another order") as found:
        evaluation.evaluate([folder])
    assert "--init-from" in found.value.hint


@pytest.mark.parametrize(("facts", "told"), [({"imported": {}}, True), ({}, False)])
def test_a_mean_is_doubted_only_where_it_was_brought_in(monkeypatch, facts, told):
    from tinyalex.evaluation import doubts

    monkeypatch.setattr(doubts, "mean_warning", lambda *_: "its mean looks odd")
    monkeypatch.setattr(doubts, "sample_means", lambda _: None)
    monkeypatch.setattr(doubts, "_train_error", lambda _: None)
    run = SimpleNamespace(folder="r", classes=["a", "b"], statistics=None)
    run.config, run.preprocessing = SimpleNamespace(facts=facts), SimpleNamespace(mean=120)
    labels = np.array([0, 1, 0, 1])
    dataset = SimpleNamespace(test=SimpleNamespace(labels=labels))
    assert ("its mean looks odd" in doubts.doubts(run, dataset, np.eye(2)[labels])) is told
