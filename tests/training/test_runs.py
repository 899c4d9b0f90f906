"""What a run leaves, what it refuses, and what it warns of."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import BATCH, STEPS, lines_of, run_until, small_dataset
from tinyalex import data, recipes, training
from tinyalex.errors import ConfigError, DataError, DivergedError, RunError
from tinyalex.runs.checkpoint import load_checkpoint
from tinyalex.training import stall
from tinyalex.training.setup import assemble


class Notes(training.Listener):
    def __init__(self):
        self.heard = []

    def start(self, info):
        self.heard.append(("start", info))

    def step(self, record):
        self.heard.append(("step", record))

    def epoch(self, record):
        self.heard.append(("epoch", record))

    def warning(self, text):
        self.heard.append(("warning", text))

    def end(self, summary):
        self.heard.append(("end", summary))

    def of(self, kind):
        return [what for k, what in self.heard if k == kind]


def test_a_run_leaves_its_files_and_tells_its_listener(config):
    notes = Notes()
    summary = training.train(config(), notes)
    out = config().out
    assert {p.name for p in out.iterdir()} == {
        "config.json",
        "metrics.jsonl",
        "summary.json",
        "checkpoint.safetensors",
        "checkpoint.json",
        "filters.safetensors",
    }
    assert json.loads((out / "summary.json").read_text()) == summary == notes.of("end")[0]
    assert {"top1_error", "top5_error", "images_per_second", "parameters", "epochs"} <= set(summary)
    assert {"seed", "backend", "wall_seconds", "train_error", "train_loss", "test_loss"} <= set(
        summary
    )
    assert 0 <= summary["top1_error"] <= 1 and summary["top5_error"] == 0  # four classes
    assert len(notes.of("epoch")) == summary["epochs"] == 3
    assert notes.of("start")[0]["steps_per_epoch"] == STEPS
    epochs = [line for line in lines_of(out) if line["event"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2, 3]
    assert epochs[-1]["test_error"] == summary["top1_error"]
    steps = [line["step"] for line in lines_of(out) if line["event"] == "step"]
    assert steps == [4, 6] * 3


def test_config_json_holds_all_that_is_needed_to_repeat_the_run(config):
    first = config("first", seed=3, lr=0.02)
    training.train(first)
    found = training.read_config(first.out)
    assert found.recipe == first.recipe and found.seed == 3 and found.lr == 0.02
    assert found.facts["data_fingerprint"] == "small"
    assert found.facts["classes"] == list("abcd")
    assert set(found.facts["versions"]) >= {"tinyalex", "python", "numpy"}
    again = config("again", recipe=found.recipe, seed=found.seed, lr=found.lr)
    training.train(again)
    assert lines_of(again.out) == lines_of(first.out)


def test_the_epochs_figures_are_means_over_its_images(config, once):
    once()
    lines = lines_of(config().out)
    steps = [line for line in lines if line["event"] == "step" and line["epoch"] == 1]
    images = [4 * BATCH, BATCH + 4]
    mean = np.average([line["loss"] for line in steps], weights=images)
    epoch = next(line for line in lines if line["event"] == "epoch")
    assert epoch["train_loss"] == pytest.approx(mean)


def test_a_loaded_run_is_ready_to_look_at_images(config, once):
    once()
    run = training.load_run(config().out)
    assert not run.model.training and run.classes == list("abcd")
    assert run.statistics.mean_image.shape == (1, 14, 14)
    backend = run.model.backend
    x = backend.asarray(np.zeros((2, 1, 14, 14), np.float32))
    first, second = (backend.to_host(run.model.forward(x)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_loss_that_is_not_a_number_stops_the_run_and_keeps_the_last_good_checkpoint(config):
    diverging = config(lr=1e4, log_every=1)
    with pytest.raises(DivergedError, match="loss is (nan|inf)|no longer finite"):
        training.train(diverging)
    found = load_checkpoint(diverging.out)
    assert all(np.isfinite(w).all() for w in found.weights.values())


def test_a_net_that_does_not_learn_is_warned_of_once(config, monkeypatch):
    monkeypatch.setattr(stall, "_FEWEST_STEPS", 6)
    notes = Notes()
    stuck = config(lr=1e-9, recipe=replace(config().recipe, init={"*": ("constant", 0.0)}))
    training.train(stuck, notes)
    (text,) = notes.of("warning")
    assert "ln(4)" in text and "--seed" in text
    warnings = [line for line in lines_of(stuck.out) if line["event"] == "warning"]
    assert len(warnings) == 1


def test_a_net_that_learns_is_not_warned_of():
    watch = stall.StallWatch(10, 100)
    assert watch.window == 200
    assert watch.add(0.95 * math.log(10), 200) is None
    assert watch.add(math.log(10), 199) is None
    other = stall.StallWatch(10, 100)
    other.load_state_dict(watch.state_dict())
    assert "does not learn" in other.add(math.log(10), 1)
    assert other.add(math.log(10), 200) is None  # once


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"epochs": 0}, "epochs must be"),
        ({"lr": 0.0}, "lr must be a number above 0"),
        ({"lr": float("nan")}, "lr must be a number above 0"),
        ({"seed": -1}, "seed must be"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"model": "alexnt"}, "unknown model 'alexnt'"),
        ({"recipe": "papre"}, "unknown recipe 'papre'"),
        ({"backend": "numby"}, "unknown backend 'numby'"),
        ({"model": "alexnet"}, "crops 227x227 pixels, the images of small have 16x16"),
    ],
)
def test_settings_that_cannot_work_are_refused(config, wrong, says):
    if "model" in wrong:
        wrong = {"recipe": None, **wrong}
    with pytest.raises(ConfigError, match=says):
        training.train(config(**wrong))
    assert not (config().out / "config.json").exists()


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_out_of_range_are_refused_before_anything_is_written(config, monkeypatch, split):
    """By the loss on a CPU only: a GPU would make NaN of them."""
    dataset = small_dataset()
    getattr(dataset, split).labels[3] = 4
    monkeypatch.setattr(data, "load", lambda *_, **__: dataset)
    what = {"train": "training", "test": "test"}[split]
    with pytest.raises(DataError, match=f"small, {what} images: label 4 of image 3 is not in 0 to"):
        training.train(config())
    assert not config().out.exists()  # the same command works once the data are right


def test_a_folder_that_holds_a_run_is_refused(config):
    run_until(config(), 3)
    before = (config().out / "checkpoint.safetensors").read_bytes()
    with pytest.raises(RunError, match="holds a run already"):
        training.train(config())
    assert (config().out / "checkpoint.safetensors").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_refused(config, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RunError, match="cannot be written"):
        training.train(config(out=tmp_path / "file" / "run"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"data": "digits"}'])
def test_a_damaged_config_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises((RunError, ConfigError)):
        training.load_run(tmp_path)


def test_the_default_folder_names_model_data_and_seed():
    assert training.RunConfig(seed=7).resolved().out.as_posix() == "runs/tiny-digits-seed7"


def test_colour_noise_ends_and_layers_freeze_when_the_recipe_says(config, monkeypatch):
    recipe = replace(config().recipe, colour="std", colour_until=1, frozen=(("features.0.*", 2),))
    seen = []

    class Notes(training.Listener):
        def epoch(self, record):
            weights = load_checkpoint(config().out).weights["features.0.weight"]
            seen.append(weights.tobytes())

    parts = assemble(config(recipe=recipe).resolved())
    noisy, _ = next(parts.loader.epoch(0))
    plain, _ = next(parts.plain_loader.epoch(0))
    assert (noisy != plain).any()
    training.train(config(recipe=recipe), Notes())
    assert seen[0] != seen[1] == seen[2]


def test_labels_are_smoothed_as_the_recipe_says(config):
    weights = []
    for share in (0.0, 0.1):
        recipe = replace(config().recipe, label_smoothing=share)
        made = config(f"smoothed by {share}", recipe=recipe, epochs=1)
        training.train(made)
        weights.append(load_checkpoint(made.out).weights["classifier.6.bias"].tobytes())
    assert weights[0] != weights[1]


def test_the_papers_recipe_drops_its_rate_three_times_when_nothing_improves(config):
    """A net that cannot change: the first epoch stays the best, patience is three epochs."""
    paper = replace(recipes.get("paper"), crop=14, lr=1e-12, weight_decay=0.0)
    made = config(model="tiny", recipe=paper, lr=None, epochs=14, log_every=50, ten_crops=False)
    training.train(made)
    rates = [line["lr"] for line in lines_of(made.out) if line["event"] == "epoch"]
    assert rates == pytest.approx([1e-12] * 4 + [1e-13] * 3 + [1e-14] * 3 + [1e-15] * 4)
