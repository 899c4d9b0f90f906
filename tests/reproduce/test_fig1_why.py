"""What figure 1's factor depends on: initial weights, inputs and learning rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tinyalex import models
from tinyalex.reproduce import Arm, Lab, fig1, fig1_why
from tinyalex.reproduce.fig1_why import SETTINGS

# Rates at which the training error falls fastest: in figure 1's setting, with weights by inputs,
# with pixels divided. tanh's are at the end of the first list, or behind it.
BEST = {"ReLU": (0.001, 0.000125, 0.02), "tanh": (0.032, 0.001, 0.08)}


class Slopes:
    """A store whose runs' training errors fall in straight lines, steepest at the best rate."""

    def __init__(self) -> None:
        self.done: dict[tuple[str, str, float], int] = {}

    def train_all(self, items: list[tuple[Arm, int, int]]) -> None:
        for arm, _, epochs in items:
            assert arm.may_diverge
            self.done[self.key(arm)] = epochs

    def epochs(self, arm: Arm, seed: int) -> fig1.Curve:
        assert seed == 0
        net = arm.name.split(",")[0]
        by_inputs = arm.recipe.init["conv2.weight"][-1] != 0.01
        best = BEST[net][2 if arm.recipe.scale != 1 else int(by_inputs)]
        away = abs(np.log2(arm.recipe.lr / best))
        slope = (0.26 if net == "ReLU" else 0.065) / (1 + away)
        epochs = range(1, self.done[self.key(arm)] + 1)
        return [{"epoch": e, "train_error": 0.9 - slope * (e - 0.5)} for e in epochs]

    @staticmethod
    def key(arm: Arm) -> tuple[str, str, float]:
        return arm.model, arm.identity(), arm.recipe.lr


@pytest.fixture
def found(lab: Lab) -> dict[str, Any]:
    place = replace(lab, store=Slopes(), epochs=None, data=None)  # type: ignore[arg-type]
    result, picture = fig1_why.run(place)
    assert picture is not None
    assert {len(row) for row in result.rows} == {len(result.columns)}
    return {"answer": result.answer, "rows": result.rows, **result.figures}


def test_learning_rates_are_searched_beyond_the_ends_of_their_lists(found: dict[str, Any]) -> None:
    for setting in found["settings"]:
        for net, best in setting["rates"].items():
            tried = sorted(float(rate) for rate in setting["searched"][net])
            assert tried[0] < best < tried[-1], setting["name"]
    for i, setting in enumerate(found["settings"]):
        assert setting["rates"] == {net: best[min(i, 2)] for net, best in BEST.items()}


def test_the_factor_compares_each_nets_best_learning_rate(found: dict[str, Any]) -> None:
    factors = [setting["factor"] for setting in found["settings"]]
    assert factors == pytest.approx([4.0] * 4)
    assert "4.0 (as in figure 1), 4.0 (weights by inputs)" in found["answer"]


def test_a_slower_tanh_makes_it_larger(found: dict[str, Any]) -> None:
    """With half of the best rate the line is half as steep."""
    assert [one["factor"] for one in found["slower"]] == pytest.approx([8.0])
    assert "8.0 with 1/2 of tanh's best learning rate" in found["answer"]
    assert found["rows"][-1][2].startswith("0.016, ")


def test_dividing_the_pixels_changes_nothing_at_first() -> None:
    images = np.random.default_rng(0).normal(0, 64, (2, 3, 32, 32)).astype(np.float32)
    for plain, divided in ((SETTINGS[0], SETTINGS[2]), (SETTINGS[1], SETTINGS[3])):
        for net in fig1.MODELS:
            outputs = []
            for setting in (plain, divided):
                arm = setting.arm(net, 0.01, "cifar10")
                model = models.build(arm.model, init=arm.recipe.init, seed=1)
                assert isinstance(arm.recipe.scale, float)
                outputs.append(model.forward(images * np.float32(arm.recipe.scale)))
            np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-6)


def test_weights_by_inputs_keep_the_standard_deviation() -> None:
    """They are chosen for that; cuda-convnet's weights shrink it."""
    images = np.random.default_rng(0).normal(0, 64, (8, 3, 32, 32)).astype(np.float32)

    def spread(setting: fig1_why.Setting) -> float:
        arm = setting.arm("ReLU", 0.01, "cifar10")
        model = models.build(arm.model, init=arm.recipe.init, seed=1)
        return float(model.forward(images).std())

    assert 0.3 < spread(SETTINGS[1]) < 5
    assert spread(SETTINGS[0]) < 0.01


def test_its_first_setting_is_figure_1_itself(lab: Lab) -> None:
    """So that the runs are shared."""
    for net in fig1.MODELS:
        arm = fig1._arm(lab, net, 0.004)
        assert SETTINGS[0].arm(net, 0.004, arm.data).identity() == arm.identity()


def test_a_net_that_never_arrives_has_no_factor(lab: Lab) -> None:
    result, _ = fig1_why.run(replace(lab, store=Slopes(), epochs=4, data=None))  # type: ignore[arg-type]
    assert "undefined (as in figure 1)" in result.answer
    assert result.rows[0][2:] == ["never", "undefined"]
    assert result.figures["settings"][0]["rates"]["tanh"] is None
