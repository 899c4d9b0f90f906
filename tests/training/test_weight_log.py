"""Sizes of weights and updates: the figures, their line, and what they say of a stall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import lines_of
from tests.training.test_runs import Notes
from tinyalex import models, training
from tinyalex.layers import Linear
from tinyalex.training import SGD, stall, weight_log


@pytest.fixture
def stepped():
    """Make a layer and its optimizer after steps with given gradients."""

    def make(gradient, steps=60, lr=0.01, decay=5e-4):
        layer = Linear(3, 2)
        layer.params["weight"] = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.5]])
        optimizer = SGD(layer, lr, 0.9, decay)
        for _ in range(steps):
            layer.grads = {k: np.full(w.shape, gradient) for k, w in layer.params.items()}
            optimizer.step()
        return layer, optimizer

    return make


def test_figures_are_means_of_absolute_values(stepped):
    layer, optimizer = stepped(0.0, steps=0)
    found = weight_log.measure(optimizer)["weight"]
    assert found == {"w": pytest.approx(8 / 6), "dw": 0.0, "ratio": 0.0}
    before = layer.params["weight"].copy()
    layer.grads = {k: np.full(w.shape, -0.3) for k, w in layer.params.items()}
    optimizer.step()
    found = weight_log.measure(optimizer)["weight"]
    w = layer.params["weight"]
    assert found["w"] == pytest.approx(np.abs(w).mean())
    assert found["dw"] == pytest.approx(np.abs(w - before).mean())
    assert found["ratio"] == pytest.approx(found["dw"] / found["w"])


def test_what_is_frozen_does_not_move_and_zeros_have_no_ratio(stepped):
    layer, optimizer = stepped(0.1)
    optimizer.freeze("weight")
    layer.params["bias"] = np.zeros(2)
    found = weight_log.measure(optimizer)
    assert found["weight"]["dw"] == 0 and found["bias"]["ratio"] is None


def test_the_host_waits_once(monkeypatch):
    model = models.build("tiny")
    optimizer = SGD(model, 0.1)
    asked = []
    backend = type(model.backend)
    real = backend.to_host
    monkeypatch.setattr(backend, "to_host", lambda self, x: asked.append(1) or real(self, x))
    weight_log.measure(optimizer)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("gradient", "steps", "says"),
    [
        (0.0, 60, "weight hardly moves"),
        (1e-9, 60, "weight decay alone makes 5e-05"),
        (40.0, 3, "weight moves too much"),
    ],
)
def test_a_ratio_out_of_range_is_found(stepped, gradient, steps, says):
    _, optimizer = stepped(gradient, steps)
    (found,) = weight_log.findings(weight_log.measure(optimizer), optimizer)
    assert says in found


def test_weights_of_zero_are_found(stepped):
    layer, optimizer = stepped(0.01)
    layer.params["weight"] = np.zeros((2, 3))
    assert weight_log.findings(weight_log.measure(optimizer), optimizer) == ["weight is all zeros"]


def test_a_layer_that_learns_is_left_alone(stepped):
    _, optimizer = stepped(0.01)
    assert weight_log.findings(weight_log.measure(optimizer), optimizer) == []


def test_with_lars_a_layer_moves_whatever_its_gradient():
    layer = Linear(3, 2)
    layer.params["weight"] = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.5]])
    optimizer = SGD(layer, 5.0, 0.9, 5e-2, lars=0.001)
    layer.grads = {k: np.full(w.shape, 1e-3) for k, w in layer.params.items()}
    optimizer.step()
    assert weight_log.findings(weight_log.measure(optimizer), optimizer) == []


def test_every_epoch_has_a_line_with_every_parameter(config, once):
    once()
    lines = [line for line in lines_of(config().out) if line["event"] == "weights"]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    names = set(models.build("tiny").state_dict())
    for line in lines:
        assert set(line["parameters"]) == names
        assert all(0 < v["ratio"] < 1 for k, v in line["parameters"].items() if "weight" in k)
    # The size of the weights is that of the checkpoint.
    run = training.load_run(config().out)
    last = lines[-1]["parameters"]["features.4.weight"]["w"]
    assert last == pytest.approx(np.abs(run.model.state_dict()["features.4.weight"]).mean())


def test_a_stall_says_which_layers_do_not_move(config, monkeypatch):
    """Weights so small that no gradient comes through, as in the paper's stalled runs."""
    monkeypatch.setattr(stall, "_FEWEST_STEPS", 6)
    notes = Notes()
    recipe = replace(
        config().recipe, init={"*.weight": ("normal", 1e-5), "*.bias": ("constant", 0.0)}
    )
    training.train(config(lr=1e-3, recipe=recipe), notes)
    (text,) = notes.of("warning")
    assert "features.0.weight hardly moves" in text
    assert "mean |w|" in text and text.count("classifier.6.bias") == 1
