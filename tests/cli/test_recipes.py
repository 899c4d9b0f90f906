"""Each of AlexNet's recipes trains a folder of images by its name alone, at full image size.

The networks are the real ones but for 16 hidden units in place of 4096: the convolutions are quick,
the 58 million weights of the fully connected layers are not.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinyalex import layers, recipes
from tinyalex.models import alexnet

NAMES = ["paper", "code2012", "caffe", "torchvision", "star"]


@pytest.fixture
def narrow(monkeypatch):
    """Networks with few hidden units."""

    def linear(inputs, outputs):
        return layers.Linear(*(16 if n == 4096 else n for n in (inputs, outputs)))

    monkeypatch.setattr(alexnet, "Linear", linear)


@pytest.fixture
def pictures(tmp_path):
    """Eight training and four validation images of two classes, in two colours."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 4), ("val", 2)):
        for c, name in enumerate(("n01440764", "n02102040")):
            folder = tmp_path / "pictures" / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 120, (260, 270, 3), dtype=np.uint8)
                pixels[..., 2 * c] += 100
                Image.fromarray(pixels).save(folder / f"{i}.jpg", quality=80)
    return tmp_path / "pictures"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_trains_a_folder_by_its_name_alone(call, narrow, pictures, name):
    words = ["--epochs", 2, "--batch-size", 4, "--out", "run"]
    result = call("train", "--data", pictures, "--recipe", name, *words)
    assert result.exit_code == 0, result.output
    recipe = recipes.get(name)
    config = json.loads(Path("run/config.json").read_text())
    assert config["model"] == recipe.model and config["recipe"]["name"] == name
    assert config["image_shape"] == [256, 256, 3]
    assert config["input_shape"] == [3, recipe.crop, recipe.crop]
    lines = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] in ("weights", "epoch")] == [
        *("weights", "epoch", "weights", "epoch")
    ]
    assert all(np.isfinite(line["test_loss"]) for line in lines if line["event"] == "epoch")
    summary = json.loads(Path("run/summary.json").read_text())
    assert 0 <= summary["top1_error_ten_crops"] <= 1 and "ten crops  " in result.stdout


@pytest.mark.slow
def test_fine_tuning_starts_from_a_run_on_other_classes(call, narrow, pictures):
    """Both trainings of 1 CNN*, the first on three classes."""
    third = pictures.parent / "larger" / "train" / "n03000684"
    for part in ("train", "val"):
        for folder in sorted((pictures / part).iterdir()):
            copy = pictures.parent / "larger" / part / folder.name
            copy.mkdir(parents=True)
            for file in folder.iterdir():
                (copy / file.name).write_bytes(file.read_bytes())
                other = pictures.parent / "larger" / part / third.name
                other.mkdir(exist_ok=True)
                (other / file.name).write_bytes(file.read_bytes())
    short = ["--epochs", 1, "--batch-size", 4, "--no-ten-crops", "--quiet"]
    larger = pictures.parent / "larger"
    first = call("train", "--data", larger, "--recipe", "star", "--out", "star", *short)
    assert first.exit_code == 0, first.output
    words = ["--data", pictures, "--recipe", "star-finetune", "--init-from", "star"]
    then = call("train", *words, "--out", "tuned", *short)
    assert then.exit_code == 0, then.output
    config = json.loads(Path("tuned/config.json").read_text())
    assert config["initialised"]["last_layer"] == "new" and config["init_from"] == "star"
    assert config["model"] == "alexnet-star"
    assert "ten_crops" not in Path("tuned/summary.json").read_text()


def test_wrong_starts_are_refused(refused, trained):
    assert "nothing" in refused("train", "--init-from", "nothing")
    assert "--init-from RUN" in refused("train", "--new-last-layer")
    said = refused("train", "--init-from", trained, "--model", "cifar-80sec")
    assert "do not fit cifar-80sec" in said
    assert "--init-from" in refused("train", "--resume", trained, "--init-from", trained)
