"""`tinyalex weights`, and `tinyalex predict --weights`: what they print, write and refuse."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tinyalex import data


@pytest.fixture
def digit(tmp_path):
    """A file with a real handwritten digit."""
    image = data.load("digits").test.images(np.array([7]))[0, :, :, 0]
    Image.fromarray(image).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def probabilities(result):
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    return {guess["name"]: guess["probability"] for guess in found["classes"]}


def test_an_exported_and_imported_run_predicts_the_same(call, trained, digit):
    result = call("weights", "export", trained, "--out", "net.safetensors")
    assert result.exit_code == 0, result.output
    assert "net.mean.npy" in result.stdout
    result = call("weights", "import", "net.safetensors", "--out", "again")
    assert result.exit_code == 0, result.output
    assert "60,106 parameters, 10 classes" in result.stdout
    ways = [
        call("predict", trained, digit, "--top", 10, "--json"),
        call("predict", "again", digit, "--top", 10, "--json"),
        call("predict", "--weights", "net.safetensors", digit, "--top", 10, "--json"),
    ]
    first, *others = map(probabilities, ways)
    assert len(set(first.values())) == 10
    for other in others:
        assert other == pytest.approx(first, abs=1e-6)
    result = call("evaluate", "again", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads((trained / "summary.json").read_text())
    assert json.loads(result.stdout)["top1_error"] == pytest.approx(summary["top1_error"], abs=1e-9)


def test_results_for_programs(call, trained):
    document = json.loads(
        call("weights", "export", trained, "--out", "n.safetensors", "--json").stdout
    )
    assert document == {"model": "tiny", "files": ["n.safetensors", "n.mean.npy"]}
    found = json.loads(call("weights", "import", "n.safetensors", "--out", "a", "--json").stdout)
    assert (found["model"], found["classes"], found["out"]) == ("tiny", 10, "a")
    assert call("weights", "import", "n.safetensors", "--out", "b", "-q").stdout == "b\n"


def test_onnx_is_chosen_by_format_or_suffix(call, trained):
    pytest.importorskip("onnx", exc_type=ImportError)
    assert call("weights", "export", trained, "--out", "n.onnx", "-q").stdout == "n.onnx\n"
    assert call("weights", "export", trained, "--out", "n", "--format", "onnx").exit_code == 0
    assert call("weights", "export", trained, "--out", "p.onnx", "--preprocess").exit_code == 0


def test_wrong_options_are_refused(refused, trained, copy_of_run, digit, tmp_path):
    assert "nowhere" in refused("weights", "export", "nowhere", "--out", "n.onnx")
    assert "safetensors, onnx" in refused("weights", "export", trained, "--out", "n.h5")
    assert "gone.pth" in refused("weights", "import", "gone.pth", "--out", "a")
    assert "torchvision" in refused("predict", "--weights", "torchvisionn", digit)
    missing = refused("predict", "--weights", "torchvision", digit, "--data-root", tmp_path)
    assert "tinyalex weights download torchvision" in missing
    assert "no image" in refused("predict", trained)
    assert "crops" in refused("predict", trained, digit, "--crops", 3)
    assert "unknown weights" in refused("weights", "download", "caffe")
    (tmp_path / "half.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    assert "half.safetensors" in refused("weights", "import", "half.safetensors", "--out", "a")
    assert not (tmp_path / "a").exists()


def test_imported_weights_cannot_be_resumed(call, refused, trained):
    call("weights", "export", trained, "--out", "n.safetensors")
    call("weights", "import", "n.safetensors", "--out", "again")
    assert "--init-from" in refused("train", "--resume", "again", "--epochs", 2)
    assert "holds a run" in refused("weights", "import", "n.safetensors", "--out", "again")
    shutil.rmtree("again")
