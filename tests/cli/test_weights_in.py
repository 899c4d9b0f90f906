"""`tinyalex weights import` of ONNX files, and what it says in quiet mode."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx", exc_type=ImportError)


@pytest.mark.parametrize("options", [[], ["--preprocess"]])
def test_a_run_exported_to_onnx_and_imported_is_the_same(call, trained, onnx, options):
    result = call("weights", "export", trained, "--out", "net.onnx", *options, "--json")
    assert json.loads(result.stdout)["files"] == ["net.onnx"]
    result = call("weights", "import", "net.onnx", "--out", "again")
    assert result.exit_code == 0, result.output
    assert "60,106 parameters, 10 classes" in result.stdout
    result = call("evaluate", "again", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads((trained / "summary.json").read_text())
    assert json.loads(result.stdout)["top1_error"] == pytest.approx(summary["top1_error"], abs=1e-9)


@pytest.mark.parametrize("bad", ["?", "AAAA", "AADAfw=="])
def test_a_graph_whose_mean_is_damaged_is_refused(refused, call, trained, onnx, bad):
    call("weights", "export", trained, "--out", "net.onnx")
    model = onnx.load("net.onnx")
    (entry,) = (e for e in model.metadata_props if e.key == "tinyalex.mean")
    entry.value = bad
    onnx.save(model, "net.onnx")
    said = refused("weights", "import", "net.onnx", "--out", "a")
    assert "net.onnx: its mean image must be" in said


def test_a_graph_of_another_model_is_refused(call, refused, trained, onnx):
    call("weights", "export", trained, "--out", "net.onnx")
    said = refused("weights", "import", "net.onnx", "--model", "cifar-80sec", "--out", "a")
    assert "net.onnx: not the layout of cifar-80sec: for pool1 MaxPool2d" in said
    assert "(Relu)" in said and "--model" in said
    said = refused("weights", "import", "net.onnx", "--model", "alexnet", "--out", "a")
    assert "net.onnx: alexnet cannot take images of 14 pixels" in said


def test_quiet_mode_says_what_was_left_aside_and_which_way_a_mean_is_taken(call, trained, tmp_path):
    call("weights", "export", trained, "--out", "net.safetensors")
    tensors = {f"model.{name}": array for name, array in load_file("net.safetensors").items()}
    tensors |= {f"model_ema.{name[6:]}": array for name, array in tensors.items()}
    save_file(tensors, "two.safetensors")
    words = ["--model", "tiny", "--mean", "80", "--out"]
    result = call("weights", "import", "two.safetensors", *words, "r", "--quiet")
    assert result.exit_code == 0, result.output
    assert result.stdout == "r\n"
    assert "'model.' was removed" in result.stderr
    assert "not used: model_ema.classifier.0.bias" in result.stderr
    three = {n: a for n, a in load_file("net.safetensors").items()}
    three["features.0.weight"] = np.repeat(three["features.0.weight"], 3, axis=1)
    save_file(three, "three.safetensors")
    words = ["--model", "tiny", "--mean", "104,116.7,122.7", "--out"]
    result = call("weights", "import", "three.safetensors", *words, "s", "--quiet")
    assert result.stdout == "s\n" and "looks like ImageNet's mean as B, G, R" in result.stderr
