"""A student's files, loaded into this process."""

from __future__ import annotations

import json

import numpy as np

from tinyalex.learn.grader.classroom import handed_in
from tinyalex.learn.own.answers import read_answers
from tinyalex.learn.own.operations import OwnOperations

RELU = "import numpy as np\ndef relu(x):\n    return np.maximum(x, 0)\n"


def test_a_notebook_is_read_as_the_grader_reads_it(tmp_path):
    cell = {"cell_type": "code", "source": RELU, "metadata": {}, "outputs": []}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "06_relu.ipynb").write_text(json.dumps(notebook))
    answers = read_answers(handed_in(tmp_path))
    assert OwnOperations(answers).relu(np.array([-1.0, 2.0])).tolist() == [0, 2]


def test_a_file_that_cannot_be_read_is_left_to_the_grader(tmp_path):
    (tmp_path / "06_relu.py").write_bytes(b"\0")
    (tmp_path / "16_sgd.py").write_text("# fine")
    assert "16_sgd" in read_answers(handed_in(tmp_path))


def test_a_file_runs_only_when_it_is_used(tmp_path):
    (tmp_path / "19_im2col_cuda.py").write_text("raise SystemExit")
    (tmp_path / "06_relu.py").write_text(RELU)
    own = OwnOperations(read_answers(handed_in(tmp_path)))
    assert own.relu(np.array([-1.0])) == 0 and own.functions().keys() == {"relu", "relu_backward"}


def test_two_versions_of_a_file_have_two_hashes(tmp_path):
    path = tmp_path / "06_relu.py"
    hashes = set()
    for text in (RELU, RELU + "\n# changed\n"):
        path.write_text(text)
        hashes.add(read_answers(handed_in(tmp_path))["06_relu"].sha256)
    assert len(hashes) == 2
