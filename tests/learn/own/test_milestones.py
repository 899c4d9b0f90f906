"""The milestones, each run for real, small."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.learn.own import hand_in, operations, solution, written
from tests.processes import environment
from tinyalex import data
from tinyalex.data import from_arrays
from tinyalex.errors import ConfigError, DataError
from tinyalex.learn.own import milestones
from tinyalex.learn.own.answers import OwnError
from tinyalex.learn.own.milestones import MILESTONES, MissedError
from tinyalex.learn.own.remembered import Remembered

FORWARD = ("02", "05", "06", "09", "10")
TRAINED = ("02", "04", "05", "06", "07", "08", "15", "16")


def run(number, *exercises, root=None):
    own = operations(*exercises)
    milestone = milestones.get(number)
    assert milestone.missing(own) == []
    return milestone.run(own, root)


def test_1_the_packages_weights_classify_digits_through_the_students_forward_pass():
    assert run(1, *FORWARD) == "358 of 360 digits right, with the package's weights"


def test_1_is_missed_if_the_students_code_computes_something_else(tmp_path):
    wrong = "import numpy as np\ndef relu(x):\n    return np.maximum(x, 0) + 0.1\n"
    own = written(tmp_path, _06_relu=wrong)
    with pytest.raises(MissedError, match="of 20 digits get other probabilities"):
        milestones.classify_digits(own, 20)
    assert MissedError("").exit_code == 1


def test_2_linear_loss_and_step_learn_digits():
    result = run(2, "05", "15", "16")
    assert result.startswith("test error ") and result.endswith("on 360 images of digits")
    assert float(result.split()[2]) < 6


def test_2_is_missed_by_a_network_that_does_not_learn(tmp_path):
    still = "def sgd_step(w, v, g, lr, momentum, weight_decay):\n    return w + 0, v + 0\n"
    with pytest.raises(MissedError, match=r"wanted at most 10 %"):
        milestones.learn_linear(written(tmp_path, _16_sgd=still), None)


def test_2_with_a_nan_names_the_function(tmp_path):
    text = solution("15_softmax_cross_entropy").source.decode()
    own = written(tmp_path, _15_softmax_cross_entropy=text.replace("dlogits / N", "dlogits / 0"))
    says = pytest.raises(OwnError, match="your softmax_cross_entropy returns NaN or inf")
    with np.errstate(all="ignore"), says:
        milestones.learn_linear(own, None)


@pytest.mark.slow
def test_3_a_cnn_learns_with_the_students_backward_passes():
    assert float(run(3, *TRAINED).split()[2]) < 8


def test_3_in_short(monkeypatch):
    digits = data.load("digits")
    few = [digits.train.subset(np.arange(320)), digits.test.subset(np.arange(40))]
    monkeypatch.setattr(
        milestones.data, "load", lambda name: replace(digits, train=few[0], test=few[1])
    )
    with pytest.raises(MissedError, match=r"test error [1-5]\d"):  # better than chance already
        run(3, *TRAINED)


def like_cifar(images=240):
    """Images in CIFAR-10's format: each class has a bright square at another place."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 120, (images, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(images) % 10
    for image, label in zip(pixels, labels, strict=True):
        image[6 * (label % 5) : 6 * (label % 5) + 6, 16 * (label // 5) : 16 * (label // 5) + 6] = (
            255
        )
    names, half = [f"class {i}" for i in range(10)], images // 2
    train, test = (pixels[:half], labels[:half]), (pixels[half:], labels[half:])
    return from_arrays("cifar10", names, train, test, "synthetic")


@pytest.mark.slow
def test_5_numba_im2col_learns_photographs(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name, root=None: like_cifar())
    result = run(5, "18", "03", "05", "06", "07", "15", "16")
    assert result.endswith("on 120 images of cifar10")
    assert milestones.get(5).missing(operations("02")) == ["18_im2col_numba"]


def test_5_says_how_to_get_the_data(tmp_path):
    with pytest.raises(DataError, match="tinyalex data download cifar10"):
        run(5, "18", root=tmp_path)


@pytest.mark.slow
def test_6_the_kernel_classifies_digits_in_the_simulator(tmp_path):
    folder = hand_in(tmp_path / "mine", "19")
    script = "import sys\nfrom tinyalex.learn.own import milestones\nmilestones.SIMULATED = 2\n"
    script += "from tinyalex.cli import main\nsys.argv[0] = 'tinyalex'\nmain()\n"
    words = ["exercise", "train", str(folder), "--milestone", "6"]
    known = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        env=environment() | known,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "reached: 2 of 2 digits right" in done.stdout
    assert "your kernel ran in the simulator" in done.stdout or "on a GPU" in done.stdout
    assert Remembered.of(folder).milestones["6"]["answers"].keys() == {"19_im2col_cuda"}


@pytest.mark.parametrize(
    ("number", "exercises", "missing"),
    [
        (1, ("05", "06"), ["01_conv_loops or 02_im2col", "10_lrn", "07_max_pool or 09_ceil_pool"]),
        (2, ("05", "16"), ["15_softmax_cross_entropy"]),
        (3, (*TRAINED[:-1],), ["16_sgd"]),
        (3, ("05", "06", "07", "08", "15", "16"),
         ["01_conv_loops or 02_im2col", "03_col2im or 04_conv_backward"]),
        (4, (*TRAINED, "09", "10", "11", "12", "17", "22", "23"), ["13_crop_mirror"]),
        (4, (*TRAINED, "10", "11", "12", "13"), []),
        (5, ("18",), []),
        (6, ("18",), ["19_im2col_cuda"]),
    ],
)  # fmt: skip
def test_what_is_missing(number, exercises, missing):
    assert milestones.get(number).missing(operations(*exercises)) == missing


def test_the_states_of_all_milestones(tmp_path):
    folder = hand_in(tmp_path, *FORWARD)
    own = operations(*FORWARD)
    memory = Remembered.of(folder)
    memory.reach(1, milestones.get(1).uses(own), "358 of 360")

    def lines(answers):
        return [state for _, state, _ in milestones.states(memory, answers, own.answers)]

    first, second, *_ = lines(own.answers)
    assert first == "reached: 358 of 360"
    assert second == "needs 15_softmax_cross_entropy, 16_sgd"
    changed = own.answers | {"10_lrn": solution("06_relu")}
    del changed["06_relu"]
    assert lines(changed)[0] == "was reached; changed since: 06_relu, 10_lrn"
    memory.milestones.clear()
    where = f"tinyalex exercise train {tmp_path} --milestone 1"
    assert lines(own.answers)[0] == f"within reach: {where}"


def test_a_number_that_is_none_is_refused():
    assert [milestone.number for milestone in MILESTONES] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ConfigError, match=r"milestone must be from 1 to 6 \(got 7\)"):
        milestones.get(7)
