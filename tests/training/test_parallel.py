"""Training with two towers on two workers, and with the hybrid: the network of one worker."""

from __future__ import annotations

import numpy as np
import pytest

from tests.group.threads import on_threads
from tests.training.conftest import bytes_of, lines_of
from tinyalex import training
from tinyalex.errors import ConfigError
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.training import runs


def together(config, workers):
    """Train with several workers; return the summaries."""
    return on_threads(workers, lambda group: training.train(config, group=group))


# Two epochs, at a learning rate that does not enlarge roundings.
SLOWLY = {"epochs": 2, "lr": 0.001}


def assert_nearly_equal(run, other):
    """Float32 sums in another order: the weights differ by roundings."""
    a, b = load_checkpoint(run), load_checkpoint(other)
    for arrays, others in ((a.weights, b.weights), (a.momentum, b.momentum)):
        assert list(arrays) == list(others)
        for name, array in arrays.items():
            largest = np.abs(array).max()
            np.testing.assert_allclose(others[name], array, rtol=0, atol=1e-4 * largest)
    assert a.state["dropout"] == b.state["dropout"]
    assert len(lines_of(run)) == len(lines_of(other))
    for line, other_line in zip(lines_of(run), lines_of(other), strict=True):
        assert line.keys() == other_line.keys()
        if line["event"] == "weights":
            assert line["parameters"].keys() == other_line["parameters"].keys()
            for name, sizes in line["parameters"].items():
                assert sizes == pytest.approx(other_line["parameters"][name], rel=1e-3)
        elif line["event"] == "epoch":
            for name in line.keys() - {"event"}:
                assert line[name] == pytest.approx(other_line[name], rel=1e-3)


def test_two_towers_train_the_network_of_one_worker(config):
    training.train(config("alone", **SLOWLY))
    first, second = together(config("two", parallel="towers", **SLOWLY), 2)
    assert first["parameters"] == 59_332
    assert_nearly_equal(config("alone").out, config("two").out)
    assert training.read_config(config("two").out).shards == 1
    assert first["top1_error"] == second["top1_error"]


@pytest.mark.parametrize(("workers", "batch"), [(2, 8), (4, 7)])
def test_the_hybrid_trains_the_network_of_one_worker(config, workers, batch):
    """44 images in batches of 7: in the last one, two of four workers have no image."""
    training.train(config("alone", shards=workers, batch_size=batch, **SLOWLY))
    together(config("many", parallel="hybrid", batch_size=batch, **SLOWLY), workers)
    assert_nearly_equal(config("alone").out, config("many").out)


@pytest.mark.parametrize("kind", ["towers", "hybrid"])
def test_lars_takes_the_norms_of_whole_parameters(config, kind):
    settings = {"lars": 0.02, "lr": 0.1, "warmup": 2, "momentum_correction": True, "epochs": 1}
    training.train(config("alone", shards=2 if kind == "hybrid" else 1, **settings))
    together(config("two", parallel=kind, **settings), 2)
    assert_nearly_equal(config("alone").out, config("two").out)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["towers", "hybrid"])
def test_a_split_network_stopped_and_resumed_ends_with_the_same_bytes(config, kind, monkeypatch):
    together(config("whole", parallel=kind, epochs=2), 2)

    class StopsEveryFifth(runs.StopSignal):
        asked = 0

        def __call__(self):
            self.asked += 1
            return self.asked > 5

    stopped = config("stopped", parallel=kind, epochs=2)
    monkeypatch.setattr(runs, "StopSignal", StopsEveryFifth)
    summary, _ = together(stopped, 2)
    turns = 0
    while summary["interrupted"]:
        turns += 1
        summary, _ = on_threads(2, lambda group: training.resume(stopped.out, group=group))
    assert turns > 2
    assert bytes_of(stopped.out) == bytes_of(config("whole").out)
    assert lines_of(stopped.out) == lines_of(config("whole").out)


@pytest.mark.parametrize(
    ("workers", "settings", "words"),
    [
        (1, {"parallel": "towers"}, r"needs 2 workers and 1 shard \(got 1 and 1\)"),
        (2, {"parallel": "towers", "shards": 2}, r"needs 2 workers and 1 shard \(got 2 and 2\)"),
        (2, {"parallel": "hybrid", "shards": 4}, r"got 2 workers, 4 shards"),
        (2, {"parallel": "hybrid", "batch_size": 1}, "at most 1, the images of a batch"),
        (2, {"parallel": "rows"}, r"parallel must be data, towers or hybrid \(got 'rows'\)"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(config, workers, settings, words):
    with pytest.raises(ConfigError, match=words):
        together(config("run", **settings), workers)
    assert not (config("run").out / "config.json").exists()


def test_older_runs_and_plain_ones_are_data_parallel(config):
    training.train(config("run", epochs=1))
    assert training.read_config(config("run").out).parallel == "data"
