"""What a file of weights must hold, and the run that it becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tests.weights.nets import assert_same_logits, images, run_of
from tinyalex import data, evaluation, notice, recipes, training, weights
from tinyalex.errors import CheckpointError, ConfigError, RunError
from tinyalex.weights.means import in_rgb
from tinyalex.weights.tensors import check_total

Tensors = dict[str, np.ndarray[Any, Any]]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The default network's weights, as PyTorch would save them."""
    path = tmp_path / "net.safetensors"
    save_file(run_of("tiny").model.state_dict(), path)
    return path


def test_an_imported_run_loads_to_the_same_network(tiny: Path, tmp_path: Path) -> None:
    found = weights.read(tiny, "tiny", mean="80")
    found.write(tmp_path / "run", "the command")
    run, direct = training.load_run(tmp_path / "run", "numpy"), found.run("numpy")
    x = images((3, 1, 14, 14), sigma=1)
    np.testing.assert_array_equal(run.model.forward(x), direct.model.forward(x))
    np.testing.assert_array_equal(run.statistics.mean_image, np.full((1, 14, 14), 80, np.float32))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["model"] == "tiny" and config["command"] == "the command"
    assert config["imported"]["file"] == "net.safetensors"
    assert len(config["imported"]["sha256"]) == 64
    assert config["recipe"]["mean"] == "channel" and config["recipe"]["scale"] == 1 / 64
    assert run.classes == [str(i) for i in range(10)]


def test_a_folder_with_a_run_is_left_alone(tiny: Path, tmp_path: Path) -> None:
    found = weights.read(tiny, "tiny", mean="80")
    found.write(tmp_path / "run")
    with pytest.raises(RunError, match="holds a run already"):
        found.write(tmp_path / "run")
    with pytest.raises(RunError, match="cannot be (made|written)"):
        found.write(tiny / "run")


def test_an_imported_run_cannot_be_resumed(tiny: Path, tmp_path: Path) -> None:
    weights.read(tiny, "tiny", mean="80").write(tmp_path / "run")
    with pytest.raises(RunError, match="imported weights[\\s\\S]*--init-from"):
        training.resume(tmp_path / "run")


def drop(name: str) -> Callable[[Tensors], None]:
    return lambda tensors: tensors.__delitem__(name)


def put(name: str, array: np.ndarray[Any, Any]) -> Callable[[Tensors], None]:
    return lambda tensors: tensors.update({name: array})


def spoil(name: str, value: float) -> Callable[[Tensors], None]:
    def change(tensors: Tensors) -> None:
        tensors[name] = tensors[name].astype(np.float64)
        tensors[name].reshape(-1)[5] = value

    return change


BAD = {
    "missing": (drop("features.4.bias"), "features.4.bias is missing, wanted (32,)"),
    "extra": (put("bn.weight", np.ones(3, np.float32)), "bn.weight (3,) is extra, tiny has"),
    "misshapen": (
        put("features.0.weight", np.ones((16, 1, 3, 3), np.float32)),
        "features.0.weight must be (16, 1, 5, 5) (got (16, 1, 3, 3))",
    ),
    "turned": (
        put("classifier.0.weight", np.ones((32, 128), np.float32)),
        "classifier.0.weight must be (128, 32) (got (32, 128))",
    ),
    "NaN": (spoil("classifier.3.weight", np.nan), "must be finite (got 1 numbers that are NaN"),
    "infinite": (spoil("features.8.bias", -np.inf), "features.8.bias (48,) must be finite"),
    "too large for float32": (
        spoil("features.8.bias", 1e39),
        "features.8.bias (48,) must be finite",
    ),
    "whole numbers": (
        put("features.0.bias", np.ones(16, np.int32)),
        "features.0.bias must be float64, float32, float16 or bfloat16 (got I32)",
    ),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=BAD)
def test_a_tensor_that_does_not_fit_is_named(
    tiny: Path, change: Callable[[Tensors], None], says: str
) -> None:
    tensors = load_file(tiny)
    change(tensors)
    save_file(tensors, tiny)
    with pytest.raises(CheckpointError, match=re.escape(says)) as caught:
        weights.read(tiny, "tiny", mean="80")
    assert "net.safetensors" in caught.value.message


def test_other_floats_become_float32(tiny: Path) -> None:
    tensors = load_file(tiny)
    save_file({name: array.astype(np.float16) for name, array in tensors.items()}, tiny)
    found = weights.read(tiny, "tiny", mean="80")
    assert {array.dtype for array in found.weights.values()} == {np.dtype(np.float32)}


def test_half_a_file_is_refused(tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="net.safetensors: its header[\\s\\S]*fresh copy"):
        weights.read(tiny, "tiny", mean="80")


def test_files_of_other_kinds_and_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"weights come from .safetensors, .pth.*got .h5"):
        weights.read(tmp_path / "net.h5")
    with pytest.raises(CheckpointError, match="no such file"):
        weights.read(tmp_path / "net.safetensors")


def test_absurdly_many_numbers_are_refused() -> None:
    with pytest.raises(CheckpointError, match="holds 2,147,483,648 numbers"):
        check_total(1 << 31, Path("net.safetensors"))


def test_a_file_that_could_be_two_models_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"features.0.weight": np.zeros((96, 3, 11, 11), np.float32)}, path)
    with pytest.raises(ConfigError, match="do not tell which[\\s\\S]*alexnet or alexnet-caffe"):
        weights.read(path)
    save_file({"stem": np.zeros((96, 3, 11, 11), np.float32)}, path)
    with pytest.raises(ConfigError, match="first ones: stem"):
        weights.read(path)


def test_a_mean_that_is_not_known_is_asked_for(tiny: Path) -> None:
    with pytest.raises(ConfigError, match="what is subtracted[\\s\\S]*--mean"):
        weights.read(tiny, "tiny")


@pytest.mark.parametrize(
    ("mean", "says"),
    [("a,b", "numbers or a .npy"), ("1,2,3", "1 channels"), ("nan", "finite"), ("x.npy", "x.npy")],
)
def test_a_mean_that_does_not_fit_is_refused(tiny: Path, mean: str, says: str) -> None:
    with pytest.raises((ConfigError, CheckpointError), match=says):
        weights.read(tiny, "tiny", mean=mean)


def test_a_mean_image_is_cut_to_the_crop(tiny: Path, tmp_path: Path) -> None:
    mean = np.arange(256, dtype=np.float32).reshape(1, 16, 16)
    np.save(tmp_path / "mean.npy", mean)
    found = weights.read(tiny, "tiny", mean=str(tmp_path / "mean.npy"))
    assert found.recipe.mean == "image"
    np.testing.assert_array_equal(found.statistics.mean_image, mean[:, 1:15, 1:15])
    np.save(tmp_path / "mean.npy", mean[:, :9])
    with pytest.raises(ConfigError, match="does not fit"):
        weights.read(tiny, "tiny", mean=str(tmp_path / "mean.npy"))


@pytest.mark.parametrize("kind", ["numbers", "image"])
def test_imagenets_mean_in_caffes_order_is_turned_for_caffe_and_told_of_for_others(
    tmp_path: Path, kind: str
) -> None:
    numbers = np.array([104, 116.7, 122.7], np.float32)
    mean = numbers if kind == "numbers" else np.tile(numbers[:, None, None], (1, 5, 5))
    turned, note = in_rgb(mean, "mean.npy", of_caffe=True)
    np.testing.assert_array_equal(turned, mean[::-1])
    assert "mean.npy: 104.0, 116.7, 122.7" in note and "turned to R, G, B" in note
    for name, of_caffe in (("mean.npy", False), ("mean.binaryproto", True)):
        same, note = in_rgb(mean, name, of_caffe)
        assert same is mean and bool(note) is not of_caffe
    assert in_rgb(mean[::-1], "mean.npy", of_caffe=True)[1] == ""
    grey = mean[:1]
    assert in_rgb(grey, "80", of_caffe=False) == (grey, "")


def test_a_mean_image_of_other_pictures_for_caffe_is_told_how_it_is_taken() -> None:
    mean = np.tile(np.array([90, 95, 99], np.float32)[:, None, None], (1, 5, 5))
    same, note = in_rgb(mean, "m.npy", of_caffe=True)
    assert same is mean and "90.0, 95.0, 99.0 is taken as R, G, B" in note
    assert in_rgb(mean, "m.npy", of_caffe=False)[1] == ""


def test_a_network_of_one_channel_predicts_and_says_how_it_scales(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file(run_of("tiny", 4, side=14).model.state_dict(), tmp_path / "n.safetensors")
    three = replace(recipes.get("tiny"), scale=(0.01, 0.02, 0.06))
    monkeypatch.setattr(recipes, "get", lambda name: three)
    heard: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    run = weights.read(tmp_path / "n.safetensors", "tiny", mean="80").run("numpy")
    assert run.config.recipe.scale == pytest.approx(0.03)
    assert "1 channel: pixels are multiplied by 0.03" in heard[0]
    split = data.Split(
        lambda rows: np.zeros((len(rows), 16, 16, 1), np.uint8), np.zeros(2), (16, 16, 1)
    )
    assert evaluation.probabilities(run, split).shape == (2, 4)


def test_labels_come_from_a_file_with_names_after_a_tab(tiny: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"n{i}\tthe {i}\n" for i in range(10)))
    found = weights.read(tiny, "tiny", mean="80", classes=labels)
    assert found.classes[3] == "n3" and found.class_names is not None
    assert found.class_names[3] == "the 3"
    labels.write_text("a\n" * 10)
    with pytest.raises(ConfigError, match="10 different labels.*10 lines, 1 different"):
        weights.read(tiny, "tiny", mean="80", classes=labels)


def test_our_own_export_tells_everything(tmp_path: Path) -> None:
    run, path = run_of("tiny"), tmp_path / "out.safetensors"
    files = weights.export(run, path)
    assert files == [path, tmp_path / "out.mean.npy"]
    with safe_open(path, framework="numpy") as file:
        assert file.metadata()["format"] == "pt"  # which transformers and others look for
    found = weights.read(path)
    assert (found.model, found.classes, found.data) == ("tiny", run.classes, "made up")
    assert found.recipe.to_dict() == run.config.recipe.to_dict()
    np.testing.assert_array_equal(found.statistics.mean_image, run.statistics.mean_image)
    files[1].unlink()
    with pytest.raises(CheckpointError, match="out.mean.npy beside it is missing"):
        weights.read(path)


def test_the_papers_dropout_goes_into_the_next_layers_weights(tmp_path: Path) -> None:
    run = run_of("tiny", dropout="paper")
    weights.export(run, tmp_path / "out.safetensors")
    found = weights.read(tmp_path / "out.safetensors")
    assert found.recipe.dropout == "inverted"
    ratios = {n: a / found.weights[n] for n, a in run.model.state_dict().items()}
    halved = {name for name, ratio in ratios.items() if (ratio == 2).all()}
    assert halved == {"classifier.3.weight", "classifier.6.weight"}
    assert all((ratio == 1).all() for name, ratio in ratios.items() if name not in halved)
    x = images((2, 1, 14, 14), sigma=1)
    assert_same_logits(run.model.forward(x), found.run("numpy").model.forward(x), 1e-6)


@pytest.mark.parametrize("header", ["{", "[]", '{"model": 3, "classes": []}', '{"model": "tiny"}'])
def test_a_damaged_header_of_ours_is_refused(tiny: Path, header: str) -> None:
    save_file(load_file(tiny), tiny, metadata={"tinyalex": header})
    with pytest.raises(CheckpointError, match="header"):
        weights.read(tiny)


def test_a_header_cannot_ask_for_absurd_images(tiny: Path) -> None:
    recipe = run_of("tiny").config.recipe.to_dict() | {"crop": 2000}
    about = {"model": "tiny", "classes": [], "mean": [1], "recipe": recipe}
    save_file(load_file(tiny), tiny, metadata={"tinyalex": json.dumps(about)})
    with pytest.raises(CheckpointError, match="2000 pixels, at most"):
        weights.read(tiny)
