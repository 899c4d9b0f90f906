"""Runs in mixed precision: trained, resumed, evaluated, and by `Trainer`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.training.conftest import bytes_of, lines_of, run_until, small_dataset
from tinyalex import backends, evaluation, models, training
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.runs.load import load_run

pytest.importorskip("ml_dtypes")


@pytest.fixture(params=[name for name in backends.available() if name != "cuda"])
def mixed(config, request):
    """Make the configuration of a run in mixed precision on a backend."""

    def make(name="run", **changes):
        settings = {"backend": request.param, "precision": "bf16", "epochs": 2}
        return config(name, **settings | changes)

    return make


def test_a_run_learns_nearly_as_in_float32_and_says_that_it_is_in_bf16(mixed):
    wanted = mixed()
    summary = training.train(wanted)
    assert summary["precision"] == "bf16"
    training.train(mixed("exact", precision="float32"))
    losses = [
        [
            line["train_loss"]
            for line in lines_of(wanted.out.with_name(name))
            if "test_error" in line
        ]
        for name in ("run", "exact")
    ]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.05)  # roundings grow from step to step
    assert json.loads((wanted.out / "config.json").read_text())["precision"] == "bf16"
    found = load_checkpoint(wanted.out)
    arrays = [*found.weights.values(), *found.momentum.values()]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    # More bits than a bfloat16 has: the weights themselves are not rounded.
    assert any((a.view(np.uint32) & 0xFFFF).any() for a in found.weights.values())


def test_a_run_that_was_stopped_ends_with_the_same_bytes(mixed):
    whole, parts = mixed("whole"), mixed("parts")
    training.train(whole)
    assert not run_until(parts, 9)
    training.resume(parts.out)
    assert bytes_of(parts.out)[:2] == bytes_of(whole.out)[:2]
    assert lines_of(parts.out) == lines_of(whole.out)


def test_the_number_of_threads_does_not_change_a_byte(mixed):
    one, two = mixed("one"), mixed("two", threads=2)
    for wanted in (one, two):
        training.train(wanted)
    weights = [load_checkpoint(wanted.out).weights for wanted in (one, two)]
    assert all(weights[0][name].tobytes() == weights[1][name].tobytes() for name in weights[0])


def test_any_run_is_evaluated_in_either_precision(config):
    wanted = config(epochs=1)
    training.train(wanted)
    found = {}
    for precision in ("float32", "bf16"):
        run = load_run(wanted.out, "numpy", precision=precision)
        found[precision] = evaluation.probabilities(run, small_dataset().test)
        errors = evaluation.evaluate([wanted.out], backend="numpy", precision=precision)
        assert errors["n"] == 12
    assert found["bf16"].dtype == np.float32  # the softmax is not rounded
    assert (found["bf16"] != found["float32"]).any()
    np.testing.assert_allclose(found["bf16"], found["float32"], atol=0.02)


def test_a_trainer_on_such_a_backend(tmp_path):
    dataset = small_dataset()
    backend = backends.get("numpy", precision="bf16")
    model = models.build("tiny", num_classes=4)
    trainer = training.Trainer(model, dataset, lr=0.01, backend=backend, batch_size=8)
    trainer.fit(epochs=2)
    p = trainer.predict_proba(dataset.test)
    assert p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)  # the softmax is not rounded
