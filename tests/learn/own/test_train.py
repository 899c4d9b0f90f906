"""A run that computes with a student's answers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.learn.own import operations, solution, written
from tinyalex import training
from tinyalex.errors import RunError
from tinyalex.learn.own import train
from tinyalex.learn.own.answers import OwnError
from tinyalex.learn.own.measure import own_errors
from tinyalex.learn.own.operations import OwnOperations
from tinyalex.learn.own.record import read_parts
from tinyalex.report import report
from tinyalex.training import Listener

RELU = "import numpy as np\n\n\ndef relu(x):\n    {}\n    return np.maximum(x, 0)\n"
RELU += "\n\ndef relu_backward(dy, x):\n    return dy * (x > 0)\n"


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A run of one epoch with three answers."""
    own = operations("06", "05", "21")
    plan = train.plan(own, tmp_path_factory.mktemp("runs") / "own", epochs=1)
    train.train(plan, Listener())
    return plan


@pytest.mark.slow
def test_a_run_says_which_parts_were_whose(short):
    out = short.config.out
    recorded = json.loads((out / "config.json").read_text())["replaced"]
    assert set(recorded) == {"relu", "relu_backward", "linear", "linear_backward"}
    owned = {part.operation: part.exercises for part in read_parts(out) if part.is_own}
    assert owned["relu"] == ("06_relu",) and len(read_parts(out)) == 14
    hashes = json.loads((out / "own.json").read_text())["answers"]
    relu = solution("06_relu").sha256
    assert hashes["06_relu"] == {"file": "06_relu.py", "sha256": relu}
    assert set(hashes) == {"05_linear", "06_relu"}


def test_the_report_says_so_and_shows_strange_names_as_text(short, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(short.config.out, copy)
    content = json.loads((copy / "own.json").read_text())
    content["parts"][0] |= {"operation": "<b>bold</b>", "exercises": ["x"]}
    (copy / "own.json").write_text(json.dumps(content))
    text = report([copy], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<strong>5 of 14 parts are yours</strong>: &lt;b&gt;bold&lt;/b&gt;, relu, " in text
    assert "The package's: conv2d_backward, " in text
    assert "<b>bold" not in text


def test_a_damaged_record_is_refused(short, tmp_path):
    (tmp_path / "own.json").write_text('{"parts": [{"operation": 3}], "answers": {}}')
    with pytest.raises(RunError, match=r"own.json"):
        read_parts(tmp_path)


def test_a_run_without_answers_has_no_record(tmp_path):
    assert read_parts(tmp_path) == []


def test_the_students_topk_error_finds_the_runs_error(short):
    (line,) = own_errors(short.config.out, short.operations)
    error = training.read_summary(short.config.out)["top1_error"]
    assert line == f"test error by your topk_error: {100 * error:.2f} %"
    assert own_errors(short.config.out, operations("06")) == []


class Warnings(Listener):
    def __init__(self):
        self.texts = []

    def warning(self, text):
        self.texts.append(text)


@pytest.mark.slow
def test_a_run_resumes_with_the_answers_as_they_are_now(short, tmp_path):
    copy, notes = tmp_path / "run", Warnings()
    shutil.copytree(short.config.out, copy)
    train.resume(copy, operations("06", "16", "21"), notes)  # finished: only the record changes
    assert [part.operation for part in read_parts(copy) if part.is_own] == ["relu", "relu_backward"]
    assert notes.texts == []
    training.resume(copy, notes, epochs=2)
    assert [text.partition(";")[0] for text in notes.texts if "began" in text] == [
        "this run began with other functions for linear, linear_backward, relu, relu_backward"
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("assert len(x) != 30", "raises AssertionError\n  line 5: assert len(x) != 30"),
        ("x = x * (np.nan if len(x) == 30 else 1)", "returns NaN or infinity, in "),
    ],
)
def test_an_answer_that_fails_in_training_ends_it_with_one_message(tmp_path, line, says):
    """The last batch of an epoch has 29 images, that of a test 8: here one has 30."""
    own = written(tmp_path, _06_relu=RELU.format(line))
    plan = train.plan(own, tmp_path / "run", epochs=2, batch_size=30)
    with pytest.raises(OwnError) as caught:
        train.train(plan, Listener())
    message = caught.value.message
    assert f"06_relu.py: your relu {says}" in message
    assert "called with x float64 (30, 16, 14, 14)" in message
    assert message.endswith(f"The last good checkpoint is kept in {tmp_path / 'run'}")
    assert training.load_checkpoint(tmp_path / "run").state["epoch"] == 0
    assert caught.value.exit_code == 2


def test_a_new_run_gets_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def folder(**settings):
        return str(train.plan(operations("06"), **settings).config.out)

    assert folder() == folder(model="tiny") == "runs/own-tiny-digits-seed0"
    assert folder(data="cifar10", model="cifar-80sec", seed=2).endswith(
        "own-cifar-80sec-cifar10-seed2"
    )
    (tmp_path / "runs" / "own-tiny-digits-seed0").mkdir(parents=True)
    assert folder() == "runs/own-tiny-digits-seed0-2"


def test_the_digits_have_twenty_epochs_and_other_data_the_recipes():
    plan = train.plan(operations("06"))
    assert plan.config.epochs == 20 and plan.config.backend == "numpy" and plan.backend.own
    assert train.plan(operations("06"), epochs=3).config.epochs == 3
    other = train.plan(operations("06"), data="cifar10", model="cifar-80sec").config
    assert other.epochs is None and other.resolved().epochs == 10


@pytest.mark.slow
def test_a_run_with_the_solutions_is_close_to_the_packages(tmp_path):
    """One epoch; the student's functions round in float64."""
    own = operations("02", "03", "05", "06", "09", "10", "11", "12", "13", "15", "16", "22")
    losses = []
    for answers, name in ((own, "own"), (OwnOperations({}), "ours")):
        plan = train.plan(answers, tmp_path / name, epochs=1)
        losses.append(train.train(plan, Listener())["train_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_all_solutions_reach_two_percent_on_the_digits(tmp_path, seed):
    plan = train.plan(operations(), tmp_path / "run", seed=seed)
    train.check(plan)
    summary = train.train(plan, Listener())
    assert all(part.is_own for part in plan.parts)
    assert summary["top1_error"] <= 0.02


@pytest.mark.slow
def test_the_ten_crops_of_a_student(tmp_path):
    """Of a network that was trained on flipped images."""
    from dataclasses import replace

    from tinyalex import recipes

    own = operations("20", "21")
    mirrored = replace(recipes.get("tiny"), mirror=True)
    plan = train.plan(own, tmp_path / "run", epochs=1, recipe=mirrored, model="tiny")
    summary = train.train(plan, Listener())
    lines = own_errors(tmp_path / "run", own)
    assert lines[1].startswith("with your ten crops: ") and lines[1].endswith("of 360 images")
    mine = float(lines[1].split()[4]) / 100
    assert mine == pytest.approx(summary["top1_error_ten_crops"], abs=2 / 360)
    assert np.isfinite(mine)
