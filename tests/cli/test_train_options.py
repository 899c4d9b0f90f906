"""Options of `tinyalex train` that name, repeat, replace and change a run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from tinyalex import data, models, recipes, report
from tinyalex.cli import app
from tinyalex.commands.train_options import PANELS, SHORT
from tinyalex.settings import ABOUT, option_of

TRAIN = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]


def config_of(folder):
    return json.loads((Path(folder) / "config.json").read_text())


@pytest.fixture
def quick(call, few, monkeypatch):
    """Train one epoch of few images, and draw nothing; gives the run's folder."""
    monkeypatch.setattr(report, "draw_run", lambda folder: [])

    def run(*words):
        data = () if "--config" in words else few
        result = call("train", *data, "-e", 1, "--quiet", "--no-ten-crops", *words)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()[-1]

    return run


def test_runs_are_numbered_if_none_is_named(call, few, quick):
    assert quick() == str(Path("runs/tiny-pictures-seed0"))
    result = call("train", *few, "-e", 1)
    said = f"{Path('runs/tiny-pictures-seed0')} holds a run or is in use; this one is written to"
    assert result.stdout.splitlines()[0] == f"{said} {Path('runs/tiny-pictures-seed0-2')}"
    assert quick("--seed", 3) == str(Path("runs/tiny-pictures-seed3"))
    assert quick() == str(Path("runs/tiny-pictures-seed0-3"))


def test_a_run_is_replaced_only_if_asked_to(call, few, quick, refused):
    quick("-o", "here")
    before = Path("here/checkpoint.safetensors").read_bytes()
    assert "--overwrite" in refused("train", *few, "-e", 1, "-o", "here")
    assert "holds thesis.tex" not in refused("train", *few, "-e", 0, "-o", "here", "--overwrite")
    said = call("train", *few, "-e", 1, "-o", "here", "--overwrite", "--lr", 1e30, "-q").stderr
    assert "loss is" in said and "holds the old run again" in said
    assert Path("here/checkpoint.safetensors").read_bytes() == before
    assert quick("-o", "here", "--overwrite", "--seed", 1) == "here"
    assert config_of("here")["seed"] == 1 and not Path("here/.replaced").exists()
    Path("here/thesis.tex").touch()
    assert "thesis.tex" in refused("train", *few, "-e", 1, "-o", "here", "--overwrite")


def test_overwrite_without_a_name_replaces_the_run_that_has_the_default_name(quick):
    assert quick() == quick("--overwrite") == str(Path("runs/tiny-pictures-seed0"))


def test_any_number_can_be_changed_and_is_recorded_and_resumed(call, quick):
    folder = quick("--set", "weight_decay=1e-4", "--set", "seed=5", "--set", "schedule.epochs=1")
    assert folder == str(Path("runs/tiny-pictures-seed5"))
    recipe = config_of(folder)["recipe"]
    assert (recipe["weight_decay"], recipe["schedule"]["epochs"]) == (1e-4, [1])
    assert recipe["sources"]["weight_decay"] == "set by --set"
    assert call("train", "--resume", folder, "-e", 2).exit_code == 0
    assert config_of(folder)["recipe"] == recipe
    shown = call("runs", folder).stdout
    assert re.search(r"weight_decay +0\.0001 +set by --set", shown)
    page = call("report", folder)
    assert page.exit_code == 0, page.output
    assert "weight_decay (changed)" in (Path(folder) / "report.html").read_text()


def test_a_run_is_repeated_from_its_config(quick):
    first = quick("--set", "momentum=0.8", "--seed", 2)
    again = quick("--config", first, "-o", "again")
    checkpoints = [Path(folder) / "checkpoint.safetensors" for folder in (first, again)]
    assert checkpoints[0].read_bytes() == checkpoints[1].read_bytes()
    other = quick("--config", f"{first}/config.json", "--set", "momentum=0.7", "--seed", 4)
    assert other == str(Path("runs/tiny-pictures-seed4"))
    assert config_of(other)["recipe"]["momentum"] == 0.7


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--set", "weight_decy=1"], "'weight_decay'"),
        (["--set", "lr=-1"], "--set 'lr=0.01'"),
        (["--set", "lr=1", "--lr", 1], "--lr is given twice"),
        (["--set", "mirror=3"], "mirror must be true or false"),
        (["--config", "nothing.json"], "nothing.json: no such file"),
        (["--resume", "x", "--set", "momentum=0", "--overwrite"], "--set, --overwrite"),
        (["--resume", "x", "--config", "y"], "got --config as well"),
    ],
)
def test_what_cannot_be_is_refused(refused, words, wanted):
    assert wanted in refused("train", *words)
    assert not Path("runs").exists()


def test_every_option_of_a_setting_has_a_panel_and_few_have_a_letter():
    listed = [name for names in PANELS.values() for name in names]
    assert sorted(listed) == sorted(name for name, about in ABOUT.items() if about.option)
    opts = {option.opts[0]: option.opts[1:] for option in TRAIN.params}
    assert {option_of(name): [short] for name, short in SHORT.items()} == {
        name: short for name, short in opts.items() if short and name not in ("--quiet", "--help")
    }


def completed(option, incomplete):
    param = next(p for p in TRAIN.params if option in p.opts)
    ctx = typer.Context(TRAIN)
    return [item.value for item in param.shell_complete(ctx, incomplete)]


def test_choices_are_in_the_help_and_complete(call):
    said = re.sub(r"\s+", "", call("train", "--help").stdout)
    for name, about in ABOUT.items():
        if about.words:
            assert f"[{'|'.join(about.words)}]" in said
            assert completed(option_of(name), "") == list(about.words)
            assert completed(option_of(name), about.words[-1][:3])[-1] == about.words[-1]
    assert completed("--model", "alexnet-m") == ["alexnet-mini"]
    assert completed("--model", "") == models.names()
    assert completed("--recipe", "") == recipes.names()
    assert set(data.NAMES) < set(completed("--data", ""))
    assert completed("--set", "weight_d") == ["weight_decay="]
    assert completed("--data", "./pictures") == []  # then the shell completes paths


def test_each_word_has_one_meaning_in_the_help():
    """Workers are processes that train together; weights are a network's parameters."""
    for option in TRAIN.params:
        text = str(option.help)
        if "worker" in text and option.opts[0] not in ("--workers", "--timeout"):
            assert option.name in PANELS["Several workers"], text
        assert "ensemble" not in text
