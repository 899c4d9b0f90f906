"""Runs whose backend has the user's own operations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.training.conftest import bytes_of, lines_of
from tinyalex import backends, functional, training
from tinyalex.errors import RunError


class Warnings(training.Listener):
    def __init__(self):
        self.texts = []

    def warning(self, text):
        self.texts.append(text)


def my_relu(x):
    return functional.relu(x)


@pytest.fixture
def own():
    return backends.get("numpy", 1).replaced(relu=my_relu)


def test_a_run_computes_with_them_and_records_them(config, own):
    calls = []
    counted = own.replaced(tanh=lambda x: x, relu=lambda x: calls.append(len(x)) or my_relu(x))
    training.train(config("own"), backend=counted)
    assert calls
    recorded = json.loads((config("own").out / "config.json").read_text())["replaced"]
    assert recorded["relu"].endswith("(test_own_operations.py)") and set(recorded) == {
        "relu",
        "tanh",
    }
    training.train(config("ours", backend="numpy"))
    assert "replaced" not in json.loads((config("ours").out / "config.json").read_text())
    assert bytes_of(config("own").out)[0] == bytes_of(config("ours").out)[0]


def test_a_resumed_run_continues_with_them_or_warns(config, own):
    training.train(config("own", epochs=1), backend=own)
    training.train(config("whole", epochs=3), backend=own)
    notes = Warnings()
    training.resume(config("own").out, notes, epochs=2, own_backend=own)
    assert notes.texts == []
    training.resume(config("own").out, notes, epochs=3)
    assert notes.texts == [
        "this run began with other functions for relu; it continues with the package's own"
    ]
    found = training.read_config(config("own").out)
    assert found.facts["replaced"] == own.own
    assert len(lines_of(config("own").out)) == len(lines_of(config("whole").out))


def test_it_can_be_loaded_and_evaluated_with_the_packages_operations(config, own):
    training.train(config("own", epochs=1), backend=own)
    run = training.load_run(config("own").out, "numpy")
    assert run.backend.own == {}
    assert run.model.forward(np.zeros((1, 1, 14, 14), np.float32)).shape == (1, 4)


def test_a_record_of_another_kind_is_refused(config, own):
    training.train(config("own", epochs=1), backend=own)
    path = config("own").out / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"replaced": {"relu": 3}}))
    with pytest.raises(RunError, match="replaced.relu"):
        training.read_config(config("own").out)
