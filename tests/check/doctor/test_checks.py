"""Kernels and layers against NumPy: everything has a case, and what is wrong turns red."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from tinyalex import check, functional, layers
from tinyalex.backends.base import Backend
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check import doctor
from tinyalex.check.doctor.batches import BATCHES
from tinyalex.check.doctor.compare import Case, compare, difference
from tinyalex.check.doctor.kernels import KERNELS
from tinyalex.check.doctor.layers import LAYERS, SMALL_LAYERS


def test_every_layer_has_a_case():
    classes = {
        name
        for name, cls in inspect.getmembers(layers, inspect.isclass)
        if issubclass(cls, layers.Layer) and cls.forward is not layers.Layer.forward
    }
    assert classes <= {case.name for case in SMALL_LAYERS}


def test_every_kernel_of_the_contract_is_called(monkeypatch):
    """`test_simulated` counts the kernels of a GPU."""
    called = set()
    wanted = {name for name in functional.__all__ if hasattr(Backend, name)}

    class Counting(NumpyBackend):
        def __getattribute__(self, name):
            called.add(name)
            return super().__getattribute__(name)

    for case in KERNELS:
        assert compare(Counting(1), "kernel", case).state == "ok"
    assert wanted <= called and "conv2d_backward" in wanted


class Wrong(NumpyBackend):
    """NumPy with one kernel that errs."""

    def __init__(self, kernel, change):
        super().__init__(1)
        right = getattr(self, kernel)

        def wrong(*args, **kwargs):
            found = right(*args, **kwargs)
            return change(found)

        setattr(self, kernel, wrong)


def red(backend):
    return {check.name: check for check in doctor.run(backend) if check.state == "red"}


def test_a_kernel_that_errs_turns_its_row_and_its_layers_red(monkeypatch):
    found = red(Wrong("relu", lambda y: y * 1.001))
    beside = "conv2d_relu, and a norm's gradient with relu"
    assert set(found) == {"relu, both ways", beside, "ReLU", "Sequential"}
    assert 1e-4 < found["ReLU"].difference < 1e-2
    found = red(Wrong("im2col", lambda cols: cols[..., ::-1]))
    assert {"im2col", "conv2d, both ways", "Conv2d", "Sequential"} <= set(found)


def raises(_):
    raise RuntimeError("an illegal address\nand more")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x.astype(np.float64), "float32 became float64"),
        (lambda x: x[:1], "shape (1,"),
        (lambda x: x * np.nan, ""),
        (raises, "RuntimeError: an illegal address"),
    ],
)
def test_other_ways_to_be_wrong_are_red_too(change, says):
    (augment,) = [case for case in KERNELS if case.name == "col2im"]
    found = compare(Wrong("col2im", change), "kernel", augment)
    assert found.state == "red" and found.error.startswith(says)
    assert found.to_dict()["difference"] is None


def test_the_difference_is_relative_to_the_largest_value():
    assert difference(np.array([1.0, 10.5]), np.array([1.0, 10.0])) == pytest.approx(0.05)
    assert difference(np.array([0.25]), np.array([0.0])) == 0.25
    assert difference(np.zeros(0), np.zeros(0)) == 0


def test_numpy_itself_is_green_and_the_reference_is_float64():
    seen = []
    case = Case("spy", (1,), lambda b, dtype: seen.append(dtype) or (np.ones(1, dtype),))
    assert compare(NumpyBackend(1), "kernel", case).state == "ok"
    assert seen == ["float32", "float64"]
    assert red(NumpyBackend(1)) == {}
    assert len(LAYERS) > len(SMALL_LAYERS) and check.doctor is doctor


class Forgetful(NumpyBackend):
    """Beside computing, every third batch comes as it was one before."""

    def feed(self, ahead):
        feed = super().feed(ahead)
        if self.overlap:
            took = []

            def take(batch):
                took.append(batch)
                return took[-2] if len(took) == 3 else batch

            feed.take = take
        return feed


def test_a_batch_that_came_wrong_beside_the_computing_is_red():
    right, wrong = (
        compare(backend, "loader", BATCHES[0]) for backend in (NumpyBackend(1), Forgetful(1))
    )
    assert right.state == "ok" and right.difference < 1e-7
    assert wrong.state == "red" and wrong.difference > 0.1
    backend = Forgetful(1)
    backend.overlap = False
    assert compare(backend, "loader", BATCHES[0]).state == "red" and backend.overlap is False
