"""Each experiment from its runs to its table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinyalex import models, recipes, reproduce, training
from tinyalex.errors import ConfigError
from tinyalex.layers import MaxPool2d
from tinyalex.layers.base import skip_init
from tinyalex.reproduce import Lab, ablations, ensembles, ladder, large_batch, lrsweep, towers
from tinyalex.reproduce.features import describe
from tinyalex.reproduce.statistics import estimate

SLOW = ("towers", "large-batch", "ladder", "lrsweep")


@pytest.mark.parametrize(
    "name",
    [
        "tencrop",
        "ensemble",
        *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
    ],
)
def test_an_experiment_leaves_a_result(lab: Lab, tmp_path: Path, name: str) -> None:
    result, picture = reproduce.get(name).run(lab)
    paths = reproduce.write(result, tmp_path / "out", lab, "tinyalex reproduce", picture)
    found = json.loads(paths[0].read_text())
    assert found["experiment"] == name and found["seeds"] == [0, 1]
    page = paths[1].read_text()
    assert result.answer in page and result.claim in page
    widths = {line.count("|") for line in page.splitlines() if line.startswith("|")}
    assert widths == {len(result.columns) + 1}
    assert all(len(row) == len(result.columns) for row in result.rows)
    assert Image.open(paths[2]).width > 400


def test_the_ablations_name_every_arm_and_pair_by_seed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {
        "with everything": [0.20, 0.30],
        "no normalisation": [0.18, 0.28],
        "no dropout": [0.25, 0.35],
        "tanh": [0.1, 0.5],
    }

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
    assert result.answer.startswith("Worse: no dropout. Better: no normalisation. Not shown to ")
    assert "with 2 seeds: " in result.answer and result.answer.endswith(", tanh.")
    verdicts = {row[0]: row[4] for row in result.rows}
    assert verdicts["no dropout"] == "worse" and verdicts["tanh"] == "not different"


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
        with skip_init():
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


def test_towers_that_do_not_exchange_are_independent() -> None:
    """Up to the last layer, the second tower's filters change nothing in the first."""
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


def test_grey_filters_have_no_colour() -> None:
    grey = np.repeat(np.random.default_rng(0).normal(size=(4, 1, 5, 5)), 3, axis=1)
    opponent = np.stack([grey[:, 0], -grey[:, 0], np.zeros((4, 5, 5))], axis=1)
    assert towers.colourfulness(grey) == pytest.approx(0)
    assert towers.colourfulness(opponent) == pytest.approx(1)
    noise = np.random.default_rng(0).normal(size=(1000, 3, 5, 5))
    assert towers.colourfulness(noise).mean() == pytest.approx(2 / 3, abs=0.01)  # as notes say
    assert towers.colourfulness(np.zeros((1, 3, 5, 5))) == pytest.approx(0)


def test_a_clean_split_of_colours_is_unlikely_by_chance() -> None:
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
    monkeypatch.setattr(ensembles, "_probabilities", lambda runs, scale: (nets, labels))
    result, _ = ensembles.ensemble(lab)
    assert result.figures["together"]["1"]["errors"] == [0.5, 0.25, 0.25]
    assert result.figures["together"]["3"] == {"errors": [0.0], "mean": 0.0}


def test_on_imagenet_ensembles_have_top_5_errors_of_ten_crops(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven classes; the true class is fourth for one image and sixth for another."""
    p = np.linspace(0.2, 0.1, 7)[None].repeat(2, axis=0)
    labels, seen = np.array([3, 5]), []

    def probabilities(run: object, test: object, crops: int) -> np.ndarray:
        seen.append(crops)
        return p

    nets = [SimpleNamespace(config=None)]
    test = SimpleNamespace(test=SimpleNamespace(labels=labels))
    monkeypatch.setattr(Lab, "train", lambda self, arm: nets)
    monkeypatch.setattr(ensembles, "probabilities", probabilities)
    monkeypatch.setattr(ensembles.training, "load_run", lambda run: run)
    monkeypatch.setattr(ensembles.training, "load_dataset", lambda config: test)
    place = replace(lab, scale="imagenet", seeds=(0,))
    result, _ = ensembles.ensemble(place)
    assert result.figures["together"]["1"]["errors"] == [0.5] and seen == [10]
    before, _ = ensembles.before2012(place)
    assert list(before.figures["errors"].values()) == [0.262, 0.5, 0.5]
    assert "published" in before.rows[0][0] and "Top-5" in before.notes[0]


@pytest.mark.slow
def test_before_2012_on_real_runs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("skimage")
    result, _ = ensembles.before2012(lab)
    assert len(result.rows) == 3
    monkeypatch.setattr(ensembles, "linear_errors", None)  # found once, and written down
    again, _ = ensembles.before2012(lab)
    assert again.figures == result.figures
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


def test_wrong_names_and_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown experiment 'fig2'[\\s\\S]*fig1"):
        reproduce.get("fig2")
    with pytest.raises(ConfigError, match="seeds must be from 1 to"):
        reproduce.seeds_of(0)


def test_a_result_can_be_written_as_json(lab: Lab) -> None:
    found = asdict(estimate([0.1, 0.2]))
    assert json.loads(json.dumps(found)) == found
    assert set(recipes.names()) >= set(ensembles.NETS.values()) | set(towers.NETS.values())


def test_a_shortened_net_keeps_its_last_epochs() -> None:
    for name, _, _ in ladder.RUNGS:
        short, whole = (ladder.arm(name, scale, "cifar10") for scale in ("laptop", "gpu"))
        assert whole.recipe == recipes.get(name)
        if name not in ladder.LAPTOP_EPOCHS:
            assert short == whole
            continue
        ends = [
            [arm.length() - epoch for epoch in arm.recipe.schedule["epochs"]]
            for arm in (short, whole)
        ]
        assert short.length() < whole.length() and ends == [[20, 10], [20, 10]]


@pytest.mark.slow
def test_learning_rates_that_diverge_are_reported_and_are_not_the_best(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if only some of the seeds diverged; the results of the others stay."""
    monkeypatch.setattr(lrsweep, "FACTORS", (1.0, 2.0, 1e12))
    rate = recipes.get("cifar-80sec").lr
    result, _ = lrsweep.run(lab)
    assert [row[-1] for row in result.rows] == ["", "", "2 of 2"]
    assert result.rows[2][1:3] == ["", ""]
    best, other = (rate, 2 * rate) if f"epochs {rate:g} is" in result.answer else (2 * rate, rate)

    finished = Lab.finished

    def all_but_one(self: Lab, arm: Any) -> list[Path]:
        return finished(self, arm)[: 1 if arm.recipe.lr == best else None]

    monkeypatch.setattr(Lab, "finished", all_but_one)
    again, _ = lrsweep.run(lab)
    assert f"epochs {other:g} is best" in again.answer
    before, after = (found.figures[f"{best:g}"] for found in (result, again))
    assert after["diverged"] == 1
    assert after["error"]["values"] == before["error"]["values"][:1]


def test_large_batches_differ_in_batch_and_method_alone() -> None:
    methods = [
        (large_batch.arm(method, batch, "laptop", "cifar10"), method)
        for method in large_batch.METHODS
        for batch in large_batch.BATCHES
    ]
    arms = [arm for arm, _ in methods]
    assert len({arm.identity() for arm in arms}) == len(arms) - 1  # no warm-up at batch 128
    assert all(arm.recipe == arms[0].recipe for arm in arms)
    for arm, method in methods:
        config = training.RunConfig(model=arm.model, recipe=arm.recipe, **arm.settings).resolved()
        k = config.batch_size / 128
        lars = config.lars > 0
        assert config.scaled_lr == pytest.approx(10 * (k / 64) ** 0.5 if lars else 0.01 * k)
        warm = method != "linear scaling" and k > 1
        assert (config.shards, config.warmup, config.momentum_correction) == (k, warm, warm)


@pytest.mark.slow
def test_large_batches_that_diverge_are_counted_and_not_averaged(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """48 images: batches of 16 make three updates, a batch of 10,000 makes one."""
    monkeypatch.setattr(large_batch, "BATCHES", (16, 10_000))
    methods = {"linear scaling": {"lr_scaling": "linear", "lr": 1e10}, "tame": {"lr": 1e-4}}
    monkeypatch.setattr(large_batch, "METHODS", methods)
    monkeypatch.setattr(large_batch, "COLOURS", ("red", "blue"))
    result, _ = large_batch.run(lab)
    assert [row[:3] for row in result.rows] == [
        ["16", "3", "2 diverged"],
        ["10,000", "1", "2 diverged"],
    ]
    tame = result.figures["10,000"]["methods"]["tame"]
    assert tame["diverged"] == 0 and len(tame["error"]["values"]) == 2
    assert result.answer.startswith("At batch 10,000 (1 updates): linear scaling 2 diverged; tame ")
    assert result.answer.endswith("At 16 (3): 2 diverged.")


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ([0.5, 0.6, 0.7], "60.00 ± 10.00 %, lower"),
        ([0.7, 0.8, 0.9], "80.00 ± 10.00 %, higher"),
        ([0.6, 0.7, 0.9], "73.33 ± 15.28 %, not different"),
        ([0.5, 0.6], "55.00 ± 7.07 %, 1 diverged"),
        ([], "3 diverged"),
    ],
)
def test_methods_are_compared_seed_by_seed_with_linear_scaling(
    monkeypatch: pytest.MonkeyPatch, errors: list[float], says: str
) -> None:
    monkeypatch.setattr(large_batch, "read_summary", lambda error: {"top1_error": error})
    runs: Any = {"linear scaling": [0.601, 0.7, 0.799], "other": errors}
    linear, other = large_batch._outcomes(runs, 3).values()
    assert large_batch._cell(linear) == "70.00 ± 9.90 %"
    assert large_batch._cell(other) == says
