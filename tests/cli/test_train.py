"""`tinyalex train`: what it prints, leaves and refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.many import wait_for_step
from tests.processes import environment
from tinyalex import backends
from tinyalex.commands.console import Output
from tinyalex.commands.train import _print_results
from tinyalex.errors import RunError


def test_a_run_leaves_its_files_and_says_what_to_do_next(call, few):
    result = call("train", *few, "--epochs", 1)
    assert result.exit_code == 0, result.output
    folder = Path("runs") / "tiny-pictures-seed0"
    assert {path.name for path in folder.iterdir()} == {
        "checkpoint.json",
        "checkpoint.safetensors",
        "config.json",
        "curves.png",
        "filters.png",
        "filters.safetensors",
        "metrics.jsonl",
        "summary.json",
    }
    summary = json.loads((folder / "summary.json").read_text())
    assert f"{100 * summary['top1_error']:.2f} %" in result.stdout
    assert f"tinyalex evaluate {folder}" in result.stdout
    assert f"tinyalex predict {folder}" in result.stdout
    assert f"backend {backends.available()[0]}" in result.stdout


@pytest.mark.parametrize(
    ("epochs", "crops", "says"),
    [(3, False, "3 epochs"), (1, False, "1 epoch"), (3, True, "3 epochs and the ten crops")],
)
def test_the_last_lines_say_what_time_and_speed_are_of(capsys, epochs, crops, says):
    summary = {"top1_error": 0.25, "wall_seconds": 63.0, "epochs": epochs, "recipe": "tiny"}
    summary["images_per_second"] = 1234.5
    if crops:
        summary |= {"top1_error_ten_crops": 0.2, "top5_error_ten_crops": 0.1}
    _print_results(Output(), Path("run"), summary)
    wanted = f"time        1 min 03 s for {says}, 1,234 images/s in training\n"
    assert wanted in capsys.readouterr().out


def test_json_is_one_document_on_stdout_and_progress_goes_to_stderr(call, few):
    result = call("train", *few, "--epochs", 1, "--out", "here", "--json")
    document = json.loads(result.stdout)
    assert document["run"] == "here"
    assert 0 <= document["top1_error"] <= 1
    assert "epoch   1" in result.stderr


def test_quiet_prints_the_folder_only(call, few):
    result = call("train", *few, "--epochs", 1, "--out", "here", "--quiet")
    assert (result.stdout, result.stderr) == ("here\n", "")


def test_a_folder_with_a_run_is_not_overwritten(refused, trained):
    before = (trained / "checkpoint.safetensors").read_bytes()
    said = refused("train", "--epochs", 1, "--out", trained)
    assert "holds a run already" in said and f"--resume {trained}" in said
    assert (trained / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--model", "tinny"], "'tiny'"),
        (["--recipe", "papr"], "'paper'"),
        (["--data", "digit"], "'digits'"),
        (["--backend", "nunpy"], "'numpy'"),
        (["--batch-size", 0], "batch"),
        (["--epochs", 0], "epochs"),
        (["--lr", -1], "lr"),
        (["--lr", "nan"], "lr"),
        (["--seed", -1], "seed"),
        (["--threads", 0], "threads"),
        (["--data", "no/such/folder"], "no/such/folder"),
        (["--recipe", "paper"], "crop"),
        (["--resume", "nothing"], "nothing"),
        (["--resume", "nothing", "--lr", 1, "--batch-size", 2], "--batch-size, --lr"),
    ],
)
def test_bad_options_are_refused(refused, words, wanted):
    assert wanted in refused("train", *words)


def test_a_refused_option_leaves_no_folder(refused):
    refused("train", "--backend", "nunpy")
    refused("train", "--recipe", "paper")
    assert not Path("runs").exists() or not list(Path("runs").rglob("config.json"))


def test_an_unknown_option_or_number_ends_with_2(call):
    assert call("train", "--epoch", 1).exit_code == 2
    assert call("train", "--epochs", "many").exit_code == 2


def test_a_loss_that_is_not_a_number_is_an_error(refused, few):
    said = refused("train", *few, "--epochs", 1, "--lr", 1e30, "--quiet")
    assert "loss is" in said and "--lr" in said


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(refused, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert "cannot be written" in refused("train", "--epochs", 1, "--out", closed / "run")


def test_a_file_in_the_folders_place_is_an_error(refused):
    Path("taken").write_text("")
    assert "cannot be written" in refused("train", "--epochs", 1, "--out", "taken")


@pytest.mark.slow
def test_piped_output_is_plain_lines(shell, few):
    done = shell("train", *few, "--epochs", 1, NO_COLOR="1", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("cp1252")
    assert "\x1b" not in text and "\r" not in text.replace("\r\n", "\n")
    assert sum(line.startswith("epoch ") for line in text.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_saves_and_names_the_command_that_resumes(tmp_path, call, few):
    words = ["train", *few, "--epochs", 60, "--out", "run", "--backend", "numpy"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyalex", *map(str, words)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for_step(tmp_path / "run", process)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "tinyalex train --resume run" in said
    assert not (tmp_path / "run" / "summary.json").exists()

    result = call("train", "--resume", "run")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run" / "summary.json").exists()
    assert (tmp_path / "run" / "curves.png").exists()


@pytest.mark.parametrize("words", [["train"], ["evaluate", "RUN"], ["bench"]])
def test_tf32_on_a_cpu_is_refused(refused, trained, words):
    words = [trained if word == "RUN" else word for word in words]
    said = refused(*words, "--backend", "numpy", "--precision", "tf32")
    assert "tf32 is for a GPU" in said and "--precision float32" in said


@pytest.mark.parametrize("command", ["train", "bench"])
def test_a_workspace_on_a_cpu_is_refused(refused, command):
    assert "--backend cuda" in refused(command, "--backend", "numpy", "--workspace-mb", 64)


def test_resuming_refuses_another_precision(refused):
    said = refused("train", "--resume", "nothing", "--precision", "tf32", "--workspace-mb", 2)
    assert "--precision, --workspace-mb" in said


def test_float32_may_be_asked_for_on_a_cpu(call, few):
    result = call("train", *few, "--epochs", 1, "--precision", "float32", "--out", "here")
    assert result.exit_code == 0, result.output
    config = json.loads(Path("here/config.json").read_text())
    assert config["precision"] == "float32"


def test_a_run_is_complete_even_if_its_pictures_cannot_be_drawn(call, few, monkeypatch):
    def fails(*_, **__):
        raise RunError("pictures cannot be drawn")

    monkeypatch.setattr("tinyalex.report.pictures.curves", fails)
    result = call("train", *few, "--epochs", 1, "--out", "run")
    assert result.exit_code == 2
    assert "test error" in result.stdout and Path("run/summary.json").exists()
    assert result.stderr.startswith("error: pictures cannot be drawn")


def test_a_training_loads_no_library_that_only_the_grader_needs():
    """Each process of a training pays for what it loads; Hypothesis loads pytest in turn."""
    asked = "import sys, tinyalex.report, tinyalex.training; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, env=environment())
    assert done.stdout.strip() == b"False", done.stderr
