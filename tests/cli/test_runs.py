"""`tinyalex runs`: a table of runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.names import HOSTILE, check_shown
from tinyalex.cli import app
from tinyalex.commands.runs import SORTS


@pytest.fixture
def several(trained, tmp_path):
    """Copies of one run with other numbers in their summaries."""
    for name, error, seconds, images in (
        ("one", 0.5, 9, 10),
        ("two", 0.1, 7, 30),
        ("three", 0.3, 8, 20),
    ):
        folder = tmp_path / "runs" / name
        shutil.copytree(trained, folder)
        summary = json.loads((folder / "summary.json").read_text())
        summary |= {"top1_error": error, "wall_seconds": seconds, "images_per_second": images}
        (folder / "summary.json").write_text(json.dumps(summary))
        os.utime(folder / "summary.json", (2e9 + seconds, 2e9 + seconds))
    return tmp_path / "runs"


def names(call, *words):
    result = call("runs", "--quiet", *words)
    assert result.exit_code == 0, result.output
    return [Path(line).name for line in result.stdout.splitlines()]


def test_the_best_run_comes_first(call, several):
    said = call("runs").stdout.splitlines()
    assert said[0].split()[:2] == ["run", "data"]
    assert [line.split()[0] for line in said[1:4]] == ["runs/two", "runs/three", "runs/one"]
    assert "10.00 %" in said[1] and "finished" in said[1]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["one", "three", "two"]),
        ("time", ["two", "three", "one"]),
        ("speed", ["two", "three", "one"]),
        ("date", ["one", "three", "two"]),
        ("data", ["two", "three", "one"]),
        ("epochs", ["one", "three", "two"]),
    ],
)
def test_the_order_can_be_chosen(call, several, sort, order):
    assert names(call, "--sort", sort) == order


def test_every_order_works_on_runs_that_know_nothing(call, several):
    for name in ("one", "two"):
        (several / name / "config.json").write_text("{")
    for sort in SORTS:
        assert set(names(call, "--sort", sort)) == {"one", "two", "three"}
    assert names(call)[0] == "three"  # what is unknown comes last


def test_json_has_everything(call, several):
    (several / "one" / "config.json").write_text("{")
    runs = json.loads(call("runs", "--json").stdout)
    assert [run["state"] for run in runs] == ["finished", "finished", "damaged"]
    assert runs[0]["test_error"] == 0.1 and runs[2]["reason"].startswith("config.json: cannot")


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40])
def test_no_number_is_cut_however_narrow_the_terminal_is(call, several, width, monkeypatch):
    (several / "one" / "config.json").write_text("{")
    call("runs")  # goes to the folder
    monkeypatch.setenv("COLUMNS", str(width))
    result = CliRunner().invoke(app, ["runs"])
    for text in ("runs/one", "runs/two", "runs/three", "10.00 %", "30.00 %", "damaged"):
        assert text in result.stdout
    assert "config.json:" in result.stdout
    table = result.stdout.split("\n\n")[0]
    if width >= 60:
        assert all(
            len(line.rstrip()) <= width or "damaged" in line for line in table.splitlines()[:4]
        )


def test_piped_output_has_one_line_per_run(shell, several):
    done = shell("runs", COLUMNS="")
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 4 and all("finished" in line for line in lines[1:]), lines
    assert "date" in lines[0] and "images/s" in lines[0]


def test_folders_and_runs_can_be_mixed_and_none_is_listed_twice(call, several):
    assert names(call, several, several / "two", several / ".." / "runs") == ["two", "three", "one"]


def test_one_run_is_shown_with_its_numbers_and_their_sources(call, several):
    said = call("runs", several / "two").stdout
    assert "recipe tiny for the model tiny" in said and "paper, section 5" in said
    assert "recipe tiny" not in call("runs", several).stdout


@pytest.mark.parametrize("place", ["nothing", "empty", "file"])
def test_a_place_without_runs_is_an_error(refused, tmp_path, place):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert place in refused("runs", place)
    assert "runs: no such folder" in refused("runs")


def test_an_unknown_order_is_an_error(refused, several):
    assert "'error'" in refused("runs", "--sort", "eror")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not allow such names")
def test_names_from_outside_do_nothing(call, trained, tmp_path):
    for name in HOSTILE.values():
        if "/" not in name:
            folder = tmp_path / "runs" / name
            shutil.copytree(trained, folder)
            config = json.loads((folder / "config.json").read_text())
            config["recipe"]["sources"] = dict.fromkeys(config["recipe"], name)
            config["recipe"]["sources"]["lr"] = f"set {name}"
            config |= {"data_name": name, "model": name}
            (folder / "config.json").write_text(json.dumps(config))
    for words in (["runs"], ["runs", "--sort", "name"], ["runs", folder]):
        result = call(*words)
        assert result.exit_code == 0, result.output
        check_shown(result.stdout + result.stderr)
