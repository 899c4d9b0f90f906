"""Files of a run that were edited or damaged: our own errors, whatever was changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.training.conftest import small_dataset
from tests.typed.edits import edited, edits, sample
from tinyalex import data, training
from tinyalex.cli import app
from tinyalex.errors import CheckpointError, TinyalexError
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tinyalex.runs.state import check_complete, check_fits, parse_state

FILES = ("config.json", "summary.json", "metrics.jsonl")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two epochs; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda *_, **__: small_dataset())
        training.train(
            training.RunConfig(
                model="tiny", backend="numpy", epochs=2, batch_size=8, ten_crops=False, out=folder
            )
        )
    return folder


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """A copy of it, to be edited."""
    return Path(shutil.copytree(run, tmp_path / "run"))


def rewrite(path: Path, text: str) -> None:
    """A new file, which takes less time than to cut off the old one."""
    path.unlink()
    path.write_text(text)


def read_state(text: str) -> None:
    state = parse_state(text, "checkpoint")
    check_complete(state, "checkpoint")
    check_fits(state, 6, ("lr", "epoch"), "checkpoint")


def refusals(document: Any, read: Callable[[str], object], sizes: tuple[float, float]) -> None:
    """Read every edit of a document; only our errors, with advice, for most of them."""
    tried = refused = 0
    for what, text in edits(document):
        tried += 1
        try:
            read(text)
        except TinyalexError as error:
            refused += 1
            assert error.message and len(error.message) < 1000, what
    least, share = sizes
    assert tried > least and refused > share * tried, (tried, refused)


@pytest.mark.slow
def test_every_edit_of_the_config_is_read_or_refused(copy: Path) -> None:
    path = copy / "config.json"

    def read(text: str) -> None:
        rewrite(path, text)
        config = training.read_config(copy)
        assert isinstance(config.epochs, int) and config.lr > 0 and config.facts["classes"]

    refusals(json.loads(path.read_text()), read, (1000, 0.5))


def test_every_edit_of_the_summary_is_read_or_refused(copy: Path) -> None:
    path = copy / "summary.json"

    def read(text: str) -> None:
        rewrite(path, text)
        summary = training.read_summary(copy)
        assert 1 <= summary["epochs"] <= 10**6 and 0 <= summary["top1_error"] <= 1

    refusals(json.loads(path.read_text()), read, (300, 0.5))


def test_every_edit_of_the_state_is_read_or_refused(run: Path) -> None:
    refusals(load_checkpoint(run).state, read_state, (400, 0.5))


@pytest.mark.parametrize("event", ["epoch", "weights"])
def test_every_edit_of_a_line_of_metrics_is_read_or_refused(copy: Path, event: str) -> None:
    path = copy / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    line = next(line for line in lines if line["event"] == event)

    def read(text: str) -> None:
        rewrite(path, text + "\n")
        for found in training.read_metrics(path):
            if "test_error" in found:
                assert 0 <= found["test_error"] <= 1

    refusals(line, read, (100, 0.4))


IMPOSSIBLE = [
    ("epoch", -1),
    ("epoch", 10**6 + 1),
    ("epoch", 1),  # the schedule has seen two
    ("step", 7),  # of six
    ("step", -1),
    ("steps_per_epoch", 5),
    ("schedule.lr", 0),
    ("schedule.lr", -0.01),
    ("schedule.lr", float("nan")),
    ("metrics_bytes", -1),
    ("images_trained", 0.5),
    ("wall_seconds", -1),
    ("wall_seconds", 1e400),
    ("dropout", []),
    ("window.wrong", {}),
    ("last_epoch.test_error", 2),
    ("last_epoch.epoch", 1),
]


@pytest.mark.parametrize(("field", "value"), IMPOSSIBLE)
def test_a_position_that_cannot_be_is_refused_by_its_field(
    run: Path, field: str, value: Any
) -> None:
    state = load_checkpoint(run).state
    text = edited(state, tuple(field.split(".")), value)
    named = "(schedule|last_epoch).epoch" if (field, value) == ("epoch", 1) else field
    with pytest.raises(CheckpointError, match=f"its state: {named}"):
        read_state(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lr", -0.01),
        ("lr", 0),
        ("epochs", -3),
        ("epochs", 10**7),
        ("batch_size", "8"),
        ("seed", -1),
        ("recipe.lr", 0),
        ("recipe.multipliers", [["*", 1]]),
        ("recipe.schedule", []),
        ("recipe.init", {"*": ["normal", -1]}),
        ("classes", []),
        ("image_shape", [16, 16]),
        ("image_shape", [10**9, 16, 1]),
        ("class_names", ["a"]),
        ("workers", 0),
        ("shuffle", "never"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_field(
    copy: Path, field: str, value: Any
) -> None:
    path = copy / "config.json"
    path.write_text(edited(json.loads(path.read_text()), tuple(field.split(".")), value))
    with pytest.raises(TinyalexError, match=rf"config\.json: {field}.* must be .*\(got "):
        training.read_config(copy)


def test_infinity_stays_readable_where_a_plateau_keeps_it(run: Path) -> None:
    state = load_checkpoint(run).state
    state["schedule"] |= {"best": float("inf"), "waited": 0, "dropped": 0}
    read_state(json.dumps(state))


def test_a_state_without_what_its_schedule_keeps_is_refused(run: Path) -> None:
    state = load_checkpoint(run).state
    with pytest.raises(CheckpointError, match=r"schedule\.best must be there \(got nothing\)"):
        check_fits(state, 6, ("lr", "epoch", "best"), "checkpoint")


def test_a_run_without_a_position_is_not_resumed(copy: Path) -> None:
    found = load_checkpoint(copy)
    save_checkpoint(
        copy,
        Checkpoint(found.model_name, found.weights, found.momentum, found.statistics, {"epoch": 2}),
    )
    with pytest.raises(CheckpointError, match="its state: step must be there"):
        training.resume(copy)


# Each with how many edits it gets: what takes a training or pictures gets fewer.
COMMANDS = [
    (20, ("evaluate", "run", "--backend", "numpy")),
    (20, ("predict", "run", "x.png")),
    (8, ("train", "--resume", "run", "--epochs", "3")),
    (6, ("report", "run", "--out", "report.html", "--backend", "numpy")),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "command"), COMMANDS, ids=["evaluate", "predict", "train", "report"]
)
@pytest.mark.parametrize("name", FILES)
def test_commands_end_well_or_with_our_error(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    small: None,
    count: int,
    command: tuple[str, ...],
    name: str,
) -> None:
    """A sample of the edits; the tests above make all of them, without the commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tinyalex.report.page.sections.SHOWN", 1)  # pictures take long
    Image.new("RGB", (20, 20)).save("x.png")
    original = (run / name).read_text()
    *before, last = original.strip().splitlines() if name == "metrics.jsonl" else [original]
    for what, text in sample(json.loads(last), count):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        shutil.copytree(run, tmp_path / "run")
        (tmp_path / "run" / name).write_text("\n".join([*before, text]) + "\n")
        result = CliRunner().invoke(app, [*command], prog_name="tinyalex")
        assert result.exit_code in (0, 2), (what, result.output, result.exception)
