"""`tinyalex evaluate` and `tinyalex predict`: what they print, write and refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from tests.data.pictures import class_folders
from tinyalex import data
from tinyalex.runs.tensors import to_bytes


@pytest.fixture
def digit(tmp_path):
    """A file with a real handwritten digit."""
    image = data.load("digits").test.images(np.array([0]))[0, :, :, 0]
    Image.fromarray(image).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def test_a_run_is_measured_as_at_its_end(call, copy_of_run):
    result = call("evaluate", copy_of_run, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    summary = json.loads((copy_of_run / "summary.json").read_text())
    assert document["top1_error"] == pytest.approx(summary["top1_error"], abs=1e-9)
    assert document["n"] == 360
    assert np.sum(document["confusion"]) == 360
    assert json.loads((copy_of_run / "evaluation.json").read_text()) == document


def test_several_runs_are_averaged(call, copy_of_run, tmp_path):
    other = shutil.copytree(copy_of_run, tmp_path / "other")
    out = tmp_path / "vote.json"
    result = call("evaluate", copy_of_run, other, "--crops", 10, "--out", out)
    assert result.exit_code == 0, result.output
    assert "all 2 together" in result.stdout
    assert "ten crops of each" in result.stdout
    assert "Most frequent mistakes" in result.stdout
    document = json.loads(out.read_text())
    one, two = document["runs"]
    assert document["top1_error"] == one["top1_error"] == two["top1_error"]


def test_the_top_5_error_of_five_classes_is_not_shown(call):
    """The top 5 of five classes are all classes: the error would always be 0.00 %."""
    class_folders(Path("pictures"), dict.fromkeys("abcde", 5))
    words = ("--model", "tiny", "--data", "pictures", "--epochs", 1, "--out", "run", "--quiet")
    assert call("train", *words).exit_code == 0
    said = call("evaluate", "run").stdout
    assert "top-1 error" in said and "top-5" not in said


@pytest.mark.parametrize(
    ("others", "name"),
    [
        (["other"], "evaluation-copy+other.json"),
        (["r" * 120, "s" * 120], "evaluation-3-runs-*.json"),
    ],
)
def test_the_result_of_several_runs_is_written_next_to_the_first(
    call, copy_of_run, tmp_path, monkeypatch, others, name
):
    """In the first run's folder it would look like that run's own result."""
    more = [shutil.copytree(copy_of_run, tmp_path / other) for other in others]
    before = {run: sorted(path.name for path in run.iterdir()) for run in (copy_of_run, *more)}
    result = call("evaluate", copy_of_run, *more, "--json")
    assert result.exit_code == 0, result.output
    (written,) = tmp_path.glob(name)
    assert json.loads(written.read_text()) == json.loads(result.stdout)
    assert all(
        sorted(path.name for path in run.iterdir()) == names for run, names in before.items()
    )


@pytest.fixture
def other_digits(tmp_path):
    """Two folders of the same name, with pictures of all ten digits."""
    folders = [tmp_path / place / "test" for place in ("here", "there")]
    for i, folder in enumerate(folders):
        for digit in range(10):
            (folder / str(digit)).mkdir(parents=True)
            for j in range(2 + i):
                Image.new("L", (16, 16), 20 * j).save(folder / str(digit) / f"{j}.png")
    return folders


def test_the_result_on_other_data_leaves_the_runs_own_alone(call, copy_of_run, other_digits):
    assert call("evaluate", copy_of_run).exit_code == 0
    own = (copy_of_run / "evaluation.json").read_bytes()
    for folder in other_digits:
        result = call("evaluate", copy_of_run, "--data", folder)
        assert result.exit_code == 0, result.output
        assert "written to" in result.stdout and "evaluation-test-" in result.stdout
    assert (copy_of_run / "evaluation.json").read_bytes() == own
    written = [json.loads(path.read_text()) for path in copy_of_run.glob("evaluation-test-*.json")]
    assert sorted(found["n"] for found in written) == [20, 30]
    assert {Path(found["data"]) for found in written} == set(other_digits)


def test_the_runs_own_data_may_be_named(call, copy_of_run):
    assert call("evaluate", copy_of_run, "--data", "digits").exit_code == 0
    assert [path.name for path in copy_of_run.glob("evaluation*")] == ["evaluation.json"]


def test_several_runs_on_other_data_have_a_file_of_their_own(
    call, copy_of_run, other_digits, tmp_path
):
    other = shutil.copytree(copy_of_run, tmp_path / "other")
    result = call("evaluate", copy_of_run, other, "--data", other_digits[0])
    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.glob("evaluation-copy+other-test-*.json"))) == 1
    assert not (tmp_path / "evaluation-copy+other.json").exists()


def test_quiet_prints_the_errors_only(call, copy_of_run):
    top1, top5 = map(float, call("evaluate", copy_of_run, "--quiet").stdout.split())
    assert 0 <= top5 <= top1 <= 1


def test_an_image_gets_bars_and_probabilities(call, trained, digit):
    result = call("predict", trained, digit, "--top", 3)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("%") == 3
    assert max(map(len, result.stdout.splitlines())) <= 80 or len(str(digit)) > 80


def test_predictions_as_json_are_one_document(call, trained, digit):
    found = json.loads(call("predict", trained, digit, digit, "--top", 10, "--json").stdout)
    assert len(found) == 2
    probabilities = [guess["probability"] for guess in found[0]["classes"]]
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert probabilities == sorted(probabilities, reverse=True)
    assert {guess["name"] for guess in found[0]["classes"]} == set("0123456789")


def test_quiet_predictions_are_one_name_per_line(call, trained, digit):
    image, name = call("predict", trained, digit, "--quiet").stdout.rstrip("\n").split("\t")
    assert image == str(digit)
    assert name in "0123456789"


@pytest.mark.slow
def test_a_windows_console_gets_bars_that_it_can_show(call, shell, trained, digit):
    done = shell("predict", trained, digit, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "#" in done.stdout.decode("cp1252")
    assert "\N{FULL BLOCK}" in call("predict", trained, digit).stdout


def test_missing_runs_and_bad_numbers_are_refused(refused, trained, digit):
    assert "nowhere" in refused("evaluate", "nowhere")
    assert "nowhere" in refused("predict", "nowhere", digit)
    assert "crops" in refused("evaluate", trained, "--crops", 3)
    assert "top" in refused("predict", trained, digit, "--top", 0)
    assert "cuda" in refused("evaluate", trained, "--backend", "cuda")


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n half"])
def test_a_damaged_image_is_named(refused, trained, tmp_path, content):
    (tmp_path / "bad.png").write_bytes(content)
    assert "bad.png" in refused("predict", trained, tmp_path / "bad.png")


def test_a_missing_image_is_named(refused, trained):
    assert "gone.png" in refused("predict", trained, "gone.png")


def test_a_cut_off_checkpoint_is_refused(refused, copy_of_run):
    path = copy_of_run / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    for words in (["evaluate", copy_of_run], ["train", "--epochs", 2, "--resume", copy_of_run]):
        assert "checkpoint.safetensors" in refused(*words)


def test_a_checkpoint_with_nan_is_refused(refused, copy_of_run):
    from safetensors import safe_open

    path = copy_of_run / "checkpoint.safetensors"
    with safe_open(path, framework="numpy") as file:
        head = file.metadata()
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("features.0.weight"))
    tensors[name][0] = np.nan
    path.write_bytes(b"".join(to_bytes(tensors, head)))
    assert "not finite" in refused("evaluate", copy_of_run)


def test_a_checkpoint_of_another_model_is_refused(refused, copy_of_run):
    path = copy_of_run / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"model": "cifar-80sec"}))
    assert "cifar-80sec" in refused("evaluate", copy_of_run)


def test_data_with_other_classes_are_refused(refused, trained):
    for label in ("cats", "dogs"):
        for i in range(3):
            path = Path("pets") / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (16, 16), 10 * i).save(path)
    assert "classes" in refused("evaluate", trained, "--data", "pets")
