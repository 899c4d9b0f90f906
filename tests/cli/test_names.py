"""Names from outside through every command that shows them: nothing crashes, nothing acts."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.names import HOSTILE, check_shown
from tinyalex import training
from tinyalex.cli import app
from tinyalex.outside import as_html, shown

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems do not allow such names"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures whose classes are called like that, and a run on it."""
    folder = tmp_path_factory.mktemp("names") / HOSTILE["html"]
    rng = np.random.default_rng(0)
    for name in HOSTILE.values():
        if "/" not in name:
            (folder / "data" / name).mkdir(parents=True)
            for i in range(3):
                pixels = rng.integers(0, 255, (16, 16), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / "data" / name / f"{i}.png")
    return folder


def run(*words: object) -> str:
    """Run a command; whatever it prints is checked. Returns its standard output."""
    result = CliRunner().invoke(app, [str(word) for word in words], prog_name="tinyalex")
    check_shown(result.stdout + result.stderr)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def trained(place: Path) -> Path:
    out = place / HOSTILE["terminal"]
    words = ["train", "--data", place / "data", "--epochs", 1, "--out", out, "--batch-size", 8]
    said = run(*words, "--backend", "numpy", "--model", "tiny")
    assert shown(HOSTILE["terminal"]) in said and (out / "curves.png").is_file()
    return out


def test_data_info_shows_every_class(place):
    said = run("data", "info", place / "data")
    for name in HOSTILE.values():
        if "/" not in name:
            assert shown(name) in said


def test_evaluate_and_predict_show_them(place, trained):
    said = run("evaluate", trained)
    assert "predicted as" in said
    run("evaluate", trained, "--quiet")
    assert len(json.loads(run("evaluate", trained, "--json"))["classes"]) > 10
    picture = place / "data" / HOSTILE["lines"] / "0.png"
    assert shown(str(picture)) in run("predict", trained, picture, "--top", 99)
    assert run("predict", trained, picture, "--quiet").count("\n") == 1


@pytest.mark.slow
def test_files_called_after_several_runs_can_be_written(place, trained):
    other = Path(shutil.copytree(trained, place / HOSTILE["bytes"]))
    run("evaluate", other, trained)
    assert (place / f"evaluation-{other.name}+{trained.name}.json").is_file()
    run("report", other, trained, "--backend", "numpy", "--no-photographs")
    run("weights", "export", other, "--out", place / f"{HOSTILE['direction']}.safetensors")


def test_class_names_go_into_onnx_as_lines_of_text(place, trained):
    onnx = pytest.importorskip("onnx")
    run("weights", "export", trained, "--out", place / "net.onnx")
    found = {one.key: one.value for one in onnx.load(place / "net.onnx").metadata_props}
    lines = found["classes"].split("\n")
    assert lines == [shown(name) for name in training.load_run(trained).classes]


def test_a_report_has_them_as_text(place, trained):
    run("report", trained, "--backend", "numpy")
    html = (trained / "report.html").read_text(encoding="utf-8")
    check_shown(html)
    assert "<script" not in html and "onload='" not in html
    assert as_html(HOSTILE["html"]) in html and as_html(HOSTILE["attribute"]) in html


def test_preparing_shows_them(place):
    run("data", "prepare", place / "data", place / HOSTILE["lines"], "--size", 16, "--workers", 1)
    run("data", "info", place / HOSTILE["lines"])
    run("data", "verify", place / HOSTILE["lines"])


def test_an_error_with_a_name_is_shown(call):
    for name in HOSTILE.values():
        for words in (["data", "info", f"no/{name}"], ["train", "--data", f"no/{name}"]):
            result = call(*words)
            assert result.exit_code == 2
            check_shown(result.stdout + result.stderr)
            assert result.stderr.startswith("error: ")
