"""Each experiment from its runs to its table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinyalex import models, recipes, reproduce
from tinyalex.errors import ConfigError
from tinyalex.layers import MaxPool2d
from tinyalex.reproduce import Lab, ablations, ensembles, fig1, towers
from tinyalex.reproduce.features import describe
from tinyalex.reproduce.statistics import estimate


@pytest.mark.parametrize("name", ["ladder", "tencrop", "ensemble", "lrsweep", "towers"])
def test_an_experiment_leaves_a_result(lab: Lab, tmp_path: Path, name: str) -> None:
    result, picture = reproduce.get(name).run(lab)
    paths = reproduce.leave(result, tmp_path / "out", lab, "tinyalex reproduce", picture)
    found = json.loads(paths[0].read_text())
    assert found["experiment"] == name and found["seeds"] == [0, 1]
    page = paths[1].read_text()
    assert result.answer in page and result.claim in page
    widths = {line.count("|") for line in page.splitlines() if line.startswith("|")}
    assert widths == {len(result.columns) + 1}
    assert all(len(row) == len(result.columns) for row in result.rows)
    if picture is not None:
        assert Image.open(paths[2]).width > 400


def test_the_ablations_name_every_arm_and_pair_by_seed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {"with everything": [0.20, 0.30], "no dropout": [0.25, 0.35], "tanh": [0.1, 0.5]}

    def train(self: Lab, *arms: Any) -> list[Any]:
        return [(arm.name, seed) for arm in arms for seed in self.seeds]

    monkeypatch.setattr(Lab, "train", train)
    monkeypatch.setattr(
        ablations, "_errors", lambda run, crops: (errors.get(run[0], [0.2, 0.3])[run[1]], 0.5)
    )
    result, _ = ablations.run(replace(lab, seeds=(0, 1)))
    without = result.figures["without"]
    assert set(without) == set(ablations.SAID) and len(without) >= 7
    assert without["no dropout"]["change"]["mean"] == pytest.approx(0.05)
    assert without["no dropout"]["different"] and not without["tanh"]["different"]
    assert "Worse without: no dropout." in result.answer and "tanh" in result.answer
    verdicts = {row[0]: row[4] for row in result.rows}
    assert verdicts["no dropout"] == "worse without it" and verdicts["tanh"] == "not different"


@pytest.mark.parametrize("scale", reproduce.SCALES)
def test_each_ablation_leaves_out_one_thing(scale: str) -> None:
    whole, without = ablations.arms("somewhere", scale)
    assert {arm.name for arm in without} == set(ablations.SAID)
    for arm in without:
        plain, base = arm.recipe.to_dict(), whole.recipe.to_dict()
        changed = {k for k in plain if plain[k] != base[k]} | (
            {"model"} if arm.model != whole.model else set()
        )
        assert changed in (
            {"model"},
            {"crop_at", "mirror"},
            {"colour", "colour_scale"},
            {"colour"},
        ), arm.name
    assert whole.model == ("alexnet" if scale == "imagenet" else "alexnet-small")
    kinds = {}
    for arm in (whole, *without):
        spec = models.spec(arm.model)
        net = spec.builder(spec.input_shape, 10, "inverted")
        assert net.output_shape((1, *spec.input_shape)) == (1, 10), arm.name
        layers = [layer for _, layer in net.named_layers()]
        kinds[arm.model.removeprefix(whole.model)] = [type(layer).__name__ for layer in layers]
        windows = {layer.kernel_size for layer in layers if isinstance(layer, MaxPool2d)}
        assert windows == {(2, 2) if "overlap" in arm.name else (3, 3)}
    assert kinds[""].count("Conv2d") + kinds[""].count("Linear") == 8
    assert "LocalResponseNorm" not in kinds["-no-norm"]
    assert "Dropout" not in kinds["-no-dropout"]
    assert "ReLU" not in kinds["-tanh"] and kinds["-tanh"].count("Tanh") == 7


def test_on_imagenet_ablations_are_tested_with_ten_crops(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(Lab, "train", lambda self, *arms: [Path(arm.model) for arm in arms])

    def errors(folder: Path, crops: int) -> tuple[float, float]:
        seen.append(crops)
        return 0.5, 0.5

    monkeypatch.setattr(ablations, "_errors", errors)
    result, _ = ablations.run(replace(lab, scale="imagenet", seeds=(0,)))
    assert set(seen) == {10} and "ten crops" in result.notes[0]
    found, seen[:] = ablations.run(replace(lab, seeds=(0,))), []
    assert "CIFAR-10" in found[0].notes[0]


def test_columns_that_do_not_exchange_are_blind_to_each_other() -> None:
    """Up to the last layer, the second column's filters change nothing in the first."""
    model = models.build("alexnet-small-no-exchange", seed=1).eval()
    x = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).astype(np.float32)

    def features() -> np.ndarray:
        y = x
        for name, layer in model.children.items():
            if name == "flatten":
                return y
            # normalisation looks across the border between the columns, as the paper's does
            y = y if "norm" in name else layer.forward(y)
        raise AssertionError("no flatten")

    before = features()
    weight = model.state_dict()["conv1.weight"]
    changed = weight.copy()
    changed[16:] += 1
    model.load_state_dict({**model.state_dict(), "conv1.weight": changed})
    after = features()
    np.testing.assert_array_equal(after[:, :128], before[:, :128])
    assert not np.array_equal(after[:, 128:], before[:, 128:])


def test_arrival_lies_on_the_line_between_two_epochs() -> None:
    curve = [{"epoch": 1, "train_error": 0.60}, {"epoch": 2, "train_error": 0.20}]
    assert fig1.arrival(curve) == pytest.approx(0.5 + (0.60 - 0.25) / 0.40)
    assert fig1.arrival(curve[:1]) is None
    assert fig1.arrival([{"epoch": 1, "train_error": 0.1}]) == pytest.approx(0.5 * 0.65 / 0.8)


SLOPES = {("ReLU", 0.001): 0.4, ("ReLU", 0.002): 0.2, ("tanh", 0.002): 0.1}


class Straight:
    """A store whose runs' training errors fall from 0.9 in a straight line, a slope a rate."""

    def __init__(self) -> None:
        self.done: dict[tuple[Any, int], int] = {}

    def train_all(self, items: list[tuple[Any, int, int]]) -> None:
        assert len(set(self.key(arm, seed) for arm, seed, _ in items)) == len(items) > 0
        for arm, seed, epochs in items:
            self.done[self.key(arm, seed)] = epochs

    def epochs(self, arm: Any, seed: int) -> fig1.Curve:
        slope = SLOPES.get((arm.name, arm.recipe.lr), 0.05)
        points = range(1, self.done[self.key(arm, seed)] + 1)
        return [{"epoch": e, "train_error": 0.9 - slope * (e - 0.5)} for e in points]

    @staticmethod
    def key(arm: Any, seed: int) -> tuple[Any, int]:
        return (arm.name, arm.recipe.lr), seed


def test_figure_1_takes_the_best_rate_of_each(lab: Lab) -> None:
    """tanh's best is 0.002, ReLU's 0.001; the factor is 4."""
    store = Straight()
    result, picture = fig1.run(replace(lab, store=store, epochs=40))  # type: ignore[arg-type]
    assert result.figures["rates"] == {"ReLU": 0.001, "tanh": 0.002}
    assert result.figures["factor"]["mean"] == pytest.approx(4.0)
    assert "4.0 times sooner" in result.answer
    assert picture is not None


def test_a_rate_that_has_lost_is_trained_no_further(lab: Lab) -> None:
    store = Straight()
    result, _ = fig1.run(replace(lab, store=store, epochs=40))  # type: ignore[arg-type]
    searched = result.figures["searched"]
    # tanh: three of six rates are given up after 4 epochs; 0.002 needs 0.65 / 0.1 epochs, and the
    # other two are not there when it is seen to be, after 8
    assert searched["tanh"]["0.002"]["arrival"] == pytest.approx(6.5)
    lengths = sorted(found["epochs"] for found in searched["tanh"].values())
    assert lengths == [4, 4, 4, 8, 8, 8]
    # ReLU: 0.001 needs 1.6 epochs, 0.002 twice that; the others are too slow after 4
    assert searched["ReLU"]["0.0005"] == {"arrival": None, "epochs": 4}
    assert "0.0005 not within 4" in result.notes[0] and "0.002 6.5" in result.notes[0]
    # what is not best has no other seeds
    assert {seed for (key, seed) in store.done if key == ("tanh", 0.004)} == {0}
    assert {seed for (key, seed) in store.done if key == ("tanh", 0.002)} == {0, 1}


def test_a_rate_that_diverges_has_lost(lab: Lab) -> None:
    """tanh's best but for that it is no number after two epochs; ReLU's goes on."""

    class Diverging(Straight):
        def __init__(self) -> None:
            super().__init__()
            self.gone: set[Any] = set()

        def train_all(self, items: list[tuple[Any, int, int]]) -> None:
            again = [arm for arm, seed, _ in items if self.key(arm, seed) in self.gone]
            assert not again, "trained on"
            super().train_all(items)

        def epochs(self, arm: Any, seed: int) -> fig1.Curve:
            curve, key = super().epochs(arm, seed), self.key(arm, seed)
            if key[0] != ("tanh", 0.002):
                return curve
            if self.done[key] > 2:
                self.gone.add(key)
            return curve[:2]

    store = Diverging()
    result, _ = fig1.run(replace(lab, store=store, epochs=40))  # type: ignore[arg-type]
    assert result.figures["searched"]["tanh"]["0.002"] == {"arrival": None, "epochs": 2}
    assert result.figures["rates"]["tanh"] != 0.002
    assert result.figures["factor"]["mean"] == pytest.approx(8.0)


def test_rates_are_compared_after_as_many_epochs() -> None:
    """One that was trained further before is not better for that."""

    def curve(*errors: float) -> fig1.Curve:
        return [{"epoch": i + 1, "train_error": e} for i, e in enumerate(errors)]

    further = curve(0.8, 0.7, 0.6, 0.55, 0.5, 0.45, 0.4, 0.3)
    curves = {
        "further": further,
        "good": curve(0.8, 0.7, 0.6, 0.5),
        "better": curve(0.7, 0.6, 0.5, 0.4),
    }
    assert fig1._slower(curves) == {"further"}
    curves["better"] = curve(0.7, 0.6, 0.5, 0.4, 0.39, 0.38, 0.37, 0.36)
    curves["good"] = curve(0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.38, 0.37)
    assert fig1._slower(curves) == {"further", "good"}
    assert fig1._slower({"one": curve(0.9)}) == set()


def test_a_net_that_never_arrives_gives_no_factor(lab: Lab) -> None:
    result, _ = fig1.run(replace(lab, store=Straight(), epochs=6))  # type: ignore[arg-type]
    assert "factor" not in result.figures and "no factor" in result.answer
    assert result.rows[1][2] == "never, never"


def test_grey_filters_have_no_colour() -> None:
    grey = np.repeat(np.random.default_rng(0).normal(size=(4, 1, 5, 5)), 3, axis=1)
    opponent = np.stack([grey[:, 0], -grey[:, 0], np.zeros((4, 5, 5))], axis=1)
    assert towers.colourfulness(grey) == pytest.approx(0)
    assert towers.colourfulness(opponent) == pytest.approx(1)
    assert towers.colourfulness(np.zeros((1, 3, 5, 5))) == pytest.approx(0)


def test_a_clean_split_of_colours_is_no_chance_and_a_mixed_one_is() -> None:
    split = np.r_[np.zeros(8), np.ones(8)]
    assert towers.by_chance(split, 1.0, 0) < 0.01
    mixed = np.tile([0.0, 1.0], 8)
    assert towers.by_chance(mixed, 0.0, 0) == 1.0


def test_every_size_of_an_ensemble_uses_every_net_alike(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.array([0, 1, 1, 0])
    right = np.eye(2)[labels]
    nets = [right.copy() for _ in range(3)]
    for i, net in enumerate(nets):
        net[i] = net[i][::-1] * 0.6 + 0.2  # each is wrong on another image, and not sure of it
    nets[0][3] = nets[0][3][::-1] * 0.6 + 0.2  # the first on one more
    monkeypatch.setattr(Lab, "train", lambda self, arm: [Path("a")] * 3)
    monkeypatch.setattr(ensembles, "_probabilities", lambda runs: (nets, labels))
    result, _ = ensembles.ensemble(lab)
    assert result.figures["together"]["1"]["errors"] == [0.5, 0.25, 0.25]
    assert result.figures["together"]["3"] == {"errors": [0.0], "mean": 0.0}


def test_before_2012_on_real_runs(lab: Lab) -> None:
    pytest.importorskip("skimage")
    result, _ = ensembles.before2012(lab)
    assert len(result.rows) == 3
    for low, high in result.figures["intervals"].values():
        assert 0 <= low <= high <= 1


def test_features_tell_directions_and_textures_apart() -> None:
    pytest.importorskip("skimage")
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[::4] = 255
    upright = stripes.transpose(1, 0, 2)
    a, b, same = describe(np.stack([stripes, upright, stripes]))
    np.testing.assert_array_equal(a, same)
    assert np.abs(a - b).max() > 0.1 and np.isfinite(a).all()


def test_names_and_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown experiment 'fig2'[\\s\\S]*fig1"):
        reproduce.get("fig2")
    with pytest.raises(ConfigError, match="seeds must be at least 1"):
        reproduce.seeds_of(0)


def test_a_result_can_be_written_as_json(lab: Lab) -> None:
    found = asdict(estimate([0.1, 0.2]))
    assert json.loads(json.dumps(found)) == found
    assert set(recipes.names()) >= set(ensembles.NETS.values()) | set(towers.NETS.values())
