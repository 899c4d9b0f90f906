"""`tinyalex exercise train`, and what `exercise list` remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.learn.own import hand_in
from tinyalex.learn.own import remembered, train
from tinyalex.learn.own.remembered import FILE, Remembered

BROKEN_RELU = "def relu(x):\n    raise ValueError('not today')\n"
BROKEN_RELU += "\n\ndef relu_backward(dy, x):\n    return dy\n"


def test_a_folder_of_answers_trains_a_network(call):
    hand_in(Path("mine"), "05", "06", "16", "21", _10_lrn="1 / 0")
    result = call("exercise", "train", "mine", "--epochs", "1", "--without", "10")
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert "5 of 5 answers pass\n" in text
    assert "\nyours: relu, relu_backward, linear, linear_backward, sgd_step\n" in text
    assert "\nours: conv2d (01_conv_loops: not handed in), conv2d_backward (03" in text
    assert "local_response_norm (10_lrn: left out)" in text
    assert "the gradients of the whole network are right\n" in text
    assert "test error by your topk_error: " in text
    assert "\n5 of 14 parts are yours\n" in text
    assert "runs/own-tiny-digits-seed0\n" in text
    assert " [ ] 2 your linear layer, loss and step learn digits\n       needs 15_softmax" in text
    assert Path("runs/own-tiny-digits-seed0/own.json").is_file()


@pytest.mark.slow
def test_the_answers_are_judged_and_a_wrong_one_is_replaced_by_the_packages(call):
    stub = "def sgd_step(w, v, g, lr, momentum, weight_decay):\n"
    stub += "    raise NotImplementedError('soon')\n"
    hand_in(Path("mine"), "06", judged=False, _16_sgd=stub)
    result = call("exercise", "train", "mine", "--epochs", "1", "--json")
    assert result.exit_code == 0, result.output
    assert "1 of 2 answers pass" in result.stderr
    assert "  16_sgd: not written yet: soon" in result.stderr
    assert "sgd_step (16_sgd: not written yet)" in result.stderr
    document = json.loads(result.stdout)
    yours = {part["operation"]: part["yours"] for part in document["parts"]}
    assert yours["relu"] == ["06_relu"] and yours["sgd_step"] == []
    assert document["run"] == "runs/own-tiny-digits-seed0" and 0 <= document["top1_error"] <= 1


def test_an_answer_that_fails_in_the_network_ends_with_2_and_no_traceback(call):
    hand_in(Path("mine"), _06_relu=BROKEN_RELU)
    result = call("exercise", "train", "mine", "--epochs", "1")
    assert result.exit_code == 2 and "Traceback" not in result.output
    assert "error: mine/06_relu.py: your relu raises ValueError: not today" in result.stderr
    assert "line 2: raise ValueError('not today')" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "nowhere is not a folder"),
        (["empty"], "empty: no answer passes, so no part of the network would be yours"),
        (["mine", "--milestone", "9"], "milestone must be from 1 to 6 (got 9)"),
        (["mine", "--model", "tinny"], "unknown model 'tinny'"),
        (["mine", "--without", "nosuch"], "unknown exercise 'nosuch'"),
    ],
)
def test_usage_errors(call, words, says):
    hand_in(Path("mine"), "06")
    Path("empty").mkdir()
    result = call("exercise", "train", *words)
    assert result.exit_code == 2 and says in result.stderr, result.output


def test_a_milestone_is_remembered_until_an_answer_changes(call, monkeypatch):
    hand_in(Path("mine"), "05", "15", "16")
    result = call("exercise", "train", "mine", "--milestone", "2")
    assert result.exit_code == 0, result.output
    assert "yours: linear, linear_backward, cross_entropy, sgd_step\n" in result.stdout
    assert "reached: test error " in result.stdout and " [x] 2 your linear" in result.stdout

    def never(*args, **options):
        yield from ()

    monkeypatch.setattr(remembered, "grade_all", never)
    listed = call("exercise", "list", "mine").stdout
    assert (
        " [x] 2 your linear layer, loss and step learn digits\n       reached: test err" in listed
    )
    assert "\n3 of 2" in listed and "changed" not in listed
    text = Path("mine/16_sgd.py").read_text()
    Path("mine/16_sgd.py").write_text(text + "\n# changed\n")
    listed = call("exercise", "list", "mine").stdout
    assert "changed since" in listed
    assert " [ ] 2 your linear layer, loss and step learn digits" in listed
    assert "was reached; changed since: 16_sgd" in listed
    assert "judge what has changed: tinyalex exercise check mine" in listed
    document = json.loads(call("exercise", "list", "mine", "--json").stdout)["exercises"]
    assert {entry["name"] for entry in document if entry["changed"]} == {"16_sgd"}


@pytest.mark.slow
def test_a_stopped_run_says_how_to_continue_with_the_answers(call, monkeypatch):
    monkeypatch.setattr(train, "check_gradients", lambda model, own: None)  # takes half the time
    hand_in(Path("mine"), "06")
    with monkeypatch.context() as patch:
        patch.setattr("tinyalex.training.loop.Loop.stops", lambda self: True)
        stopped = call("exercise", "train", "mine", "--epochs", "1", "--out", "run")
    assert stopped.exit_code >= 128  # and the signal's number
    assert "Continue with: tinyalex exercise train mine --resume run" in stopped.stdout
    result = call("exercise", "train", "mine", "--resume", "run")
    assert result.exit_code == 0, result.output
    assert "\n2 of 14 parts are yours\n" in result.stdout


def test_checking_an_answer_refreshes_what_the_list_shows(call):
    hand_in(Path("mine"), "06")
    Path("mine/06_relu.py").write_text(BROKEN_RELU)
    assert "changed since" in call("exercise", "list", "mine").stdout
    assert call("exercise", "check", "mine/06_relu.py").exit_code == 1
    assert "exception" in call("exercise", "list", "mine").stdout


@pytest.mark.slow
def test_a_milestone_that_is_missed_ends_with_1_and_one_out_of_reach_with_2(call):
    still = "def sgd_step(w, v, g, lr, momentum, weight_decay):\n    return w + 0, v + 0\n"
    hand_in(Path("mine"), "05", "15", _16_sgd=still)
    missed = call("exercise", "train", "mine", "--milestone", "2")
    assert missed.exit_code == 1 and "wanted at most 10 %" in missed.stderr
    assert Remembered.of(Path("mine")).milestones == {}
    early = call("exercise", "train", "mine", "--milestone", "3")
    assert early.exit_code == 2
    assert "milestone 3 needs 01_conv_loops or 02_im2col, 03_col2im or 04_conv" in early.stderr
    whole = call("exercise", "train", "mine", "--milestone", "4")
    assert whole.exit_code == 2 and "milestone 4 needs 01_conv" in whole.stderr


def test_a_list_in_a_folder_without_answers_writes_nothing(call):
    Path("empty").mkdir()
    assert call("exercise", "list", "empty").exit_code == 0
    assert not Path("empty", FILE).exists()
